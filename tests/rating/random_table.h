// SPDX-License-Identifier: Apache-2.0
// random_table.h - tables to suppress, from a seed.
#pragma once

#include "phial/rating/suppress.h"

struct table_kind {
    size_t axes;
    size_t least, most; // parts of an axis
    int64_t threshold;
    int64_t one_in; // so many is small; one in eight of the others is zero
};

static inline int64_t random_below(uint64_t *state, int64_t bound)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (int64_t)(*state % (uint64_t)bound);
}

static inline int64_t random_figure(uint64_t *state, const struct table_kind *kind)
{
    if (random_below(state, kind->one_in) == 0)
        return 1 + random_below(state, kind->threshold - 1);
    if (random_below(state, 8) == 0)
        return 0;
    return kind->threshold + random_below(state, 12 * kind->threshold);
}

// A part counts in every total over it.
static inline void random_table_add(struct suppress_table *table, size_t cell, int64_t figure)
{
    size_t sums[1 << SUPPRESS_AXES] = {cell};
    size_t sum_count = 1;
    size_t stride = 1;
    for (size_t axis = table->axis_count; axis-- > 0; stride *= table->lengths[axis]) {
        size_t place = cell / stride % table->lengths[axis];
        if (place == 0)
            return; // is a total itself
        for (size_t i = 0; i < sum_count; i++)
            sums[sum_count + i] = sums[i] - place * stride;
        sum_count *= 2;
    }
    for (size_t i = 0; i < sum_count; i++)
        table->cells[sums[i]].figures[0] += figure;
}

static inline struct suppress_table random_table(struct arena *arena, uint64_t *state,
                                                 const struct table_kind *kind)
{
    struct suppress_table table = {.figure_count = 1,
                                   .adds_up = {true, true},
                                   .threshold = kind->threshold,
                                   .crossed = true,
                                   .axis_count = kind->axes};
    int64_t choices = (int64_t)(kind->most - kind->least + 1);
    for (size_t i = 0; i < kind->axes; i++)
        table.lengths[i] = 1 + kind->least + (size_t)random_below(state, choices);
    size_t count = suppress_cell_count(&table);
    table.cells = arena_array(arena, struct suppress_cell, count);
    for (size_t cell = 0; cell < count; cell++)
        random_table_add(&table, cell, random_figure(state, kind));
    return table;
}

// Of the figures that are not small.
struct share {
    int64_t withheld, all;
};

static inline void share_add(struct share *share, const struct suppress_table *table)
{
    for (size_t i = 0; i < suppress_cell_count(table); i++) {
        int64_t figure = table->cells[i].figures[0];
        bool small = figure > 0 && figure < table->threshold;
        share->all += !small;
        share->withheld += !small && table->cells[i].withheld;
    }
}

static inline double share_percent(const struct share *share)
{
    return share->all == 0 ? 0 : 100.0 * (double)share->withheld / (double)share->all;
}
