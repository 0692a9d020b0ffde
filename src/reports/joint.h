// SPDX-License-Identifier: Apache-2.0
// joint.h - what all tables that were given out tell together with a further one.
//
// windows.h and relatives.h look for small figures, one cell at a time; a cell that is withheld
// beside a small one may follow from several cells of several tables. Here every figure that is
// shown is a sum of unknowns, one for a customer, a time that no table divides and the values of
// all axes, and none that is withheld may follow from those that are shown. Where cells do not add
// up to their totals each of them is an unknown.
#pragma once

#include "given.h"
#include "phial/rating/suppress.h"

struct joint;

struct joint *joint_new(struct crossing *crossing);
// Before it is suppressed: a cell of the new table that follows from the others is `known`; one
// that would yield what they withheld, and is not known, is `small`.
result joint_mark(struct joint *joint, struct suppress_table *table);
// Afterwards: withholds further cells until nothing that is withheld follows.
result joint_guard(struct joint *joint, struct suppress_table *table);
