// SPDX-License-Identifier: Apache-2.0
// Nearest rank: the least number that at least `percent` of the numbers do not exceed.
#include "aggregations.h"
#include "folded_runs.h"

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

// So many events have the number.
struct ranked {
    decimal number;
    int64_t events;
};

static int by_number(const void *left, const void *right)
{
    return decimal_compare(((const struct ranked *)left)->number,
                           ((const struct ranked *)right)->number);
}

// The least number that `percent` of the events do not exceed.
static exact rank(struct arena *arena, decimal percent, struct ranked *ranked, size_t count)
{
    int128 whole = decimal_from_i64(WHOLE).units;
    int64_t events = 0;
    if (count > 1)
        qsort(ranked, count, sizeof *ranked, by_number);
    for (size_t i = 0; i < count; i++)
        events += ranked[i].events;
    int64_t wanted = (int64_t)((percent.units * (int128)events + whole - 1) / whole);
    int64_t passed = 0;
    for (size_t i = 0; i < count; i++) {
        passed += ranked[i].events;
        if (passed > 0 && passed >= wanted)
            return exact_from_decimal(arena, ranked[i].number);
    }
    return exact_zero();
}

static result aggregate(const struct aggregating *what, exact *quantity)
{
    struct ranked *ranked = arena_array(what->arena, struct ranked, what->count);
    for (size_t i = 0; i < what->count; i++)
        ranked[i] = (struct ranked){what->samples[i].number, 1};
    *quantity = rank(what->arena, what->metric->percent, ranked, what->count);
    return OK;
}

// A number may stand more than once, and less than no time where its events were taken away: those
// of one number are put together first.
static result finish(const struct folded *folded, exact *quantity)
{
    struct folded_runs runs = folded_runs_of(folded);
    struct folded_run run = {0};
    struct ranked *ranked = arena_array(folded->arena, struct ranked, folded->value_count);
    size_t count = 0;
    while (folded_runs_next(&runs, &run)) {
        TRY(decimal_parse(run.values[0].value, &ranked[count].number));
        ranked[count++].events = run.count;
    }
    *quantity = rank(folded->arena, folded->metric->percent, ranked, count);
    return OK;
}

const struct aggregation aggregation_percentile = {
    .name = "percentile",
    .folds = FOLDS_VALUES,
    .numeric = true,
    .parameters = "percent",
    .check = check,
    .aggregate = aggregate,
    .finish = finish,
};
