// SPDX-License-Identifier: Apache-2.0
// The sum of the numbers, each times its weight: added up weight by weight, so that a million
// events cost a million additions and a handful of products.
#include "aggregations.h"

static result aggregate(const struct aggregating *what, exact *quantity)
{
    struct arena *arena = what->arena;
    const struct metric *metric = what->metric;
    decimal *sums = arena_array(arena, decimal, metric->weight_count + 1);
    for (size_t i = 0; i < what->count; i++) {
        const struct sample *sample = &what->samples[i];
        TRY(decimal_add(sums[sample->weight], sample->number, &sums[sample->weight]));
    }
    exact total = exact_from_decimal(arena, sums[metric->weight_count]);
    if (metric->weighted)
        total = exact_mul(arena, total, exact_from_decimal(arena, metric->weight_default));
    for (size_t i = 0; i < metric->weight_count; i++)
        total = exact_add(arena, total,
                          exact_mul(arena, exact_from_decimal(arena, sums[i]),
                                    exact_from_decimal(arena, metric->weights[i])));
    *quantity = total;
    return OK;
}

const struct aggregation aggregation_sum = {
    .name = "sum", .numeric = true, .weighted = true, .aggregate = aggregate};
