// SPDX-License-Identifier: Apache-2.0
// The greatest number.
#include "aggregations.h"

static result aggregate(const struct aggregating *what, exact *quantity)
{
    decimal greatest = {0};
    for (size_t i = 0; i < what->count; i++) {
        if (i == 0 || decimal_compare(what->samples[i].number, greatest) > 0)
            greatest = what->samples[i].number;
    }
    *quantity = exact_from_decimal(what->arena, greatest);
    return OK;
}

static result finish(const struct folded *folded, exact *quantity)
{
    *quantity = exact_from_decimal(folded->arena, folded->extreme);
    return OK;
}

const struct aggregation aggregation_max = {
    .name = "max", .numeric = true, .folds = FOLDS_MOST, .aggregate = aggregate, .finish = finish};
