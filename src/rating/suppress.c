// SPDX-License-Identifier: Apache-2.0
// suppress.c - which cells to withhold: first some that do, cheapest way by cheapest way, then ever
// fewer, by doing parts of it again.
#include "phial/rating/suppress.h"

#include "suppress_move.h"

#include <assert.h>

enum {
    ROUNDS_MAX = 400,
    TRIED_MAX = 3,
    PRICE = 4096,                // of a further cell
    PRICE_OF_TOTAL = 96,         // more for each axis that it is a total of
    PRICE_OF_WHOLE = 64 * PRICE, // of two lists: it is told to whoever asks for it alone
    STEPS_MAX = 4,
    CHANGES = 2 * STEPS_MAX + 1,
    LARGER_VALUES = 2,
};

static const int64_t endless = INT64_C(1) << 60;
static const int64_t work_max = 6000000; // cells looked at: some tens of milliseconds

struct work {
    struct arena *arena;
    struct suppress_state state;
    struct suppress_search *search;
    bool *given;                  // is withheld whatever comes of it
    uint32_t (*changes)[CHANGES]; // of a cell: how many moves change it by so much
    uint32_t *uses;               // moves that change a cell at all
    size_t *order;                // room for a list of cells
    const struct suppress_move **moves;
    size_t move_count;
    uint64_t chance; // the same for the same table
};

// What stood before something is tried.
struct kept {
    const struct suppress_move **moves;
    size_t move_count;
    int64_t price;
};

static int64_t figure_of(const struct work *work, size_t cell)
{
    return work->state.table->cells[cell].figures[work->state.figure];
}

static size_t below(struct work *work, size_t bound)
{
    work->chance ^= work->chance << 13;
    work->chance ^= work->chance >> 7;
    work->chance ^= work->chance << 17;
    return (size_t)(work->chance % bound);
}

// Every move that is added opens a value of some cell, of which a cell needs two more at most.
static size_t moves_max(const struct work *work)
{
    return 2 * work->state.cell_count + 1;
}

static int values_open(const struct work *work, size_t cell)
{
    int values = 1;
    for (size_t i = 0; i < CHANGES; i++)
        values += work->changes[cell][i] != 0;
    return values;
}

static int values_needed(const struct work *work, size_t cell)
{
    const struct suppress_table *table = work->state.table;
    if (!work->state.withheld[cell] || figure_of(work, cell) == 0)
        return 0;
    if (!table->cells[cell].small)
        return LARGER_VALUES;
    return table->threshold - 1 < SUPPRESS_VALUES ? (int)table->threshold - 1 : SUPPRESS_VALUES;
}

// A cell that no move needs any more is shown again.
static void look_at(struct work *work, size_t cell)
{
    work->state.withheld[cell] = work->given[cell] || work->uses[cell] != 0;
    work->state.needy[cell] = values_open(work, cell) < values_needed(work, cell);
}

static uint32_t *changes_by(const struct work *work, size_t cell, int64_t by)
{
    return &work->changes[cell][STEPS_MAX + by];
}

static void add_move(struct work *work, const struct suppress_move *move)
{
    work->moves[work->move_count++] = move;
    for (size_t i = 0; i < move->count; i++) {
        *changes_by(work, move->cells[i], move->by[i]) += 1;
        work->uses[move->cells[i]]++;
        look_at(work, move->cells[i]);
    }
}

static void remove_move(struct work *work, size_t which)
{
    const struct suppress_move *move = work->moves[which];
    work->moves[which] = work->moves[--work->move_count];
    for (size_t i = 0; i < move->count; i++) {
        *changes_by(work, move->cells[i], move->by[i]) -= 1;
        work->uses[move->cells[i]]--;
        look_at(work, move->cells[i]);
    }
}

// Steps up and down, small ones first; each value counts once.
static const struct suppress_move *find_step(struct work *work, size_t cell)
{
    const struct suppress_move *best = NULL;
    int64_t best_price = endless;
    for (int64_t step = 1; step <= STEPS_MAX && best_price > 0; step++) {
        for (int64_t by = step; by >= -step; by -= 2 * step) {
            int64_t price = 0;
            if (*changes_by(work, cell, by) != 0)
                continue;
            const struct suppress_move *found =
                suppress_search_find(work->search, cell, by, &price);
            if (found != NULL && price < best_price) {
                best = found;
                best_price = price;
            }
        }
        if (step >= 2 && best != NULL) // longer steps are a last resort
            break;
    }
    return best;
}

static int64_t change_of(const struct suppress_move *move, size_t cell)
{
    for (size_t i = 0; i < move->count; i++) {
        if (move->cells[i] == cell)
            return move->by[i];
    }
    return 0;
}

static bool is_short(const struct suppress_move *move)
{
    bool is = true;
    for (size_t i = 0; i < move->count; i++)
        is &= move->by[i] <= STEPS_MAX - 2 && move->by[i] >= 2 - STEPS_MAX;
    return is;
}

static void shift_rooms(struct work *work, const struct suppress_move *move, int64_t times)
{
    for (size_t i = 0; i < move->count; i++) {
        work->state.up[move->cells[i]] -= times * move->by[i];
        work->state.down[move->cells[i]] += times * move->by[i];
    }
}

static const struct suppress_move *sum_of(struct work *work, const struct suppress_move *first,
                                          const struct suppress_move *second)
{
    struct suppress_move *sum = arena_new(work->arena, struct suppress_move);
    size_t *cells = arena_array(work->arena, size_t, first->count + second->count);
    int64_t *by = arena_array(work->arena, int64_t, first->count + second->count);
    *sum = (struct suppress_move){work->state.figure, 0, cells, by};
    for (size_t i = 0; i < first->count + second->count; i++) {
        bool again = i >= first->count;
        size_t cell = again ? second->cells[i - first->count] : first->cells[i];
        if (again && change_of(first, cell) != 0)
            continue;
        cells[sum->count] = cell;
        by[sum->count] = change_of(first, cell) + change_of(second, cell);
        sum->count += by[sum->count] != 0;
    }
    return sum;
}

// Two steps by two ways: where no single one has room for both.
static const struct suppress_move *find_second_step(struct work *work, size_t cell)
{
    const struct suppress_move *best = NULL;
    int64_t best_price = endless;
    if (!work->state.table->adds_up[work->state.figure])
        return NULL;
    for (size_t i = 0; i < work->move_count && best_price > 0; i++) {
        const struct suppress_move *first = work->moves[i];
        int64_t by = change_of(first, cell);
        int64_t price = 0;
        if ((by != 1 && by != -1) || !is_short(first) || *changes_by(work, cell, 2 * by) != 0)
            continue;
        shift_rooms(work, first, 1);
        const struct suppress_move *second = suppress_search_find(work->search, cell, by, &price);
        shift_rooms(work, first, -1);
        if (second != NULL && price < best_price) {
            best = sum_of(work, first, second);
            best_price = price;
        }
    }
    return best;
}

static bool open_cell(struct work *work, size_t cell)
{
    while (work->state.needy[cell]) {
        const struct suppress_move *found = find_step(work, cell);
        if (found == NULL)
            found = find_second_step(work, cell);
        if (found == NULL)
            return false;
        add_move(work, found);
    }
    return true;
}

static size_t list_needy(struct work *work)
{
    size_t count = 0;
    for (size_t i = 0; i < work->state.cell_count; i++) {
        if (work->state.needy[i])
            work->order[count++] = i;
    }
    return count;
}

static bool open_all(struct work *work, bool shuffled)
{
    for (size_t count = list_needy(work); count != 0; count = list_needy(work)) {
        for (size_t i = count; shuffled && i > 1; i--) {
            size_t other = below(work, i);
            size_t cell = work->order[i - 1];
            work->order[i - 1] = work->order[other];
            work->order[other] = cell;
        }
        for (size_t i = 0; i < count; i++) {
            if (!open_cell(work, work->order[i]))
                return false;
        }
    }
    return true;
}

static bool is_idle(const struct work *work, size_t which)
{
    const struct suppress_move *move = work->moves[which];
    for (size_t i = 0; i < move->count; i++) {
        size_t cell = move->cells[i];
        bool freed = work->uses[cell] == 1 && !work->given[cell];
        bool lone = *changes_by(work, cell, move->by[i]) == 1;
        if (!freed && values_open(work, cell) - (lone ? 1 : 0) < values_needed(work, cell))
            return false;
    }
    return true;
}

static void remove_idle(struct work *work)
{
    for (size_t i = work->move_count; i-- > 0;) {
        if (is_idle(work, i))
            remove_move(work, i);
    }
}

static size_t list_further(const struct work *work, size_t *cells)
{
    size_t count = 0;
    for (size_t i = 0; i < work->state.cell_count; i++) {
        if (work->state.withheld[i] && !work->given[i])
            cells[count++] = i;
    }
    return count;
}

static int64_t price_of(const struct work *work)
{
    int64_t price = 0;
    for (size_t i = 0; i < work->state.cell_count; i++) {
        if (work->state.withheld[i] && !work->given[i])
            price += work->state.price[i];
    }
    return price;
}

static void keep(const struct work *work, struct kept *kept)
{
    kept->move_count = work->move_count;
    for (size_t i = 0; i < kept->move_count; i++)
        kept->moves[i] = work->moves[i];
    kept->price = price_of(work);
}

static void put_back(struct work *work, const struct kept *kept)
{
    while (work->move_count != 0)
        remove_move(work, work->move_count - 1);
    for (size_t i = 0; i < kept->move_count; i++)
        add_move(work, kept->moves[i]);
}

static void remove_moves_of(struct work *work, size_t cell)
{
    for (size_t i = work->move_count; i-- > 0;) {
        const struct suppress_move *move = work->moves[i];
        bool uses = false;
        for (size_t k = 0; k < move->count && !uses; k++)
            uses = move->cells[k] == cell;
        if (uses)
            remove_move(work, i);
    }
}

// Does without some further cells, which cost more meanwhile, and mends what that leaves open.
static void try_without(struct work *work, const size_t *cells, size_t count, struct kept *kept)
{
    for (size_t i = 0; i < count; i++) {
        remove_moves_of(work, cells[i]);
        work->state.price[cells[i]] += PRICE;
    }
    bool open = open_all(work, true);
    for (size_t i = 0; i < count; i++)
        work->state.price[cells[i]] -= PRICE;
    if (open)
        remove_idle(work);
    if (open && price_of(work) <= kept->price)
        keep(work, kept);
    else
        put_back(work, kept);
}

static void improve(struct work *work)
{
    size_t *further = arena_array(work->arena, size_t, work->state.cell_count);
    struct kept kept = {
        .moves = arena_array(work->arena, const struct suppress_move *, moves_max(work)),
    };
    remove_idle(work);
    keep(work, &kept);
    for (int round = 0; round < ROUNDS_MAX && work->state.work < work_max; round++) {
        size_t tried[TRIED_MAX];
        size_t count = list_further(work, further);
        size_t wanted = 1 + below(work, TRIED_MAX);
        if (count == 0)
            return;
        for (size_t i = 0; i < wanted; i++)
            tried[i] = further[below(work, count)];
        try_without(work, tried, wanted, &kept);
    }
}

// ---- the table

static void set_room(struct work *work, size_t cell)
{
    int64_t figure = figure_of(work, cell);
    int64_t threshold = work->state.table->threshold;
    if (figure == 0)
        return;
    bool labelled_small = figure < threshold;
    work->state.up[cell] = labelled_small ? threshold - 1 - figure : endless;
    work->state.down[cell] = labelled_small ? figure - 1 : figure - threshold;
}

static int64_t price_of_cell(const struct suppress_table *table, size_t cell)
{
    int64_t price = PRICE;
    size_t stride = 1;
    for (size_t i = table->axis_count; i-- > 0 && table->crossed;) {
        price += cell / stride % table->lengths[i] == 0 ? PRICE_OF_TOTAL : 0;
        stride *= table->lengths[i];
    }
    int64_t rest = table->cells[cell].figures[0];
    for (; rest >= 16; rest /= 2) // smaller ones rather than larger ones
        price += 8;
    price += rest;
    return price + (cell == 0 && !table->crossed ? PRICE_OF_WHOLE : 0);
}

static struct work make_work(struct arena *arena, struct suppress_table *table, size_t figure)
{
    size_t count = suppress_cell_count(table);
    struct work work = {
        .arena = arena,
        .state = {.table = table,
                  .figure = figure,
                  .cell_count = count,
                  .up = arena_array(arena, int64_t, count),
                  .down = arena_array(arena, int64_t, count),
                  .price = arena_array(arena, int64_t, count),
                  .withheld = arena_array(arena, bool, count),
                  .needy = arena_array(arena, bool, count)},
        .given = arena_array(arena, bool, count),
        .changes = arena_alloc(arena, count, sizeof(uint32_t[CHANGES]), alignof(uint32_t)),
        .uses = arena_array(arena, uint32_t, count),
        .order = arena_array(arena, size_t, count),
        .chance = 88172645463325252U,
    };
    work.moves = arena_array(arena, const struct suppress_move *, moves_max(&work));
    for (size_t i = 0; i < count; i++) {
        work.given[i] = table->cells[i].withheld;
        work.state.price[i] = price_of_cell(table, i);
        set_room(&work, i);
        look_at(&work, i);
    }
    return work;
}

static bool hide_one_figure(struct arena *arena, struct suppress_table *table, size_t figure,
                            struct work *work)
{
    *work = make_work(arena, table, figure);
    work->search = suppress_search_open(arena, &work->state);
    if (!open_all(work, false))
        return false;
    improve(work);
    for (size_t i = 0; i < work->state.cell_count; i++)
        table->cells[i].withheld = work->state.withheld[i];
    return true;
}

// Each figure asks for cells that are withheld of the others too: until none asks for more.
static bool hide_figures(struct arena *arena, struct suppress_table *table)
{
    struct work work[SUPPRESS_FIGURES];
    size_t settled = 0;
    size_t moves = 0;
    for (size_t figure = 0; settled < table->figure_count;
         figure = (figure + 1) % table->figure_count) {
        if (!hide_one_figure(arena, table, figure, &work[figure]))
            return false;
        bool more = price_of(&work[figure]) != 0;
        settled = more ? 1 : settled + 1;
    }
    for (size_t i = 0; i < table->figure_count; i++)
        moves += work[i].move_count;
    const struct suppress_move **all = arena_array(arena, const struct suppress_move *, moves);
    table->move_count = 0;
    table->moves = all;
    for (size_t i = 0; i < table->figure_count; i++) {
        for (size_t k = 0; k < work[i].move_count; k++)
            all[table->move_count++] = work[i].moves[k];
    }
    return true;
}

static bool is_zero(const struct suppress_table *table, const struct suppress_cell *cell)
{
    bool zero = true;
    for (size_t i = 0; i < table->figure_count; i++)
        zero &= cell->figures[i] == 0;
    return zero;
}

bool suppress(struct arena *arena, struct suppress_table *table)
{
    assert(table->figure_count >= 1 && table->figure_count <= SUPPRESS_FIGURES);
    assert(table->axis_count <= (table->crossed ? SUPPRESS_AXES : 2));
    size_t count = suppress_cell_count(table);
    for (size_t i = 0; i < count; i++) {
        struct suppress_cell *cell = &table->cells[i];
        for (size_t k = 0; k < table->figure_count; k++)
            cell->small |= cell->figures[k] > 0 && cell->figures[k] < table->threshold;
        cell->small &= !is_zero(table, cell);
        cell->withheld = cell->small || (cell->withheld && !is_zero(table, cell));
    }
    table->move_count = 0;
    if (table->axis_count == 0 || hide_figures(arena, table))
        return true;
    for (size_t i = 0; i < count; i++)
        table->cells[i].withheld = true;
    table->move_count = 0;
    return false;
}

str suppress_print(struct arena *arena, int64_t figure, bool withheld, int64_t threshold)
{
    if (!withheld)
        return str_printf(arena, "%lld", (long long)figure);
    if (figure >= threshold)
        return STR("*");
    return str_printf(arena, "<%lld", (long long)threshold);
}
