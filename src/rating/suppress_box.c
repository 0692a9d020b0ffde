// SPDX-License-Identifier: Apache-2.0
#include "suppress_box.h"

#include <string.h>

enum {
    CORNERS_MAX = 1 << SUPPRESS_AXES,
    BOXES_MAX = 96, // that are looked at for one cell
    AXES_MIN = 3,   // up to two, a way round the only plane is as quick and finds more
};

struct suppress_boxes {
    struct arena *arena;
    struct suppress_state *state;
    size_t count;    // of a cell
    uint32_t *alike; // moves that change a cell as they change the pivot's: beside the cells
    uint32_t *opposite;
    int64_t *changes; // of a move that is put together
};

// A box around a cell, which is corner 0 and changes by one.
struct box {
    size_t corner_count;
    size_t cells[CORNERS_MAX];
    int64_t by[CORNERS_MAX];
};

struct suppress_boxes *suppress_boxes_open(struct arena *arena, struct suppress_state *state)
{
    const struct suppress_table *table = state->table;
    if (!table->crossed || !table->adds_up[state->figure])
        return NULL;
    struct suppress_boxes *boxes = arena_new(arena, struct suppress_boxes);
    *boxes = (struct suppress_boxes){
        .arena = arena,
        .state = state,
        .count = 1,
        .alike = arena_array(arena, uint32_t, state->cell_count),
        .opposite = arena_array(arena, uint32_t, state->cell_count),
        .changes = arena_array(arena, int64_t, state->cell_count),
    };
    for (size_t i = 0; i < table->axis_count; i++)
        boxes->count *= table->lengths[i] - 1;
    return boxes;
}

// Box number `choice`: of the other places on each axis. A total goes with its parts, not against.
static void set_box(const struct suppress_boxes *boxes, size_t cell, size_t choice, struct box *box)
{
    const struct suppress_table *table = boxes->state->table;
    size_t stride = 1;
    box->corner_count = 1;
    box->cells[0] = cell;
    box->by[0] = 1;
    for (size_t axis = table->axis_count; axis-- > 0;) {
        size_t length = table->lengths[axis];
        size_t place = cell / stride % length;
        size_t other = choice % (length - 1);
        other += other >= place ? 1 : 0;
        bool total = place == 0 || other == 0;
        size_t count = box->corner_count;
        for (size_t i = 0; i < count; i++) {
            box->cells[count + i] = box->cells[i] + (other - place) * stride;
            box->by[count + i] = total ? box->by[i] : -box->by[i];
        }
        box->corner_count *= 2;
        choice /= length - 1;
        stride *= length;
    }
}

static struct suppress_move *make_move(struct suppress_boxes *boxes, size_t room, size_t **cells,
                                       int64_t **by)
{
    struct suppress_move *move = arena_new(boxes->arena, struct suppress_move);
    *cells = arena_array(boxes->arena, size_t, room);
    *by = arena_array(boxes->arena, int64_t, room);
    *move = (struct suppress_move){boxes->state->figure, 0, *cells, *by};
    return move;
}

static const struct suppress_move *move_of(struct suppress_boxes *boxes, const struct box *box,
                                           int64_t times)
{
    size_t *cells = NULL;
    int64_t *by = NULL;
    struct suppress_move *move = make_move(boxes, box->corner_count, &cells, &by);
    for (; move->count < box->corner_count; move->count++) {
        cells[move->count] = box->cells[move->count];
        by[move->count] = times * box->by[move->count];
    }
    return move;
}

static int64_t price_of(struct suppress_state *state, const struct box *box, int64_t times,
                        int64_t bound)
{
    int64_t price = 0;
    size_t i = 0;
    for (; i < box->corner_count && price < bound; i++)
        price += suppress_step_price(state, box->cells[i], times * box->by[i]);
    state->work += (int64_t)i;
    return price;
}

const struct suppress_move *suppress_box_find(struct suppress_boxes *boxes, size_t cell, int64_t by,
                                              int64_t *price)
{
    struct suppress_state *state = boxes->state;
    struct box box;
    size_t best = SIZE_MAX;
    if (boxes->count > BOXES_MAX || state->table->axis_count < AXES_MIN)
        return NULL;
    size_t first = suppress_chance(state, boxes->count);
    for (size_t i = 0; i < boxes->count; i++) {
        size_t choice = (first + i) % boxes->count;
        set_box(boxes, cell, choice, &box);
        int64_t own = price_of(state, &box, by, *price);
        if (own < *price) {
            *price = own;
            best = choice;
        }
    }
    if (best == SIZE_MAX)
        return NULL;
    set_box(boxes, cell, best, &box);
    return move_of(boxes, &box, by);
}

// ---- pivots

// Of the moves that change the cell: which others they change as much, and which as much the other
// way; or, with `count` false, nothing any more.
static void note_alike(struct suppress_boxes *boxes, size_t cell, bool count)
{
    struct suppress_state *state = boxes->state;
    for (size_t k = 0; k < state->move_count; k++) {
        const struct suppress_move *move = state->moves[k];
        int64_t own = suppress_change_of(move, cell);
        for (size_t i = 0; own != 0 && i < move->count; i++) {
            size_t other = move->cells[i];
            boxes->alike[other] = count ? boxes->alike[other] + (move->by[i] == own) : 0;
            boxes->opposite[other] = count ? boxes->opposite[other] + (move->by[i] == -own) : 0;
        }
        state->work += own != 0 ? (int64_t)move->count : 0;
    }
}

// What is newly withheld, less what is shown again: a cell that only these moves change, and as the
// pivot does.
static int64_t price_of_pivot(struct suppress_boxes *boxes, const size_t *cells, const int64_t *by,
                              size_t count, int64_t own)
{
    struct suppress_state *state = boxes->state;
    int64_t price = 0;
    state->work += (int64_t)count;
    for (size_t i = 0; i < count; i++) {
        size_t cell = cells[i];
        uint32_t gone = by[i] == own    ? boxes->alike[cell]
                        : by[i] == -own ? boxes->opposite[cell]
                                        : 0;
        if (state->up[cell] == 0 && state->down[cell] == 0)
            return SUPPRESS_NEVER;
        if (!state->withheld[cell])
            price += state->price[cell];
        else if (!state->given[cell] && gone == state->uses[cell])
            price -= state->price[cell];
    }
    return price;
}

static size_t find_box_to_take(struct suppress_boxes *boxes, size_t cell, int64_t *price)
{
    size_t best = SIZE_MAX;
    size_t looks = boxes->count < BOXES_MAX ? boxes->count : BOXES_MAX;
    size_t first = suppress_chance(boxes->state, boxes->count);
    struct box box;
    for (size_t i = 0; i < looks; i++) {
        size_t choice = looks == boxes->count ? (first + i) % boxes->count
                                              : suppress_chance(boxes->state, boxes->count);
        set_box(boxes, cell, choice, &box);
        int64_t own = price_of_pivot(boxes, box.cells, box.by, box.corner_count, 1);
        if (own < *price) {
            *price = own;
            best = choice;
        }
    }
    return best;
}

const struct suppress_move *suppress_pivot_find(struct suppress_boxes *boxes, size_t cell,
                                                int64_t price)
{
    const struct suppress_state *state = boxes->state;
    const struct suppress_move *best = NULL;
    struct box box;
    note_alike(boxes, cell, true);
    size_t choice = find_box_to_take(boxes, cell, &price);
    for (size_t k = 0; k < state->move_count; k++) {
        const struct suppress_move *move = state->moves[k];
        int64_t own = suppress_change_of(move, cell);
        if (own != 1 && own != -1)
            continue;
        int64_t found = price_of_pivot(boxes, move->cells, move->by, move->count, own);
        if (found < price) {
            price = found;
            best = move;
        }
    }
    note_alike(boxes, cell, false);
    if (best != NULL || choice == SIZE_MAX)
        return best;
    set_box(boxes, cell, choice, &box);
    return move_of(boxes, &box, 1);
}

const struct suppress_move *suppress_pivot_apply(struct suppress_boxes *boxes,
                                                 const struct suppress_move *move,
                                                 const struct suppress_move *pivot, size_t cell)
{
    struct suppress_state *state = boxes->state;
    size_t *cells = NULL;
    int64_t *by = NULL;
    struct suppress_move *rest = make_move(boxes, move->count + pivot->count, &cells, &by);
    int64_t times = suppress_change_of(move, cell) * suppress_change_of(pivot, cell);
    bool allowed = true;
    for (size_t i = 0; i < move->count; i++)
        boxes->changes[move->cells[i]] = move->by[i];
    for (size_t i = 0; i < pivot->count; i++)
        boxes->changes[pivot->cells[i]] -= times * pivot->by[i];
    for (size_t i = 0; i < move->count + pivot->count; i++) {
        size_t other = i < move->count ? move->cells[i] : pivot->cells[i - move->count];
        int64_t change = boxes->changes[other];
        if (change == 0)
            continue;
        boxes->changes[other] = 0;
        cells[rest->count] = other;
        by[rest->count++] = change;
        allowed &= change <= SUPPRESS_STEPS && change >= -SUPPRESS_STEPS;
        allowed &= change <= state->up[other] && -change <= state->down[other];
    }
    state->work += (int64_t)(move->count + pivot->count);
    return allowed && rest->count != 0 ? rest : NULL;
}
