// SPDX-License-Identifier: Apache-2.0
// suppress_move.h - the cheapest way to change one cell of a table so that it still adds up.
//
// In a table of one or two axes that is a shortest way round a network: sums are its nodes, cells
// its arcs. One of more axes is searched plane by plane: what is done in one plane is undone in a
// parallel one.
#pragma once

#include "phial/rating/suppress.h"

enum { SUPPRESS_STEPS = 4 }; // that a move changes a cell by, at most

#define SUPPRESS_NEVER (INT64_C(1) << 60)

struct suppress_search;

// What a search goes by, kept by who asks.
struct suppress_state {
    const struct suppress_table *table;
    size_t figure;
    size_t cell_count;
    int64_t *up; // whole steps that a cell's label leaves it
    int64_t *down;
    int64_t *price; // of withholding it
    bool *given;    // is withheld whatever comes of it
    bool *withheld;
    bool *needy;    // is not open to enough values yet
    uint32_t *uses; // moves that change it at all
    const struct suppress_move **moves;
    size_t move_count;
    int64_t work;    // cells looked at so far
    uint64_t chance; // the same for the same table
};

size_t suppress_chance(struct suppress_state *state, size_t bound);
int64_t suppress_change_of(const struct suppress_move *move, size_t cell);
// SUPPRESS_NEVER where the label does not allow it.
int64_t suppress_step_price(const struct suppress_state *state, size_t cell, int64_t by);

struct suppress_search *suppress_search_open(struct arena *arena, struct suppress_state *state);
// NULL when there is no way. *price: what else it withholds costs.
const struct suppress_move *suppress_search_find(struct suppress_search *search, size_t cell,
                                                 int64_t by, int64_t *price);
