// SPDX-License-Identifier: Apache-2.0
// relatives.h - what a group's table and those of its customers tell together.
#pragma once

#include "publication.h"

// The group that is reported of, or that the customer belongs to: the customer alone where nobody
// can ask for it.
result relatives_group(const struct publication *last, struct report_scope *group);
// Marks what, beside the same table of the group or of its customers as they were given out, would
// yield a small figure by subtraction.
result relatives_guard(const struct publication *last, const struct cube *cube, int64_t threshold,
                       bool *telling);
