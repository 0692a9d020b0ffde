// SPDX-License-Identifier: Apache-2.0
// The number of the latest event: by time, then by its position in the log.
#include "aggregations.h"

static result aggregate(struct arena *arena, const struct metric *metric,
                        const struct sample *samples, size_t count, exact *quantity)
{
    (void)metric;
    *quantity = count == 0 ? exact_zero() : exact_from_decimal(arena, samples[count - 1].number);
    return OK;
}

const struct aggregation aggregation_latest = {
    .name = "latest", .numeric = true, .aggregate = aggregate};
