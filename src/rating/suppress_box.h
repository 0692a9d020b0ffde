// SPDX-License-Identifier: Apache-2.0
// suppress_box.h - the least changes of a crossed table: the corners of a box, which has two places
// on each axis, and what comes of adding them up.
//
// A way round a plane is a sum of few boxes. Sums that no way is are found by taking a move out of
// others: corners that both change alike are shown again.
#pragma once

#include "suppress_move.h"

struct suppress_boxes;

// NULL where boxes are of no use: two ways to divide the same, or a figure that does not add up.
struct suppress_boxes *suppress_boxes_open(struct arena *arena, struct suppress_state *state);

// The cheapest box that changes the cell by so much, if it costs less than *price. Looks at all of
// them, or, where a cell has too many for that, at none.
const struct suppress_move *suppress_box_find(struct suppress_boxes *boxes, size_t cell, int64_t by,
                                              int64_t *price);

// What to take out of all moves that change the cell: it changes the cell by one, and shows more
// than it withholds, or withholds for no more than `price` beyond. NULL when there is nothing.
const struct suppress_move *suppress_pivot_find(struct suppress_boxes *boxes, size_t cell,
                                                int64_t price);

// The move without the cell, the pivot taken out of it. NULL when nothing is left of it, or labels
// do not allow what is.
const struct suppress_move *suppress_pivot_apply(struct suppress_boxes *boxes,
                                                 const struct suppress_move *move,
                                                 const struct suppress_move *pivot, size_t cell);
