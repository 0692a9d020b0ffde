// SPDX-License-Identifier: Apache-2.0
// exact.h - the GMP side of an exact, for the bodies of this module only.
//
// A view borrows the limbs of an exact and must not be written to. Temporaries are GMP's own
// memory: each is cleared by the function that made it.
#pragma once

#include "phial/money/money.h"

#include <gmp.h>

// `view` reads the limbs of `value` where they lie.
void exact_view(exact value, mpq_t view);
// Copies the limbs of a canonical rational into the arena.
exact exact_keep(struct arena *arena, mpq_srcptr value);
// The whole number that rounding * 10^digits gives.
void exact_scale(exact value, int digits, enum rounding rounding, mpz_t scaled);
