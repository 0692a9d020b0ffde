// SPDX-License-Identifier: Apache-2.0
// cube.h - a metric's quantities by every combination of what it is grouped by, and all totals.
#pragma once

#include "phial/reports/reports.h"

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
// The place of a combination of values ("" and a NULL pointer: the total); SIZE_MAX: none.
size_t table_find(const struct report_table *table, const str *values);
size_t table_stride(const struct report_table *table, size_t axis);
