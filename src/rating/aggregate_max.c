// SPDX-License-Identifier: Apache-2.0
// The greatest number.
#include "aggregations.h"

static result aggregate(struct arena *arena, const struct metric *metric,
                        const struct sample *samples, size_t count, exact *quantity)
{
    (void)metric;
    decimal greatest = {0};
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || decimal_compare(samples[i].number, greatest) > 0)
            greatest = samples[i].number;
    }
    *quantity = exact_from_decimal(arena, greatest);
    return OK;
}

const struct aggregation aggregation_max = {.name = "max", .numeric = true, .aggregate = aggregate};
