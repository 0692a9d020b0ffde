// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/rating/suppress.h"
#include "phial/util/array.h"
#include "phial/util/buf.h"
#include "table_attack.h"

#include <stdio.h>

enum { PARTS_MAX = 9, THRESHOLD = 11, MET_MAX = 64 };

static struct arena arena;
static uint64_t state = 88172645463325252U;

static int64_t below(int64_t bound)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (int64_t)(state % (uint64_t)bound);
}

static str labels(const struct suppress_table *table)
{
    struct buf text = {.arena = &arena};
    for (size_t i = 0; i < suppress_cell_count(table); i++) {
        buf_add(&text, i == 0 ? STR("") : STR(" "));
        buf_add(&text, suppress_print(&arena, table->cells[i].figures[0], table->cells[i].withheld,
                                      table->threshold));
    }
    return buf_str(&text);
}

static struct suppress_table table_of(bool crossed, size_t axis_count, const size_t *lengths)
{
    struct suppress_table table = {.figure_count = 1,
                                   .adds_up = {true, true},
                                   .threshold = THRESHOLD,
                                   .crossed = crossed,
                                   .axis_count = axis_count};
    memcpy(table.lengths, lengths, axis_count * sizeof *lengths);
    table.cells = arena_array(&arena, struct suppress_cell, suppress_cell_count(&table));
    return table;
}

static struct suppress_table line_of(const int64_t *parts, size_t count)
{
    size_t length = count + 1;
    struct suppress_table table = table_of(true, count == 0 ? 0 : 1, &length);
    for (size_t i = 0; i < count; i++) {
        table.cells[i + 1].figures[0] = parts[i];
        table.cells[0].figures[0] += parts[i];
    }
    return table;
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
        {{1, 2, 50, 40}, 4, "93 <11 <11 50 *"},    // and two that are three: 1 or 2
        {{5}, 1, "<11 <11"},
        {{5, 0}, 2, "<11 <11 0"},
        {{0, 0}, 2, "0 0 0"},
        {{5, 4}, 2, "<11 <11 <11"},
        {{6, 7}, 2, "13 <11 <11"},
        {{1, 11}, 2, "* <11 11"}, // 12 less at least 11
        {{0}, 0, "0"},
        {{9}, 0, "<11"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct suppress_table table = line_of(cases[i].parts, cases[i].count);
        table.cells[0].figures[0] += cases[i].count == 0 ? cases[i].parts[0] : 0;
        ck_assert(suppress(&arena, &table));
        ck_assert_msg(str_eq(labels(&table), str_from(cases[i].labels)), "case %zu: %" STR_FMT, i,
                      STR_ARG(labels(&table)));
        arena_reset(&arena);
    }
}
END_TEST

// Each of nine parts is 1 or 2 then, whatever is withheld.
START_TEST(says_where_nothing_that_is_withheld_would_do)
{
    int64_t parts[PARTS_MAX] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    struct suppress_table table = line_of(parts, PARTS_MAX);
    ck_assert(!suppress(&arena, &table));
    for (size_t i = 0; i <= PARTS_MAX; i++)
        ck_assert(table.cells[i].withheld);
    struct suppress_table fewer = line_of(parts, PARTS_MAX - 1);
    ck_assert(suppress(&arena, &fewer));
    arena_reset(&arena);
}
END_TEST

// ---- random tables

// One in `one_in` cells is small, one in eight is zero.
static struct suppress_table random_table(size_t axis_count, size_t most, int64_t threshold,
                                          int64_t one_in)
{
    size_t lengths[SUPPRESS_AXES];
    for (size_t i = 0; i < axis_count; i++)
        lengths[i] = 3 + (size_t)below((int64_t)most - 1);
    struct suppress_table table = table_of(true, axis_count, lengths);
    table.threshold = threshold;
    size_t count = suppress_cell_count(&table);
    for (size_t cell = 0; cell < count; cell++) {
        int64_t value = below(one_in) == 0 ? 1 + below(threshold - 1)
                        : below(8) == 0    ? 0
                                           : threshold + below(12 * threshold);
        size_t sums[1 << SUPPRESS_AXES] = {cell};
        size_t sum_count = 1;
        size_t stride = 1;
        bool inner = true;
        for (size_t axis = axis_count; axis-- > 0; stride *= lengths[axis]) {
            size_t place = cell / stride % lengths[axis];
            inner &= place != 0;
            for (size_t i = 0; i < sum_count; i++)
                sums[sum_count + i] = sums[i] - place * stride;
            sum_count *= 2;
        }
        for (size_t i = 0; inner && i < sum_count; i++)
            table.cells[sums[i]].figures[0] += value;
    }
    return table;
}

static int values_wanted(const struct suppress_table *table, size_t cell)
{
    if (!table->cells[cell].small)
        return 2;
    return table->threshold - 1 < SUPPRESS_VALUES ? (int)table->threshold - 1 : SUPPRESS_VALUES;
}

// How many figures the attack determines, or leaves fewer values than it should.
static int broken(const struct suppress_table *table, size_t figure)
{
    static struct attack attack;
    static int64_t met[MET_MAX][ATTACK_CELLS];
    size_t met_count = 0;
    int count = 0;
    attack_begin(&attack, table, figure);
    for (size_t i = 0; i < attack.cell_count; i++) {
        const struct suppress_cell *cell = &table->cells[i];
        if (!cell->withheld || cell->figures[figure] == 0)
            continue;
        int wanted = values_wanted(table, i);
        count += attack_values(&attack, i, wanted, met, &met_count, MET_MAX) < wanted;
    }
    return count;
}

// The proof, checked by itself: each table of it is labelled alike and adds up.
static void check_proof(const struct suppress_table *table)
{
    static struct attack attack;
    static int64_t other[ATTACK_CELLS];
    static uint32_t values[ATTACK_CELLS];
    size_t count = suppress_cell_count(table);
    attack_begin(&attack, table, 0);
    for (size_t i = 0; i < count; i++)
        values[i] = 1U << 8;
    for (size_t i = 0; i < table->move_count; i++) {
        const struct suppress_move *move = table->moves[i];
        for (size_t k = 0; k < count; k++)
            other[k] = table->cells[k].figures[0];
        for (size_t k = 0; k < move->count; k++) {
            other[move->cells[k]] += move->by[k];
            values[move->cells[k]] |= 1U << (8 + move->by[k]);
        }
        for (size_t k = 0; k < count; k++)
            ck_assert(other[k] >= attack.low[k] && other[k] <= attack.high[k]);
        for (size_t k = 0; k < attack.sum_count; k++) {
            int64_t rest = other[attack.sums[k].total];
            for (size_t m = 0; m < attack.sums[k].part_count; m++)
                rest -= other[attack.sums[k].parts[m]];
            ck_assert_int_eq(rest, 0);
        }
    }
    for (size_t i = 0; i < count; i++) {
        bool needs = table->cells[i].withheld && table->cells[i].figures[0] != 0;
        ck_assert(!needs || __builtin_popcount(values[i]) >= values_wanted(table, i));
    }
}

struct share {
    int64_t withheld, all; // of the figures that are not small
};

static void count_share(const struct suppress_table *table, struct share *share)
{
    for (size_t i = 0; i < suppress_cell_count(table); i++) {
        const struct suppress_cell *cell = &table->cells[i];
        int64_t value = cell->figures[0];
        bool small = value > 0 && value < table->threshold;
        ck_assert(small ? cell->withheld : value != 0 || !cell->withheld);
        share->all += !small;
        share->withheld += !small && cell->withheld;
    }
}

START_TEST(an_exact_solver_breaks_none_of_a_thousand_tables)
{
    static const struct {
        int rounds;
        size_t axes, most;
        int64_t threshold, one_in;
    } kinds[] = {
        {250, 1, 12, 11, 10}, {350, 2, 7, 11, 10}, {150, 3, 3, 11, 10}, {40, 3, 4, 11, 10},
        {60, 1, 6, 4, 2},     {60, 2, 4, 4, 2},    {30, 2, 5, 11, 2},   {30, 3, 2, 6, 4},
        {20, 2, 5, 3, 3},     {10, 4, 2, 11, 10},
    };
    struct share shares[SUPPRESS_AXES + 1] = {0}; // by dimensions
    int tables = 0;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        for (int round = 0; round < kinds[i].rounds; round++, tables++) {
            struct suppress_table table =
                random_table(kinds[i].axes, kinds[i].most, kinds[i].threshold, kinds[i].one_in);
            if (!suppress(&arena, &table)) { // rightly: nothing that is withheld would do
                ck_assert(kinds[i].one_in != 10 && broken(&table, 0) > 0);
                arena_reset(&arena);
                continue;
            }
            check_proof(&table);
            ck_assert_msg(broken(&table, 0) == 0, "kind %zu, round %d: %" STR_FMT, i, round,
                          STR_ARG(labels(&table)));
            struct share of_one = {0};
            count_share(&table, kinds[i].one_in == 10 ? &shares[kinds[i].axes] : &of_one);
            arena_reset(&arena);
        }
    }
    ck_assert_int_eq(tables, 1000);
    for (size_t axes = 1; axes <= SUPPRESS_AXES; axes++) {
        // No table of four dimensions with two values each and a small one can do with less than 15
        // of its 81 cells more: fewer than 2^4 cells cannot change and leave all sums as they are.
        int64_t most = axes == 4 ? 20 : 15;
        if (shares[axes].all > 0)
            (void)printf("%zu dimensions: %.1f %% withheld of what is not small\n", axes,
                         100.0 * (double)shares[axes].withheld / (double)shares[axes].all);
        ck_assert_msg(shares[axes].withheld * 100 <= shares[axes].all * most,
                      "%zu dimensions: %lld of %lld", axes, (long long)shares[axes].withheld,
                      (long long)shares[axes].all);
    }
}
END_TEST

// Or the test above would prove nothing.
START_TEST(the_solver_breaks_tables_that_hide_their_small_cells_alone)
{
    int count = 0;
    for (int round = 0; round < 50; round++) {
        struct suppress_table table = random_table(2, 5, THRESHOLD, 10);
        for (size_t i = 0; i < suppress_cell_count(&table); i++) {
            struct suppress_cell *cell = &table.cells[i];
            cell->small = cell->figures[0] > 0 && cell->figures[0] < THRESHOLD;
            cell->withheld = cell->small;
        }
        count += broken(&table, 0) != 0;
        arena_reset(&arena);
    }
    ck_assert_int_gt(count, 25);
}
END_TEST

START_TEST(withholds_the_same_of_the_same_table)
{
    for (int round = 0; round < 20; round++) {
        struct suppress_table table = random_table(3, 3, THRESHOLD, 6);
        size_t count = suppress_cell_count(&table);
        struct suppress_table again = table_of(true, table.axis_count, table.lengths);
        memcpy(again.cells, table.cells, count * sizeof *table.cells);
        ck_assert(suppress(&arena, &table) && suppress(&arena, &again));
        ck_assert(str_eq(labels(&table), labels(&again)));
        // What was withheld before stays so, and nothing else has to be.
        for (size_t i = 0; i < count; i++)
            again.cells[i].withheld = table.cells[i].withheld;
        ck_assert(suppress(&arena, &again));
        ck_assert(str_eq(labels(&table), labels(&again)));
        arena_reset(&arena);
    }
}
END_TEST

// ---- windows beside groups, two figures

START_TEST(guards_two_divisions_of_the_same)
{
    for (int round = 0; round < 300; round++) {
        size_t lengths[] = {2 + (size_t)below(6), 2 + (size_t)below(6)};
        struct suppress_table table = table_of(false, 2, lengths);
        int64_t total = 0;
        size_t first = lengths[0]; // of the groups
        for (size_t i = 1; i < first; i++) {
            table.cells[i].figures[0] = below(3) == 0 ? below(THRESHOLD) : below(60);
            total += table.cells[i].figures[0];
        }
        table.cells[0].figures[0] = total;
        for (size_t i = 1; i < lengths[1]; i++) {
            int64_t part = i + 1 == lengths[1] ? total : below(total + 1);
            table.cells[first + i - 1].figures[0] = part;
            total -= part;
        }
        if (suppress(&arena, &table))
            ck_assert_msg(broken(&table, 0) == 0, "round %d: %" STR_FMT, round,
                          STR_ARG(labels(&table)));
        arena_reset(&arena);
    }
}
END_TEST

START_TEST(withholds_both_figures_of_a_cell_and_lets_persons_overlap)
{
    // 12 persons altogether, of whom some stand in both parts; and their events.
    size_t length = 4;
    struct suppress_table table = table_of(false, 1, &length);
    const struct suppress_cell cells[] = {
        {.figures = {14, 111}}, {.figures = {12, 60}}, {.figures = {3, 40}}, {.figures = {11, 11}}};
    memcpy(table.cells, cells, sizeof cells);
    table.figure_count = 2;
    table.adds_up[0] = false;
    ck_assert(suppress(&arena, &table));
    ck_assert(table.cells[2].withheld && table.cells[2].small);
    ck_assert_int_eq(broken(&table, 1), 0);
    int further = 0;
    for (size_t i = 0; i < length; i++)
        further += table.cells[i].withheld && !table.cells[i].small;
    ck_assert_int_eq(further, 1);
    ck_assert(str_eq(suppress_print(&arena, 40, true, THRESHOLD), STR("*")));
    ck_assert(str_eq(suppress_print(&arena, 3, true, 5), STR("<5")));
    ck_assert(str_eq(suppress_print(&arena, 0, false, THRESHOLD), STR("0")));
    arena_reset(&arena);
}
END_TEST

START_TEST(withholds_as_small_what_it_is_told_to)
{
    int64_t parts[] = {500, 300, 200};
    struct suppress_table table = line_of(parts, 3);
    table.cells[3].small = true; // few persons stand behind it
    ck_assert(suppress(&arena, &table));
    ck_assert_str_eq(str_to_c(&arena, labels(&table)), "1000 500 * *");
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("suppress", withholds_small_cells_and_what_would_give_them_away,
          says_where_nothing_that_is_withheld_would_do,
          an_exact_solver_breaks_none_of_a_thousand_tables,
          the_solver_breaks_tables_that_hide_their_small_cells_alone,
          withholds_the_same_of_the_same_table, guards_two_divisions_of_the_same,
          withholds_both_figures_of_a_cell_and_lets_persons_overlap,
          withholds_as_small_what_it_is_told_to)
