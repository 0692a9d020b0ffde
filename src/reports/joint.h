// SPDX-License-Identifier: Apache-2.0
// joint.h - what all tables that were given out tell together with a further one.
//
// windows.h and relatives.h look at one cell at a time; a cell that is withheld beside a small one
// may follow from several cells of several tables. Here every figure that is shown is a sum of
// unknowns, one for a customer, a time that no table divides and the values of all axes, and none
// that is withheld may follow from those that are shown.
#pragma once

#include "phial/rating/suppress.h"
#include "publication.h"

struct joint;

// The tables that this one crosses; NULL where there are none. INVALID where they are too many or
// too large to be looked at together.
result joint_open(const struct publication *last, const struct cube *cube, int64_t threshold,
                  struct joint **joint);
// Marks what of the new table they yield, and what with them would yield one that is withheld.
result joint_mark(struct joint *joint, struct beside *beside);
// Withholds further cells of the new table until nothing yields one.
result joint_guard(struct joint *joint, struct suppress_table *table);
