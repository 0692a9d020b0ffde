// SPDX-License-Identifier: Apache-2.0
// exact.h - the GMP side of an exact, for the bodies of this module only.
//
// A view borrows the limbs of an exact, or holds what was made of its units, and must not be
// written to. Temporaries are GMP's own memory: each is cleared by the function that made it.
#pragma once

#include "phial/money/money.h"

#include <gmp.h>

struct exact_view {
    mpq_t ratio;
    bool owned;
};
void exact_view_open(exact value, struct exact_view *view);
void exact_view_close(struct exact_view *view);
// A canonical rational, its limbs in the arena where it has any.
exact exact_keep(struct arena *arena, mpq_srcptr value);
// The whole number that value * 10^digits rounds to. False where it does not fit.
bool exact_scale(exact value, int digits, enum rounding rounding, int128 *scaled);

// The same by GMP alone: what the short way of each is held against.
exact exact_add_by_gmp(struct arena *arena, exact a, exact b);
exact exact_sub_by_gmp(struct arena *arena, exact a, exact b);
exact exact_mul_by_gmp(struct arena *arena, exact a, exact b);
exact exact_round_by_gmp(struct arena *arena, exact a, int digits, enum rounding rounding);
int exact_compare_by_gmp(exact a, exact b);
