// SPDX-License-Identifier: Apache-2.0
// relatives.h - what a group's table and those of its customers tell together.
#pragma once

#include "publication.h"

// Marks what, beside the same table of the group or of its customers as they were given out, would
// yield a small figure by subtraction.
result relatives_guard(const struct publication *last, const struct cube *cube, int64_t threshold,
                       bool *telling);
