// SPDX-License-Identifier: Apache-2.0
// Nearest rank: the least number that at least `percent` of the numbers do not exceed.
#include "aggregations.h"

#include <stdlib.h>

enum { WHOLE = 100 };

static bool check(struct json_at document, const struct metric *metric)
{
    if (json_object_get(document.value, "percent") == NULL)
        return json_wrong(json_member(document, "percent"), "missing_member",
                          "The aggregation needs a percent.");
    if (metric->percent.units < 0 || decimal_compare(metric->percent, decimal_from_i64(WHOLE)) > 0)
        return json_wrong(json_member(document, "percent"), "invalid", "0 to 100.");
    return true;
}

static int by_number(const void *left, const void *right)
{
    return decimal_compare(*(const decimal *)left, *(const decimal *)right);
}

static result aggregate(const struct aggregating *what, exact *quantity)
{
    *quantity = exact_zero();
    if (what->count == 0)
        return OK;
    decimal *numbers = arena_array(what->arena, decimal, what->count);
    for (size_t i = 0; i < what->count; i++)
        numbers[i] = what->samples[i].number;
    qsort(numbers, what->count, sizeof *numbers, by_number);
    int128 whole = decimal_from_i64(WHOLE).units;
    size_t rank = (size_t)((what->metric->percent.units * (int128)what->count + whole - 1) / whole);
    *quantity = exact_from_decimal(what->arena, numbers[rank == 0 ? 0 : rank - 1]);
    return OK;
}

const struct aggregation aggregation_percentile = {
    .name = "percentile",
    .numeric = true,
    .parameters = "percent",
    .check = check,
    .aggregate = aggregate,
};
