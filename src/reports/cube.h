// SPDX-License-Identifier: Apache-2.0
// cube.h - a metric's quantities by every combination of what it is grouped by, and all totals.
#pragma once

#include "table.h"

struct cube {
    struct report_table table; // without labels
    size_t strides[GROUP_BY_MAX];
    decimal *figures;
    bool *told_by_few; // events about persons, of whom there are few
    bool adds_up;
    json_t *as_of; // the caller's
};

// Crossed by all that the metric can be grouped by; by what is asked for alone where that would be
// too much.
result cube_measure(struct db_tx *tx, const struct report_question *question, int64_t threshold,
                    struct cube *cube);
