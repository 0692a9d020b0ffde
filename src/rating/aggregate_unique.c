// SPDX-License-Identifier: Apache-2.0
// Distinct values of the property.
#include "aggregations.h"
#include "folded_runs.h"
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

static result finish(const struct folded *folded, exact *quantity)
{
    struct folded_runs runs = folded_runs_of(folded);
    struct folded_run run = {0};
    int64_t values = 0;
    while (folded_runs_next(&runs, &run))
        values++;
    *quantity = exact_from_i64(folded->arena, values);
    return OK;
}

const struct aggregation aggregation_unique = {.name = "unique",
                                               .folds = FOLDS_VALUES,
                                               .grows = true,
                                               .needs_property = true,
                                               .aggregate = aggregate,
                                               .finish = finish};
