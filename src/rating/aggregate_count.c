// SPDX-License-Identifier: Apache-2.0
// Events, whatever their quantity.
#include "aggregations.h"

static result aggregate(struct arena *arena, const struct metric *metric,
                        const struct sample *samples, size_t count, exact *quantity)
{
    (void)metric;
    (void)samples;
    *quantity = exact_from_i64(arena, (int64_t)count);
    return OK;
}

const struct aggregation aggregation_count = {.name = "count", .aggregate = aggregate};
