// SPDX-License-Identifier: Apache-2.0
// suppress.c - which cells to withhold: first some that do, cheapest way by cheapest way, then ever
// fewer, by doing parts of it again and by taking moves out of one another.
#include "phial/rating/suppress.h"

#include "suppress_box.h"
#include "suppress_move.h"

#include <assert.h>

enum {
    ROUNDS_MAX = 400,
    ROUNDS_A_CELL = 10, // that is withheld beyond the small ones
    PIVOTS = 5,         // tried in a round, beside one try without cells
    TRIED_MAX = 3,
    PRICE = 4096,                // of a further cell
    PRICE_OF_PIVOT = 2 * PRICE,  // at most, before what is left open is mended
    LEEWAY = 8 * PRICE,          // that the first tries may cost more, about; the last may not
    PRICE_OF_TOTAL = 96,         // more for each axis that it is a total of
    PRICE_OF_WHOLE = 64 * PRICE, // of two lists: it is told to whoever asks for it alone
    CHANGES = 2 * SUPPRESS_STEPS + 1,
    LARGER_VALUES = 2,
};

static const int64_t work_max = 6000000; // cells looked at: some tens of milliseconds

struct work {
    struct arena *arena;
    struct suppress_state state;
    struct suppress_search *search;
    struct suppress_boxes *boxes; // or NULL
    bool improving;
    uint32_t (*changes)[CHANGES];       // of a cell: how many moves change it by so much
    size_t *order;                      // room for a list of cells
    const struct suppress_move **rests; // room for a list of moves
};

typedef const struct suppress_move *step_finder(struct work *work, size_t cell, int64_t by,
                                                int64_t *price);

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

// What is not idle opens a value of some cell, and so does what is added to it; of either a cell
// needs two at most.
static size_t moves_max(const struct work *work)
{
    return 4 * work->state.cell_count + 1;
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
    work->state.withheld[cell] = work->state.given[cell] || work->state.uses[cell] != 0;
    work->state.needy[cell] = values_open(work, cell) < values_needed(work, cell);
}

static uint32_t *changes_by(const struct work *work, size_t cell, int64_t by)
{
    return &work->changes[cell][SUPPRESS_STEPS + by];
}

static void add_move(struct work *work, const struct suppress_move *move)
{
    assert(work->state.move_count < moves_max(work));
    work->state.moves[work->state.move_count++] = move;
    for (size_t i = 0; i < move->count; i++) {
        *changes_by(work, move->cells[i], move->by[i]) += 1;
        work->state.uses[move->cells[i]]++;
        look_at(work, move->cells[i]);
    }
}

static void remove_move(struct work *work, size_t which)
{
    const struct suppress_move *move = work->state.moves[which];
    work->state.moves[which] = work->state.moves[--work->state.move_count];
    for (size_t i = 0; i < move->count; i++) {
        *changes_by(work, move->cells[i], move->by[i]) -= 1;
        work->state.uses[move->cells[i]]--;
        look_at(work, move->cells[i]);
    }
}

static const struct suppress_move *find_way(struct work *work, size_t cell, int64_t by,
                                            int64_t *price)
{
    return suppress_search_find(work->search, cell, by, price);
}

static const struct suppress_move *find_box(struct work *work, size_t cell, int64_t by,
                                            int64_t *price)
{
    return suppress_box_find(work->boxes, cell, by, price);
}

// Steps up and down, small ones first; each value counts once.
static const struct suppress_move *find_step(struct work *work, size_t cell, step_finder *find)
{
    const struct suppress_move *best = NULL;
    int64_t best_price = SUPPRESS_NEVER;
    for (int64_t step = 1; step <= SUPPRESS_STEPS && best_price > 0; step++) {
        for (int64_t by = step; by >= -step; by -= 2 * step) {
            int64_t price = best_price;
            if (*changes_by(work, cell, by) != 0)
                continue;
            const struct suppress_move *found = find(work, cell, by, &price);
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

static bool is_short(const struct suppress_move *move)
{
    bool is = true;
    for (size_t i = 0; i < move->count; i++)
        is &= move->by[i] <= SUPPRESS_STEPS - 2 && move->by[i] >= 2 - SUPPRESS_STEPS;
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
        if (again && suppress_change_of(first, cell) != 0)
            continue;
        cells[sum->count] = cell;
        by[sum->count] = suppress_change_of(first, cell) + suppress_change_of(second, cell);
        sum->count += by[sum->count] != 0;
    }
    return sum;
}

// Two steps by two ways: where no single one has room for both.
static const struct suppress_move *find_second_step(struct work *work, size_t cell)
{
    const struct suppress_move *best = NULL;
    int64_t best_price = SUPPRESS_NEVER;
    if (!work->state.table->adds_up[work->state.figure])
        return NULL;
    for (size_t i = 0; i < work->state.move_count && best_price > 0; i++) {
        const struct suppress_move *first = work->state.moves[i];
        int64_t by = suppress_change_of(first, cell);
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
        const struct suppress_move *found = NULL;
        if (work->improving && work->boxes != NULL)
            found = find_step(work, cell, find_box);
        if (found == NULL)
            found = find_step(work, cell, find_way);
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
            size_t other = suppress_chance(&work->state, i);
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
    const struct suppress_move *move = work->state.moves[which];
    for (size_t i = 0; i < move->count; i++) {
        size_t cell = move->cells[i];
        bool freed = work->state.uses[cell] == 1 && !work->state.given[cell];
        bool lone = *changes_by(work, cell, move->by[i]) == 1;
        if (!freed && values_open(work, cell) - (lone ? 1 : 0) < values_needed(work, cell))
            return false;
    }
    return true;
}

static void remove_idle(struct work *work)
{
    for (size_t i = work->state.move_count; i-- > 0;) {
        if (is_idle(work, i))
            remove_move(work, i);
    }
}

static size_t list_further(const struct work *work, size_t *cells)
{
    size_t count = 0;
    for (size_t i = 0; i < work->state.cell_count; i++) {
        if (work->state.withheld[i] && !work->state.given[i])
            cells[count++] = i;
    }
    return count;
}

static int64_t price_of(const struct work *work)
{
    int64_t price = 0;
    for (size_t i = 0; i < work->state.cell_count; i++) {
        if (work->state.withheld[i] && !work->state.given[i])
            price += work->state.price[i];
    }
    return price;
}

static struct kept make_kept(const struct work *work)
{
    return (struct kept){
        .moves = arena_array(work->arena, const struct suppress_move *, moves_max(work)),
    };
}

static void keep(const struct work *work, struct kept *kept)
{
    kept->move_count = work->state.move_count;
    for (size_t i = 0; i < kept->move_count; i++)
        kept->moves[i] = work->state.moves[i];
    kept->price = price_of(work);
}

static void put_back(struct work *work, const struct kept *kept)
{
    while (work->state.move_count != 0)
        remove_move(work, work->state.move_count - 1);
    for (size_t i = 0; i < kept->move_count; i++)
        add_move(work, kept->moves[i]);
}

static void remove_moves_of(struct work *work, size_t cell)
{
    for (size_t i = work->state.move_count; i-- > 0;) {
        if (suppress_change_of(work->state.moves[i], cell) != 0)
            remove_move(work, i);
    }
}

// How much more a try may cost: less and less, as rounds or work run out.
static int64_t leeway_at(struct work *work, size_t round, size_t round_count)
{
    int64_t rest = LEEWAY * (int64_t)(round_count - round) / (int64_t)round_count;
    int64_t rest_of_work = LEEWAY * (work_max - work->state.work) / work_max;
    rest = rest < rest_of_work ? rest : rest_of_work;
    return rest <= 0 ? 0 : (int64_t)suppress_chance(&work->state, 2 * (size_t)rest);
}

// Mends what a try has left open: the cells, which cost more meanwhile, are to be done without.
static void mend(struct work *work, const size_t *cells, size_t count, int64_t leeway,
                 struct kept *kept)
{
    for (size_t i = 0; i < count; i++)
        work->state.price[cells[i]] += PRICE;
    bool open = open_all(work, true);
    for (size_t i = 0; i < count; i++)
        work->state.price[cells[i]] -= PRICE;
    if (open)
        remove_idle(work);
    if (open && price_of(work) <= kept->price + leeway)
        keep(work, kept);
    else
        put_back(work, kept);
}

// Does without some further cells.
static void try_without(struct work *work, int64_t leeway, struct kept *kept)
{
    size_t cells[TRIED_MAX];
    size_t further = list_further(work, work->order);
    size_t count = 1 + suppress_chance(&work->state, TRIED_MAX);
    for (size_t i = 0; i < count; i++)
        cells[i] = work->order[suppress_chance(&work->state, further)];
    for (size_t i = 0; i < count; i++)
        remove_moves_of(work, cells[i]);
    mend(work, cells, count, leeway, kept);
}

// Does without a further cell by taking one move out of all that change it.
static void try_pivot(struct work *work, int64_t leeway, struct kept *kept)
{
    size_t further = list_further(work, work->order);
    size_t cell = work->order[suppress_chance(&work->state, further)];
    const struct suppress_move *pivot = suppress_pivot_find(work->boxes, cell, PRICE_OF_PIVOT);
    size_t count = 0;
    if (pivot == NULL)
        return;
    for (size_t i = work->state.move_count; i-- > 0;) {
        const struct suppress_move *move = work->state.moves[i];
        if (suppress_change_of(move, cell) == 0)
            continue;
        remove_move(work, i);
        work->rests[count] = suppress_pivot_apply(work->boxes, move, pivot, cell);
        count += work->rests[count] != NULL;
    }
    for (size_t i = 0; i < count; i++)
        add_move(work, work->rests[i]);
    mend(work, &cell, 1, leeway, kept);
}

static size_t count_tries(struct work *work)
{
    size_t rounds = ROUNDS_A_CELL * list_further(work, work->order);
    if (work->boxes == NULL)
        return ROUNDS_MAX;
    return (1 + PIVOTS) * (rounds < ROUNDS_MAX ? rounds : ROUNDS_MAX);
}

// Goes on from what costs a little more too, and back to the best in the end.
static void improve(struct work *work)
{
    struct kept kept = make_kept(work);
    struct kept best = make_kept(work);
    remove_idle(work);
    keep(work, &kept);
    keep(work, &best);
    work->improving = true;
    size_t count = count_tries(work);
    for (size_t i = 0; i < count && kept.price != 0 && work->state.work < work_max; i++) {
        int64_t leeway = leeway_at(work, i, count);
        if (work->boxes != NULL && i % (1 + PIVOTS) < PIVOTS)
            try_pivot(work, leeway, &kept);
        else
            try_without(work, leeway, &kept);
        if (kept.price < best.price)
            keep(work, &best);
    }
    put_back(work, &best);
}

// ---- the table

static void set_room(struct work *work, size_t cell)
{
    int64_t figure = figure_of(work, cell);
    int64_t threshold = work->state.table->threshold;
    if (figure == 0 || work->state.table->cells[cell].known)
        return;
    bool labelled_small = figure < threshold;
    work->state.up[cell] = labelled_small ? threshold - 1 - figure : SUPPRESS_NEVER;
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
                  .given = arena_array(arena, bool, count),
                  .withheld = arena_array(arena, bool, count),
                  .needy = arena_array(arena, bool, count),
                  .uses = arena_array(arena, uint32_t, count),
                  .chance = 88172645463325252U},
        .changes = arena_alloc(arena, count, sizeof(uint32_t[CHANGES]), alignof(uint32_t)),
        .order = arena_array(arena, size_t, count),
    };
    work.state.moves = arena_array(arena, const struct suppress_move *, moves_max(&work));
    work.rests = arena_array(arena, const struct suppress_move *, moves_max(&work));
    for (size_t i = 0; i < count; i++) {
        work.state.given[i] = table->cells[i].withheld;
        work.state.price[i] = price_of_cell(table, i);
        set_room(&work, i);
        look_at(&work, i);
    }
    return work;
}

static bool is_given_more(const struct suppress_table *table)
{
    bool more = false;
    for (size_t i = 0; i < suppress_cell_count(table); i++)
        more |= table->cells[i].withheld && !table->cells[i].small;
    return more;
}

// Beside what is withheld already there are ways alone: what they have found, they find again.
static bool hide_one_figure(struct arena *arena, struct suppress_table *table, size_t figure,
                            struct work *work)
{
    *work = make_work(arena, table, figure);
    work->search = suppress_search_open(arena, &work->state);
    work->boxes = is_given_more(table) ? NULL : suppress_boxes_open(arena, &work->state);
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
        moves += work[i].state.move_count;
    const struct suppress_move **all = arena_array(arena, const struct suppress_move *, moves);
    table->move_count = 0;
    table->moves = all;
    for (size_t i = 0; i < table->figure_count; i++) {
        for (size_t k = 0; k < work[i].state.move_count; k++)
            all[table->move_count++] = work[i].state.moves[k];
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

static void mark_small(struct suppress_table *table)
{
    for (size_t i = 0; i < suppress_cell_count(table); i++) {
        struct suppress_cell *cell = &table->cells[i];
        for (size_t k = 0; k < table->figure_count; k++)
            cell->small |= cell->figures[k] > 0 && cell->figures[k] < table->threshold;
        cell->small &= !is_zero(table, cell);
        cell->withheld = cell->small || (cell->withheld && !is_zero(table, cell));
        cell->known &= !cell->withheld; // what is to be withheld is not given up
    }
}

static bool hide_all(struct suppress_table *table)
{
    for (size_t i = 0; i < suppress_cell_count(table); i++)
        table->cells[i].withheld = true;
    table->move_count = 0;
    return false;
}

// What would be withheld if nothing had been, where that holds all that was: of a table that did
// not change, the same again.
static bool hide_afresh(struct arena *arena, struct suppress_table *table)
{
    size_t count = suppress_cell_count(table);
    struct suppress_table fresh = *table;
    fresh.cells = arena_array(arena, struct suppress_cell, count);
    for (size_t i = 0; i < count; i++) {
        fresh.cells[i] = table->cells[i];
        fresh.cells[i].withheld = table->cells[i].small;
    }
    bool holds = hide_figures(arena, &fresh);
    for (size_t i = 0; i < count; i++)
        holds &= fresh.cells[i].withheld || !table->cells[i].withheld;
    for (size_t i = 0; holds && i < count; i++)
        table->cells[i].withheld = fresh.cells[i].withheld;
    table->moves = fresh.moves;
    table->move_count = holds ? fresh.move_count : 0;
    return holds;
}

bool suppress(struct arena *arena, struct suppress_table *table)
{
    assert(table->figure_count >= 1 && table->figure_count <= SUPPRESS_FIGURES);
    assert(table->axis_count <= (table->crossed ? SUPPRESS_AXES : 2));
    table->move_count = 0;
    mark_small(table);
    if (table->axis_count == 0)
        return true;
    if (is_given_more(table) && hide_afresh(arena, table))
        return true;
    return hide_figures(arena, table) || hide_all(table);
}

str suppress_print(struct arena *arena, int64_t figure, bool withheld, int64_t threshold)
{
    if (!withheld)
        return str_printf(arena, "%lld", (long long)figure);
    if (figure >= threshold)
        return STR("*");
    return str_printf(arena, "<%lld", (long long)threshold);
}
