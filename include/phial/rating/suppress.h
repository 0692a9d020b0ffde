// SPDX-License-Identifier: Apache-2.0
// suppress.h - tables about persons without their small cells.
//
// A cell with a figure from 1 to threshold - 1 is withheld; zero stays. Then as many further cells
// are withheld as it takes that no withheld figure can be computed from those that are shown and
// from the table's sums: neither by adding and subtracting them, nor because only one value is left
// between the bounds that the labels and the sums give. Pure.
#pragma once

#include "phial/util/arena.h"
#include "phial/util/str.h"

#include <stdbool.h>

enum { SUPPRESS_FIGURES = 2 };

struct suppress_cell {
    int64_t figures[SUPPRESS_FIGURES]; // counts: persons, events; never below zero
    bool withheld;                     // answers
};

// One cell is the sum of others: a total and its parts.
struct suppress_sum {
    size_t total;
    const size_t *parts;
    size_t part_count;
};

struct suppress_table {
    struct suppress_cell *cells;
    size_t cell_count;
    size_t figure_count; // 1 or 2, the same in every cell
    // Whether a figure adds up. Distinct persons do not where one stands in several parts: the
    // total is then only known to be no more than the sum.
    bool adds_up[SUPPRESS_FIGURES];
    const struct suppress_sum *sums;
    size_t sum_count;
    int64_t threshold; // 11 where it is nobody's choice
};

void suppress(struct arena *arena, struct suppress_table *table);

// "37", or of a withheld cell "<11" and, from the threshold on, "*".
str suppress_print(struct arena *arena, int64_t figure, bool withheld, int64_t threshold);
