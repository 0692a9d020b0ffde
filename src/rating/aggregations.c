// SPDX-License-Identifier: Apache-2.0
#include "aggregations.h"

#include "phial/util/array.h"

static const struct aggregation *const aggregations[] = {
#define AGGREGATION(name) &aggregation_##name,
#include "phial/rating/aggregations.def"
#undef AGGREGATION
};

const struct aggregation *aggregation_find(str name)
{
    for (size_t i = 0; i < COUNT_OF(aggregations); i++) {
        if (str_eq(name, str_from(aggregations[i]->name)))
            return aggregations[i];
    }
    return NULL;
}
