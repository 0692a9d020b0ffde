// SPDX-License-Identifier: Apache-2.0
#include "suppress_move.h"

enum { CORNERS_MAX = 1 << (SUPPRESS_AXES - 2), SLICES_MAX = 64, NO_ARC = -1 };

struct network {
    size_t axes[2]; // of a plane
    size_t node_count;
    size_t arc_count;
    size_t *cells; // beside the arcs: from the first cell of the plane
    size_t *tails;
    size_t *heads;
    size_t *first; // of a node among `incident`, and one more
    size_t *incident;
};

struct suppress_search {
    struct arena *arena;
    struct suppress_state *state;
    struct network *networks;
    size_t network_count;
    size_t strides[SUPPRESS_AXES];
    int8_t *signs;     // a total counts against its parts
    int64_t *distance; // beside the nodes
    int64_t *via;      // the arc that a node was reached by
    bool *settled;
    int64_t *changes; // beside the cells: of a move that is looked at
};

// Parallel planes: corner 0 is the one that holds the cell.
struct slice {
    const struct network *network;
    size_t base;
    size_t corner_count;
    size_t offsets[CORNERS_MAX]; // modulo: may lie before the base
    int8_t flips[CORNERS_MAX];
};

struct goal {
    size_t arc;
    size_t from, to; // nodes
    int64_t amount;  // that runs from one to the other
    int64_t own;     // that the cell's own arc takes
    int64_t bound;   // what costs as much is of no interest
};

size_t suppress_cell_count(const struct suppress_table *table)
{
    size_t count = 1;
    for (size_t i = 0; i < table->axis_count; i++)
        count = table->crossed ? count * table->lengths[i] : count + table->lengths[i] - 1;
    return count;
}

size_t suppress_chance(struct suppress_state *state, size_t bound)
{
    state->chance ^= state->chance << 13;
    state->chance ^= state->chance >> 7;
    state->chance ^= state->chance << 17;
    return (size_t)(state->chance % bound);
}

int64_t suppress_change_of(const struct suppress_move *move, size_t cell)
{
    for (size_t i = 0; i < move->count; i++) {
        if (move->cells[i] == cell)
            return move->by[i];
    }
    return 0;
}

int64_t suppress_step_price(const struct suppress_state *state, size_t cell, int64_t by)
{
    if (by > 0 ? state->up[cell] < by : state->down[cell] < -by)
        return SUPPRESS_NEVER;
    if (!state->withheld[cell])
        return state->price[cell];
    return state->needy[cell] ? 0 : 1;
}

static size_t place_of(const struct suppress_search *search, size_t cell, size_t axis)
{
    return cell / search->strides[axis] % search->state->table->lengths[axis];
}

// ---- networks

static void make_room(struct arena *arena, struct network *network)
{
    network->cells = arena_array(arena, size_t, network->arc_count);
    network->tails = arena_array(arena, size_t, network->arc_count);
    network->heads = arena_array(arena, size_t, network->arc_count);
    network->first = arena_array(arena, size_t, network->node_count + 2);
    network->incident = arena_array(arena, size_t, 2 * network->arc_count);
}

static void index_arcs(struct network *network)
{
    size_t *first = network->first; // shifted by one while it is filled
    for (size_t i = 0; i < network->arc_count; i++) {
        first[network->tails[i] + 2]++;
        first[network->heads[i] + 2]++;
    }
    for (size_t i = 2; i < network->node_count + 2; i++)
        first[i] += first[i - 1];
    for (size_t i = 0; i < network->arc_count; i++) {
        network->incident[first[network->tails[i] + 1]++] = i;
        network->incident[first[network->heads[i] + 1]++] = i;
    }
}

// Nodes: what is outside, then each axis's sum.
static void make_list_network(struct suppress_search *search)
{
    const struct suppress_table *table = search->state->table;
    struct network *network = &search->networks[search->network_count++];
    network->node_count = 3;
    network->arc_count = search->state->cell_count;
    make_room(search->arena, network);
    size_t arc = 1;
    network->tails[0] = 1;
    network->heads[0] = table->axis_count == 2 ? 2 : 0;
    for (size_t axis = 0; axis < table->axis_count; axis++) {
        for (size_t i = 1; i < table->lengths[axis]; i++, arc++) {
            network->cells[arc] = arc;
            network->tails[arc] = axis == 0 ? 0 : 2;
            network->heads[arc] = axis == 0 ? 1 : 0;
        }
    }
    index_arcs(network);
}

// Nodes: the sums along each row, then those along each column.
static void make_plane_network(struct suppress_search *search, size_t rows, size_t columns)
{
    const struct suppress_table *table = search->state->table;
    struct network *network = &search->networks[search->network_count++];
    size_t arc = 0;
    *network = (struct network){
        .axes = {rows, columns},
        .node_count = table->lengths[rows] + table->lengths[columns],
        .arc_count = table->lengths[rows] * table->lengths[columns],
    };
    make_room(search->arena, network);
    for (size_t i = 0; i < table->lengths[rows]; i++) {
        for (size_t k = 0; k < table->lengths[columns]; k++, arc++) {
            network->cells[arc] = i * search->strides[rows] + k * search->strides[columns];
            network->tails[arc] = table->lengths[rows] + k;
            network->heads[arc] = i;
        }
    }
    index_arcs(network);
}

static void make_networks(struct suppress_search *search)
{
    const struct suppress_table *table = search->state->table;
    size_t axes = table->axis_count;
    search->networks = arena_array(search->arena, struct network, 1 + axes * axes);
    if (!table->crossed || axes == 1) {
        make_list_network(search);
        return;
    }
    for (size_t i = 0; i < axes; i++) {
        for (size_t k = i + 1; k < axes; k++)
            make_plane_network(search, i, k);
    }
}

static void set_signs(struct suppress_search *search)
{
    const struct suppress_table *table = search->state->table;
    bool planes = table->crossed && table->axis_count > 1;
    for (size_t cell = 0; cell < search->state->cell_count; cell++) {
        search->signs[cell] = 1;
        for (size_t axis = 0; planes && axis < table->axis_count; axis++) {
            if (place_of(search, cell, axis) == 0)
                search->signs[cell] = (int8_t)-search->signs[cell];
        }
    }
}

struct suppress_search *suppress_search_open(struct arena *arena, struct suppress_state *state)
{
    struct suppress_search *search = arena_new(arena, struct suppress_search);
    const struct suppress_table *table = state->table;
    size_t nodes = 3;
    size_t stride = 1;
    search->arena = arena;
    search->state = state;
    search->signs = arena_array(arena, int8_t, state->cell_count);
    for (size_t i = table->axis_count; i-- > 0;) {
        search->strides[i] = stride;
        stride *= table->lengths[i];
        nodes += table->lengths[i];
    }
    search->distance = arena_array(arena, int64_t, nodes);
    search->via = arena_array(arena, int64_t, nodes);
    search->settled = arena_array(arena, bool, nodes);
    search->changes = arena_array(arena, int64_t, state->cell_count);
    set_signs(search);
    make_networks(search);
    return search;
}

// ---- the way round

static size_t corner_cell(const struct slice *slice, size_t arc, size_t corner)
{
    return slice->base + slice->network->cells[arc] + slice->offsets[corner];
}

// Of an arc in all parallel planes; amount: along the arc.
static int64_t arc_price(struct suppress_search *search, const struct slice *slice, size_t arc,
                         int64_t amount)
{
    int64_t price = 0;
    for (size_t i = 0; i < slice->corner_count && price < SUPPRESS_NEVER; i++) {
        size_t cell = corner_cell(slice, arc, i);
        price += suppress_step_price(search->state, cell,
                                     amount * slice->flips[i] * search->signs[cell]);
    }
    search->state->work += (int64_t)slice->corner_count;
    return price;
}

static size_t nearest(const struct suppress_search *search, size_t node_count)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < node_count; i++) {
        if (!search->settled[i] && search->distance[i] < SUPPRESS_NEVER &&
            (best == SIZE_MAX || search->distance[i] < search->distance[best]))
            best = i;
    }
    return best;
}

static void reach_from(struct suppress_search *search, const struct slice *slice,
                       const struct goal *goal, size_t node)
{
    const struct network *network = slice->network;
    for (size_t i = network->first[node]; i < network->first[node + 1]; i++) {
        size_t arc = network->incident[i];
        bool along = network->tails[arc] == node;
        size_t next = along ? network->heads[arc] : network->tails[arc];
        if (arc == goal->arc || search->settled[next])
            continue;
        int64_t price = arc_price(search, slice, arc, along ? goal->amount : -goal->amount);
        if (price < SUPPRESS_NEVER && search->distance[node] + price < search->distance[next]) {
            search->distance[next] = search->distance[node] + price;
            search->via[next] = (int64_t)arc;
        }
    }
}

// What the way costs; SUPPRESS_NEVER when there is none below the bound.
static int64_t find_way(struct suppress_search *search, const struct slice *slice,
                        const struct goal *goal)
{
    size_t count = slice->network->node_count;
    for (size_t i = 0; i < count; i++) {
        search->distance[i] = SUPPRESS_NEVER;
        search->settled[i] = false;
        search->via[i] = NO_ARC;
    }
    search->distance[goal->from] = 0;
    for (;;) {
        size_t node = nearest(search, count);
        if (node == SIZE_MAX || search->distance[node] >= goal->bound)
            return SUPPRESS_NEVER;
        if (node == goal->to)
            return search->distance[node];
        search->settled[node] = true;
        reach_from(search, slice, goal, node);
    }
}

static size_t change_arc(struct suppress_search *search, const struct slice *slice, size_t arc,
                         int64_t amount)
{
    for (size_t i = 0; i < slice->corner_count; i++) {
        size_t cell = corner_cell(slice, arc, i);
        search->changes[cell] = amount * slice->flips[i] * search->signs[cell];
    }
    return slice->corner_count;
}

static const struct suppress_move *collect(struct suppress_search *search, size_t count)
{
    struct suppress_move *move = arena_new(search->arena, struct suppress_move);
    size_t *cells = arena_array(search->arena, size_t, count);
    int64_t *by = arena_array(search->arena, int64_t, count);
    *move = (struct suppress_move){search->state->figure, 0, cells, by};
    for (size_t i = 0; move->count < count; i++) {
        if (search->changes[i] == 0)
            continue;
        cells[move->count] = i;
        by[move->count++] = search->changes[i];
        search->changes[i] = 0;
    }
    return move;
}

// The way that find_way has found, as a move.
static const struct suppress_move *follow_way(struct suppress_search *search,
                                              const struct slice *slice, const struct goal *goal)
{
    const struct network *network = slice->network;
    size_t count = change_arc(search, slice, goal->arc, goal->own);
    for (size_t node = goal->to; node != goal->from;) {
        size_t arc = (size_t)search->via[node];
        bool along = network->heads[arc] == node;
        count += change_arc(search, slice, arc, along ? goal->amount : -goal->amount);
        node = along ? network->tails[arc] : network->heads[arc];
    }
    return collect(search, count);
}

// ---- planes

// The other places of the axes across the plane: choice number `choice` of them.
static bool set_slice(const struct suppress_search *search, struct slice *slice, size_t cell,
                      size_t choice)
{
    const struct suppress_table *table = search->state->table;
    slice->base = cell;
    slice->corner_count = 1;
    slice->offsets[0] = 0;
    slice->flips[0] = 1;
    if (!table->crossed || table->axis_count == 1) {
        slice->base = 0;
        return choice == 0;
    }
    for (size_t axis = 0; axis < table->axis_count; axis++) {
        size_t place = place_of(search, cell, axis);
        if (axis == slice->network->axes[0] || axis == slice->network->axes[1]) {
            slice->base -= place * search->strides[axis];
            continue;
        }
        size_t other = choice % (table->lengths[axis] - 1); // the total is the first of them
        choice /= table->lengths[axis] - 1;
        other += other >= place ? 1 : 0;
        size_t count = slice->corner_count;
        for (size_t i = 0; i < count; i++) {
            slice->offsets[count + i] = slice->offsets[i] + (other - place) * search->strides[axis];
            slice->flips[count + i] = (int8_t)-slice->flips[i];
        }
        slice->corner_count *= 2;
    }
    return choice == 0;
}

static struct goal make_goal(const struct suppress_search *search, const struct slice *slice,
                             size_t cell, int64_t by)
{
    const struct suppress_table *table = search->state->table;
    const struct network *network = slice->network;
    bool planes = table->crossed && table->axis_count > 1;
    size_t row = planes ? place_of(search, cell, network->axes[0]) : 0;
    size_t arc =
        planes ? row * table->lengths[network->axes[1]] + place_of(search, cell, network->axes[1])
               : cell;
    int64_t own = by * search->signs[cell];
    bool along = own > 0;
    return (struct goal){
        .arc = arc,
        .from = along ? network->heads[arc] : network->tails[arc],
        .to = along ? network->tails[arc] : network->heads[arc],
        .amount = along ? own : -own,
        .own = own,
    };
}

// Of distinct persons: no part may come to exceed its total.
static bool stays_within(const struct suppress_search *search, const struct suppress_move *move)
{
    const struct suppress_table *table = search->state->table;
    size_t figure = search->state->figure;
    int64_t *changes = search->changes;
    bool within = true;
    for (size_t i = 0; i < move->count; i++)
        changes[move->cells[i]] = move->by[i];
    for (size_t i = 0; i < move->count; i++) {
        size_t part = move->cells[i];
        for (size_t axis = 0; axis < table->axis_count; axis++) {
            size_t total =
                !table->crossed ? 0 : part - place_of(search, part, axis) * search->strides[axis];
            int64_t low = table->cells[part].figures[figure];
            int64_t high = table->cells[total].figures[figure];
            within &= low > high || low + changes[part] <= high + changes[total];
        }
    }
    for (size_t i = 0; i < move->count; i++)
        changes[move->cells[i]] = 0;
    return within;
}

// NULL: none in these planes, or none below the bound.
static const struct suppress_move *look_in(struct suppress_search *search,
                                           const struct slice *slice, size_t cell, int64_t by,
                                           int64_t *bound)
{
    struct goal goal = make_goal(search, slice, cell, by);
    int64_t own = arc_price(search, slice, goal.arc, goal.own);
    if (own >= *bound)
        return NULL;
    goal.bound = *bound - own;
    int64_t price = find_way(search, slice, &goal);
    if (price >= SUPPRESS_NEVER)
        return NULL;
    const struct suppress_move *move = follow_way(search, slice, &goal);
    if (!search->state->table->adds_up[search->state->figure] && !stays_within(search, move))
        return NULL;
    *bound = own + price;
    return move;
}

const struct suppress_move *suppress_search_find(struct suppress_search *search, size_t cell,
                                                 int64_t by, int64_t *price)
{
    const struct suppress_move *best = NULL;
    int64_t bound = SUPPRESS_NEVER;
    for (size_t i = 0; i < search->network_count; i++) {
        struct slice slice = {.network = &search->networks[i]};
        for (size_t choice = 0; choice < SLICES_MAX && set_slice(search, &slice, cell, choice);
             choice++) {
            const struct suppress_move *found = look_in(search, &slice, cell, by, &bound);
            best = found == NULL ? best : found;
        }
    }
    *price = bound;
    return best;
}
