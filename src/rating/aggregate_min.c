// SPDX-License-Identifier: Apache-2.0
// The least number.
#include "aggregations.h"

static result aggregate(struct arena *arena, const struct metric *metric,
                        const struct sample *samples, size_t count, exact *quantity)
{
    (void)metric;
    decimal least = {0};
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || decimal_compare(samples[i].number, least) < 0)
            least = samples[i].number;
    }
    *quantity = exact_from_decimal(arena, least);
    return OK;
}

const struct aggregation aggregation_min = {.name = "min", .numeric = true, .aggregate = aggregate};
