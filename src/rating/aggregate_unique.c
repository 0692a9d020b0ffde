// SPDX-License-Identifier: Apache-2.0
// Distinct values of the property.
#include "aggregations.h"

#include <stdlib.h>

static int by_bytes(const void *a, const void *b)
{
    return str_compare(*(const str *)a, *(const str *)b);
}

static result aggregate(struct arena *arena, const struct metric *metric,
                        const struct sample *samples, size_t count, exact *quantity)
{
    (void)metric;
    str *texts = arena_array(arena, str, count);
    for (size_t i = 0; i < count; i++)
        texts[i] = samples[i].text;
    qsort(texts, count, sizeof *texts, by_bytes);
    int64_t distinct = 0;
    for (size_t i = 0; i < count; i++)
        distinct += i == 0 || !str_eq(texts[i], texts[i - 1]);
    *quantity = exact_from_i64(arena, distinct);
    return OK;
}

const struct aggregation aggregation_unique = {
    .name = "unique", .needs_property = true, .aggregate = aggregate};
