// SPDX-License-Identifier: Apache-2.0
// The average level: each level times how long it stood, over the length of the window. The level
// is the running quantity, or with a property the number of its values that are on. What stood
// before the window is carried in.
#include "aggregations.h"
#include "folded_switches.h"
#include "value_runs.h"

// An event moves the level from its time to the window's end: areas add up in any order.
static exact area_of(struct arena *arena, decimal step, int64_t us)
{
    return exact_mul(arena, exact_from_decimal(arena, step), exact_from_i64(arena, us));
}

// Steps at one time are one step.
static result running_area(const struct aggregating *what, exact *area)
{
    int64_t window = what->to.us - what->from.us;
    decimal step = {0};
    for (size_t i = 0; i < what->earlier_count; i++)
        TRY(decimal_add(step, what->earlier[i].number, &step));
    *area = area_of(what->arena, step, window);
    for (size_t i = 0; i < what->count;) {
        instant at = what->samples[i].event->time;
        step = (decimal){0};
        for (; i < what->count && what->samples[i].event->time.us == at.us; i++)
            TRY(decimal_add(step, what->samples[i].number, &step));
        *area = exact_add(what->arena, *area, area_of(what->arena, step, what->to.us - at.us));
    }
    return OK;
}

static int64_t time_on(const struct aggregating *what, const struct value_run *run)
{
    int64_t on = 0;
    bool is_on = run->earlier > 0 && !run->samples[run->earlier - 1]->removes;
    if (is_on)
        on = what->to.us - what->from.us;
    for (size_t i = run->earlier; i < run->count; i++) {
        int64_t left = what->to.us - run->samples[i]->event->time.us;
        if (run->samples[i]->removes == is_on)
            on += is_on ? -left : left;
        is_on = !run->samples[i]->removes;
    }
    return on;
}

static exact values_area(const struct aggregating *what)
{
    struct value_runs runs = value_runs_of(what);
    struct value_run run = {0};
    exact area = exact_zero();
    while (value_runs_next(&runs, &run))
        area = exact_add(what->arena, area, exact_from_i64(what->arena, time_on(what, &run)));
    return area;
}

static result aggregate(const struct aggregating *what, exact *quantity)
{
    exact area = exact_zero();
    *quantity = area;
    if (what->from.us >= what->to.us)
        return OK;
    if (what->metric->property.len > 0)
        area = values_area(what);
    else
        TRY(running_area(what, &area));
    *quantity =
        exact_div(what->arena, area, exact_from_i64(what->arena, what->to.us - what->from.us));
    return OK;
}

static result finish(const struct folded *folded, exact *quantity)
{
    int64_t window = folded->to.us - folded->from.us;
    exact area = folded->switched == NULL ? folded->area : *folded->switched;
    struct aggregating what = {0};
    if (folded->metric->property.len > 0 && folded->switched == NULL) {
        TRY(folded_switches_read(folded, &what));
        return aggregate(&what, quantity);
    }
    *quantity = window == 0 ? exact_zero()
                            : exact_div(folded->arena, area, exact_from_i64(folded->arena, window));
    return OK;
}

const struct aggregation aggregation_time_weighted = {
    .name = "time_weighted",
    .folds = FOLDS_MOMENT,
    .carries = true,
    .switched = true,
    .aggregate = aggregate,
    .finish = finish,
};
