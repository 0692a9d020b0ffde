// SPDX-License-Identifier: Apache-2.0
// The sum of the numbers, each times its weight: added up weight by weight, so that a million
// events cost a million additions and a handful of products.
#include "aggregations.h"

static exact weigh(struct arena *arena, const struct metric *metric, const decimal *sums)
{
    exact total = exact_from_decimal(arena, sums[metric->weight_count]);
    if (metric->weighted)
        total = exact_mul(arena, total, exact_from_decimal(arena, metric->weight_default));
    for (size_t i = 0; i < metric->weight_count; i++)
        total = exact_add(arena, total,
                          exact_mul(arena, exact_from_decimal(arena, sums[i]),
                                    exact_from_decimal(arena, metric->weights[i])));
    return total;
}

static result aggregate(const struct aggregating *what, exact *quantity)
{
    decimal *sums = arena_array(what->arena, decimal, what->metric->weight_count + 1);
    for (size_t i = 0; i < what->count; i++) {
        const struct sample *sample = &what->samples[i];
        TRY(decimal_add(sums[sample->weight], sample->number, &sums[sample->weight]));
    }
    *quantity = weigh(what->arena, what->metric, sums);
    return OK;
}

static result finish(const struct folded *folded, exact *quantity)
{
    *quantity = weigh(folded->arena, folded->metric, folded->totals);
    return OK;
}

const struct aggregation aggregation_sum = {
    .name = "sum",
    .folds = FOLDS_TOTAL,
    .grows = true,
    .numeric = true,
    .weighted = true,
    .aggregate = aggregate,
    .finish = finish,
};
