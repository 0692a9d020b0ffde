// SPDX-License-Identifier: Apache-2.0
// The number of the latest event: by time, then by its position in the log.
#include "aggregations.h"

static result aggregate(const struct aggregating *what, exact *quantity)
{
    *quantity = what->count == 0
                    ? exact_zero()
                    : exact_from_decimal(what->arena, what->samples[what->count - 1].number);
    return OK;
}

static result finish(const struct folded *folded, exact *quantity)
{
    *quantity = exact_from_decimal(folded->arena, folded->extreme);
    return OK;
}

const struct aggregation aggregation_latest = {.name = "latest",
                                               .numeric = true,
                                               .folds = FOLDS_LATEST,
                                               .aggregate = aggregate,
                                               .finish = finish};
