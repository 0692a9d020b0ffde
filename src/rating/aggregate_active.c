// SPDX-License-Identifier: Apache-2.0
// Distinct values that were added in the window, or on at its first instant. A removal at that
// instant comes before it; an addition counts even if it is removed at the same instant.
#include "aggregations.h"
#include "folded_switches.h"
#include "value_runs.h"

static bool is_active(const struct value_run *run, instant from)
{
    bool on = run->earlier > 0 && !run->samples[run->earlier - 1]->removes;
    for (size_t i = run->earlier; i < run->count; i++) {
        if (!run->samples[i]->removes)
            return true;
        on = on && run->samples[i]->event->time.us != from.us;
    }
    return on;
}

static result aggregate(const struct aggregating *what, exact *quantity)
{
    struct value_runs runs = value_runs_of(what);
    struct value_run run = {0};
    int64_t values = 0;
    while (what->from.us < what->to.us && value_runs_next(&runs, &run))
        values += is_active(&run, what->from);
    *quantity = exact_from_i64(what->arena, values);
    return OK;
}

static result finish(const struct folded *folded, exact *quantity)
{
    struct aggregating what = {0};
    if (folded->switched != NULL) {
        *quantity = *folded->switched;
        return OK;
    }
    TRY(folded_switches_read(folded, &what));
    return aggregate(&what, quantity);
}

const struct aggregation aggregation_active = {
    .name = "active",
    .folds = FOLDS_SWITCHES,
    .needs_property = true,
    .carries = true,
    .switched = true,
    .aggregate = aggregate,
    .finish = finish,
};
