// SPDX-License-Identifier: Apache-2.0
// suppress.h - tables about persons without their small cells.
//
// A figure from 1 to threshold - 1 is withheld; zero stays. Then as few further cells as can be
// found are withheld, so that whoever knows the labels, that figures are whole and not negative,
// and how the table adds up, is left with three values at least for a small figure and with two for
// any other withheld one. Each answer comes with its proof: tables that differ from the true one in
// withheld cells alone, add up as it does and would be labelled as it is. Pure, and the same for
// the same table.
#pragma once

#include "phial/util/arena.h"
#include "phial/util/str.h"

#include <stdbool.h>

enum { SUPPRESS_FIGURES = 2, SUPPRESS_AXES = 8, SUPPRESS_VALUES = 3 };

struct suppress_cell {
    int64_t figures[SUPPRESS_FIGURES]; // counts: persons, events; never below zero
    bool small;    // as a small figure, whatever it is; set where a figure is small
    bool withheld; // given: is to be withheld again; answers
    bool known;    // given: whoever asks has it elsewhere, so that withholding it hides nothing
};

// Cells that go up and down together: the true table with these changes is another possible one.
struct suppress_move {
    size_t figure;
    size_t count;
    const size_t *cells;
    const int64_t *by;
};

struct suppress_table {
    struct suppress_cell *cells;
    size_t figure_count; // 1 or 2, the same in every cell
    // Whether a figure adds up. Distinct persons do not where one stands in several parts. They are
    // guarded as if everybody knew how many do, and no part ever exceeds its total.
    bool adds_up[SUPPRESS_FIGURES];
    int64_t threshold; // 11 where it is nobody's choice
    // Crossed: a cell for each combination of places on the axes, the last axis fastest, and place
    // 0 of an axis is its total. Otherwise the total, then the parts of the first axis, then those
    // of the second, which is the last: two ways to divide the same.
    bool crossed;
    size_t axis_count;
    size_t lengths[SUPPRESS_AXES]; // with the total: 2 at least
    // Answers: the proof.
    const struct suppress_move *const *moves;
    size_t move_count;
};

size_t suppress_cell_count(const struct suppress_table *table);

// False where no choice of cells would do, as for ten times one under a total that is small itself:
// every cell is withheld then, zeros too, and even so the table tells too much.
bool suppress(struct arena *arena, struct suppress_table *table);

// "37", or of a withheld cell "<11" and, from the threshold on, "*".
str suppress_print(struct arena *arena, int64_t figure, bool withheld, int64_t threshold);
