// SPDX-License-Identifier: Apache-2.0
// Distinct values of the property.
#include "aggregations.h"
#include "value_runs.h"

static result aggregate(const struct aggregating *what, exact *quantity)
{
    struct value_runs runs = value_runs_of(what);
    struct value_run run = {0};
    int64_t distinct = 0;
    while (value_runs_next(&runs, &run))
        distinct++;
    *quantity = exact_from_i64(what->arena, distinct);
    return OK;
}

const struct aggregation aggregation_unique = {
    .name = "unique", .needs_property = true, .aggregate = aggregate};
