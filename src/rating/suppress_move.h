// SPDX-License-Identifier: Apache-2.0
// suppress_move.h - the cheapest way to change one cell of a table so that it still adds up.
//
// In a table of one or two axes that is a shortest way round a network: sums are its nodes, cells
// its arcs. One of more axes is searched plane by plane: what is done in one plane is undone in a
// parallel one.
#pragma once

#include "phial/rating/suppress.h"

struct suppress_search;

// What a search goes by, kept by who asks.
struct suppress_state {
    const struct suppress_table *table;
    size_t figure;
    size_t cell_count;
    int64_t *up; // whole steps that a cell's label leaves it
    int64_t *down;
    int64_t *price; // of withholding it
    bool *withheld;
    bool *needy;  // is not open to enough values yet
    int64_t work; // cells looked at so far
};

struct suppress_search *suppress_search_open(struct arena *arena, struct suppress_state *state);
// NULL when there is no way. *price: what else it withholds costs.
const struct suppress_move *suppress_search_find(struct suppress_search *search, size_t cell,
                                                 int64_t by, int64_t *price);
