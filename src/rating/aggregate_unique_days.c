// SPDX-License-Identifier: Apache-2.0
// Distinct values with events on at least `days`, and at most `max_days`, distinct local days of
// the window.
#include "aggregations.h"
#include "folded_runs.h"
#include "value_runs.h"

enum { DAYS_MAX = 36600 };

static bool check(struct json_at document, const struct metric *metric)
{
    if (json_object_get(document.value, "days") == NULL)
        return json_wrong(json_member(document, "days"), "missing_member",
                          "The aggregation needs a number of days.");
    if (metric->days < 1 || metric->days > DAYS_MAX)
        return json_wrong(json_member(document, "days"), "invalid", "1 to 36600 days.");
    if (json_object_get(document.value, "max_days") != NULL &&
        (metric->max_days < metric->days || metric->max_days > DAYS_MAX))
        return json_wrong(json_member(document, "max_days"), "invalid",
                          "Not below days, and at most 36600.");
    return true;
}

static int64_t count_days(const struct aggregating *what, const struct value_run *run)
{
    int64_t days = 0;
    day last = {0};
    for (size_t i = 0; i < run->count; i++) {
        day today = zone_day(what->zone, run->samples[i]->event->time);
        days += i == 0 || today.number != last.number;
        last = today;
    }
    return days;
}

static bool within(const struct metric *metric, int64_t days)
{
    return days >= metric->days && (metric->max_days == 0 || days <= metric->max_days);
}

static result aggregate(const struct aggregating *what, exact *quantity)
{
    struct value_runs runs = value_runs_of(what);
    struct value_run run = {0};
    int64_t values = 0;
    while (value_runs_next(&runs, &run))
        values += within(what->metric, count_days(what, &run));
    *quantity = exact_from_i64(what->arena, values);
    return OK;
}

static result finish(const struct folded *folded, exact *quantity)
{
    struct folded_runs runs = folded_runs_of(folded);
    struct folded_run run = {0};
    int64_t values = 0;
    while (folded_runs_next(&runs, &run))
        values += within(folded->metric, folded_run_days(folded, &run));
    *quantity = exact_from_i64(folded->arena, values);
    return OK;
}

const struct aggregation aggregation_unique_days = {
    .name = "unique_days",
    .folds = FOLDS_VALUES,
    .by_day = true,
    .needs_property = true,
    .parameters = "days max_days",
    .check = check,
    .aggregate = aggregate,
    .finish = finish,
};
