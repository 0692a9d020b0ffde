// SPDX-License-Identifier: Apache-2.0
// The least number.
#include "aggregations.h"

static result aggregate(const struct aggregating *what, exact *quantity)
{
    decimal least = {0};
    for (size_t i = 0; i < what->count; i++) {
        if (i == 0 || decimal_compare(what->samples[i].number, least) < 0)
            least = what->samples[i].number;
    }
    *quantity = exact_from_decimal(what->arena, least);
    return OK;
}

static result finish(const struct folded *folded, exact *quantity)
{
    *quantity = exact_from_decimal(folded->arena, folded->extreme);
    return OK;
}

const struct aggregation aggregation_min = {
    .name = "min", .numeric = true, .folds = FOLDS_LEAST, .aggregate = aggregate, .finish = finish};
