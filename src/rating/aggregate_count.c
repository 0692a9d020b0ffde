// SPDX-License-Identifier: Apache-2.0
// Events, whatever their quantity.
#include "aggregations.h"

static result aggregate(const struct aggregating *what, exact *quantity)
{
    *quantity = exact_from_i64(what->arena, (int64_t)what->count);
    return OK;
}

static result finish(const struct folded *folded, exact *quantity)
{
    *quantity = exact_from_i64(folded->arena, folded->events);
    return OK;
}

const struct aggregation aggregation_count = {
    .name = "count", .folds = FOLDS_COUNT, .grows = true, .aggregate = aggregate, .finish = finish};
