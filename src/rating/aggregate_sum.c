// SPDX-License-Identifier: Apache-2.0
// The sum of the numbers, each times its weight: added up weight by weight, so that a million
// events cost a million additions and a handful of products.
#include "aggregations.h"

static result aggregate(struct arena *arena, const struct metric *metric,
                        const struct sample *samples, size_t count, exact *quantity)
{
    decimal *sums = arena_array(arena, decimal, metric->weight_count + 1);
    for (size_t i = 0; i < count; i++)
        TRY(decimal_add(sums[samples[i].weight], samples[i].number, &sums[samples[i].weight]));
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
