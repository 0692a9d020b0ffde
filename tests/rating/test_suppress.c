// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/rating/suppress.h"
#include "phial/util/array.h"
#include "phial/util/buf.h"

#include <string.h>

enum { PARTS_MAX = 8, THRESHOLD = 11 };

static struct arena arena;

static str labels(const struct suppress_table *table)
{
    struct buf text = {.arena = &arena};
    for (size_t i = 0; i < table->cell_count; i++) {
        buf_add(&text, i == 0 ? STR("") : STR(" "));
        buf_add(&text, suppress_print(&arena, table->cells[i].figures[0], table->cells[i].withheld,
                                      table->threshold));
    }
    return buf_str(&text);
}

// Cell 0 is the total of all others.
static struct suppress_table line_of(const int64_t *parts, size_t count, int64_t threshold)
{
    struct suppress_cell *cells = arena_array(&arena, struct suppress_cell, count + 1);
    size_t *places = arena_array(&arena, size_t, count);
    struct suppress_sum *sum = arena_new(&arena, struct suppress_sum);
    for (size_t i = 0; i < count; i++) {
        cells[i + 1].figures[0] = parts[i];
        cells[0].figures[0] += parts[i];
        places[i] = i + 1;
    }
    *sum = (struct suppress_sum){0, places, count};
    return (struct suppress_table){.cells = cells,
                                   .cell_count = count + 1,
                                   .figure_count = 1,
                                   .adds_up = {true, true},
                                   .sums = sum,
                                   .sum_count = 1,
                                   .threshold = threshold};
}

START_TEST(withholds_small_cells_and_what_would_give_them_away)
{
    static const struct {
        int64_t parts[PARTS_MAX];
        size_t count;
        const char *labels; // the total first
    } cases[] = {
        {{20, 30}, 2, "50 20 30"},
        {{20, 0}, 2, "20 20 0"},
        {{11, 12}, 2, "23 11 12"},
        {{10, 30}, 2, "40 <11 *"},
        {{10, 30, 50}, 3, "90 <11 * 50"},
        {{3, 4, 50}, 3, "57 <11 <11 50"},
        {{3, 0, 50, 40}, 4, "93 <11 0 50 *"},
        {{1, 1, 50, 40}, 4, "92 <11 <11 50 *"},    // two that are two
        {{10, 10, 50, 40}, 4, "110 <11 <11 50 *"}, // and two that can be no more
        {{5}, 1, "<11 <11"},
        {{5, 0}, 2, "<11 <11 0"},
        {{0, 0}, 2, "0 0 0"},
        {{5, 4}, 2, "<11 <11 <11"},
        {{6, 7}, 2, "13 <11 <11"},
        {{1, 11}, 2, "* <11 *"}, // 12 less at least 11
        {{0}, 0, "0"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct suppress_table table = line_of(cases[i].parts, cases[i].count, THRESHOLD);
        suppress(&arena, &table);
        ck_assert_msg(str_eq(labels(&table), str_from(cases[i].labels)), "case %zu: %" STR_FMT, i,
                      STR_ARG(labels(&table)));
        arena_reset(&arena);
    }
}
END_TEST

static uint64_t state = 88172645463325252U;

static int64_t below(int64_t bound)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (int64_t)(state % (uint64_t)bound);
}

// Zeros and small figures more often than others.
static int64_t figure(int64_t threshold)
{
    switch (below(4)) {
    case 0:
        return 0;
    case 1:
        return below(threshold);
    default:
        return below(4 * threshold);
    }
}

// How many values a part can have by the labels and their sum, up to two; by trying them all.
// NOLINTNEXTLINE(misc-no-recursion): as deep as a table has parts, of which there are five at most
static bool fits(const struct suppress_table *table, size_t part, int64_t rest)
{
    if (part == table->cell_count)
        return rest == 0;
    const struct suppress_cell *cell = &table->cells[part];
    int64_t value = cell->figures[0];
    int64_t low = !cell->withheld ? value : value >= table->threshold ? table->threshold : 1;
    int64_t high = !cell->withheld             ? value
                   : value >= table->threshold ? rest
                                               : table->threshold - 1;
    if (cell->withheld && value == 0)
        low = 0;
    for (int64_t tried = low; tried <= high && tried <= rest; tried++) {
        if (fits(table, part + 1, rest - tried))
            return true;
    }
    return false;
}

static int count_values(struct suppress_table *table, size_t part)
{
    const struct suppress_cell kept = table->cells[part];
    int64_t threshold = table->threshold;
    bool total_hidden = table->cells[0].withheld;
    int64_t total = table->cells[0].figures[0];
    int64_t total_low = !total_hidden ? total : total >= threshold ? threshold : 1;
    int64_t total_high = !total_hidden ? total : total >= threshold ? 6 * threshold : threshold - 1;
    int found = 0;
    for (int64_t value = kept.figures[0] >= threshold ? threshold : 1;
         found < 2 && value <= (kept.figures[0] >= threshold ? 6 * threshold : threshold - 1);
         value++) {
        bool possible = false;
        table->cells[part] = (struct suppress_cell){{value}, false};
        for (int64_t sum = total_low; !possible && sum <= total_high; sum++)
            possible = fits(table, 1, sum);
        found += possible;
    }
    table->cells[part] = kept;
    return found;
}

START_TEST(leaves_every_withheld_part_two_values_at_least)
{
    enum { LOW = 4 };
    for (int round = 0; round < 4000; round++) {
        int64_t parts[5];
        size_t count = 1 + (size_t)below(4);
        for (size_t i = 0; i < count; i++)
            parts[i] = figure(LOW);
        struct suppress_table table = line_of(parts, count, LOW);
        suppress(&arena, &table);
        bool any = false;
        for (size_t i = 0; i < table.cell_count; i++) {
            int64_t value = table.cells[i].figures[0];
            any = any || (value > 0 && value < LOW);
            ck_assert(value <= 0 || value >= LOW || table.cells[i].withheld);
        }
        for (size_t i = 1; i < table.cell_count; i++) {
            ck_assert(any || !table.cells[i].withheld);
            bool all_ones = table.cells[0].figures[0] < LOW &&
                            table.cells[0].figures[0] >= LOW - 1; // see the next test
            if (table.cells[i].withheld && table.cells[i].figures[0] != 0 && !all_ones)
                ck_assert_msg(count_values(&table, i) == 2, "round %d: %" STR_FMT, round,
                              STR_ARG(labels(&table)));
        }
        arena_reset(&arena);
    }
}
END_TEST

// Ten ones under a total below eleven: a zero beside them is withheld as well, and "<11" may be
// any.
START_TEST(withholds_zeros_where_nothing_else_is_left)
{
    int64_t parts[12] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0};
    struct suppress_table table = line_of(parts, 12, THRESHOLD);
    suppress(&arena, &table);
    ck_assert_str_eq(str_to_c(&arena, labels(&table)),
                     "<11 <11 <11 <11 <11 <11 <11 <11 <11 <11 <11 0 <11");
    arena_reset(&arena);
}
END_TEST

enum { ROWS_MAX = 6, COLUMNS_MAX = 6, CELLS_MAX = (ROWS_MAX + 1) * (COLUMNS_MAX + 1) };

struct grid {
    size_t rows, columns;
    struct suppress_cell cells[CELLS_MAX]; // the last row and column are totals
    size_t parts[ROWS_MAX + COLUMNS_MAX + 2][COLUMNS_MAX + ROWS_MAX];
    struct suppress_sum sums[ROWS_MAX + COLUMNS_MAX + 2];
    size_t sum_count;
};

static size_t place(const struct grid *grid, size_t row, size_t column)
{
    return row * (grid->columns + 1) + column;
}

static void add_sum(struct grid *grid, size_t total, size_t first, size_t step, size_t count)
{
    size_t *parts = grid->parts[grid->sum_count];
    for (size_t i = 0; i < count; i++)
        parts[i] = first + i * step;
    grid->sums[grid->sum_count++] = (struct suppress_sum){total, parts, count};
}

static void make_grid(struct grid *grid)
{
    *grid = (struct grid){.rows = 1 + (size_t)below(ROWS_MAX),
                          .columns = 1 + (size_t)below(COLUMNS_MAX)};
    for (size_t row = 0; row < grid->rows; row++) {
        for (size_t column = 0; column < grid->columns; column++) {
            int64_t value = figure(THRESHOLD);
            grid->cells[place(grid, row, column)].figures[0] = value;
            grid->cells[place(grid, row, grid->columns)].figures[0] += value;
            grid->cells[place(grid, grid->rows, column)].figures[0] += value;
            grid->cells[place(grid, grid->rows, grid->columns)].figures[0] += value;
        }
    }
    for (size_t row = 0; row <= grid->rows; row++)
        add_sum(grid, place(grid, row, grid->columns), place(grid, row, 0), 1, grid->columns);
    for (size_t column = 0; column <= grid->columns; column++)
        add_sum(grid, place(grid, grid->rows, column), column, grid->columns + 1, grid->rows);
}

enum { P = 998244353, SUMS_MAX = ROWS_MAX + COLUMNS_MAX + 2 };

// Another field and another way than the code's own.
static size_t rank_of(int64_t (*rows)[CELLS_MAX], size_t count, size_t cells)
{
    size_t done = 0;
    for (size_t column = 0; column < cells && done < count; column++) {
        size_t found = done;
        while (found < count && rows[found][column] == 0)
            found++;
        if (found == count)
            continue;
        int64_t kept[CELLS_MAX];
        memcpy(kept, rows[found], sizeof kept);
        memcpy(rows[found], rows[done], sizeof kept);
        memcpy(rows[done], kept, sizeof kept);
        for (size_t i = done + 1; i < count; i++) {
            int64_t factor = rows[i][column];
            for (size_t k = 0; factor != 0 && k < cells; k++)
                rows[i][k] = ((rows[i][k] * kept[column] - kept[k] * factor) % P + P) % P;
        }
        done++;
    }
    return done;
}

// Is the cell's unit vector a combination of the sums, where only what is withheld is unknown?
static bool is_computable(const struct grid *grid, size_t cell)
{
    static int64_t rows[SUMS_MAX + 1][CELLS_MAX];
    size_t cells = (grid->rows + 1) * (grid->columns + 1);
    size_t rank[2] = {0, 0};
    for (size_t with = 0; with < 2; with++) {
        memset(rows, 0, sizeof rows);
        for (size_t i = 0; i < grid->sum_count; i++) {
            const struct suppress_sum *sum = &grid->sums[i];
            for (size_t k = 0; k < sum->part_count; k++)
                rows[i][sum->parts[k]] = grid->cells[sum->parts[k]].withheld;
            rows[i][sum->total] = grid->cells[sum->total].withheld ? P - 1 : 0;
        }
        rows[grid->sum_count][cell] = 1;
        rank[with] = rank_of(rows, grid->sum_count + with, cells);
    }
    return rank[0] == rank[1];
}

START_TEST(no_withheld_cell_of_a_grid_can_be_computed)
{
    static struct grid grid;
    for (int round = 0; round < 3000; round++) {
        make_grid(&grid);
        struct suppress_table table = {.cells = grid.cells,
                                       .cell_count = (grid.rows + 1) * (grid.columns + 1),
                                       .figure_count = 1,
                                       .adds_up = {true, true},
                                       .sums = grid.sums,
                                       .sum_count = grid.sum_count,
                                       .threshold = THRESHOLD};
        suppress(&arena, &table);
        for (size_t i = 0; i < table.cell_count; i++) {
            int64_t value = grid.cells[i].figures[0];
            ck_assert(value <= 0 || value >= THRESHOLD || grid.cells[i].withheld);
            if (grid.cells[i].withheld)
                ck_assert_msg(!is_computable(&grid, i), "round %d, cell %zu", round, i);
        }
        arena_reset(&arena);
    }
}
END_TEST

START_TEST(withholds_both_figures_of_a_cell_and_lets_persons_overlap)
{
    // 12 persons altogether, of whom some stand in both parts; and their events.
    struct suppress_cell cells[] = {
        {{12, 100}, false}, {{12, 60}, false}, {{3, 40}, false}, {{11, 11}, false}};
    static const size_t parts[] = {1, 2};
    static const size_t others[] = {3};
    const struct suppress_sum sums[] = {{0, parts, 2}, {0, others, 1}};
    struct suppress_table table = {.cells = cells,
                                   .cell_count = 4,
                                   .figure_count = 2,
                                   .adds_up = {false, true},
                                   .sums = sums,
                                   .sum_count = 1,
                                   .threshold = THRESHOLD};
    suppress(&arena, &table);
    ck_assert(!cells[0].withheld && cells[1].withheld && cells[2].withheld && !cells[3].withheld);
    ck_assert(str_eq(suppress_print(&arena, 40, true, THRESHOLD), STR("*")));
    ck_assert(str_eq(suppress_print(&arena, 3, true, 5), STR("<5")));
    ck_assert(str_eq(suppress_print(&arena, 0, false, THRESHOLD), STR("0")));
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("suppress", withholds_small_cells_and_what_would_give_them_away,
          leaves_every_withheld_part_two_values_at_least,
          withholds_zeros_where_nothing_else_is_left, no_withheld_cell_of_a_grid_can_be_computed,
          withholds_both_figures_of_a_cell_and_lets_persons_overlap)
