// SPDX-License-Identifier: Apache-2.0
// From lines and values to quantities.
#include "fnv.h"
#include "held_values.h"
#include "phial/rating/aggregation.h"
#include "phial/rating/switches.h"
#include "phial/rating/tally.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 64 };

struct window_group {
    const str *values; // beside the group_by asked for
    struct usage_tally_sum added;
    struct usage_tally_sum removed;
    decimal *totals; // by weight, what was removed taken off
    exact area;
    const exact *switched; // NULL: what is held tells
    struct folded_value *held;
    size_t held_count;
    size_t held_room;
    size_t *slots; // places among those held, by their values' hashes; 0 is none
    size_t slot_count;
};

struct usage_tally_window {
    struct arena *arena;
    struct measurement what;
    bool bounds;    // are asked for
    size_t *places; // of each group_by asked for among the metric's
    struct window_group *groups;
    size_t count;
    size_t room;
    size_t last; // the group found last: lines come group by group
};

static bool find_place(const struct metric *metric, str name, size_t *place)
{
    for (size_t i = 0; i < metric->group_by_count; i++) {
        if (str_eq(metric->group_by[i], name)) {
            *place = i;
            return true;
        }
    }
    return false;
}

bool usage_tally_serves(const struct measurement *what)
{
    size_t place = 0;
    for (size_t i = 0; i < what->group_by_count; i++) {
        if (!find_place(what->metric, what->group_by[i], &place))
            return false;
    }
    return what->filter_count == 0 && what->items != ITEMS_EVENTS;
}

struct usage_tally_window *usage_tally_window_new(struct arena *arena,
                                                  const struct measurement *what, bool bounds)
{
    struct usage_tally_window *window = arena_new(arena, struct usage_tally_window);
    *window = (struct usage_tally_window){
        .arena = arena,
        .what = *what,
        .bounds = bounds,
        .places = arena_array(arena, size_t, what->group_by_count),
    };
    for (size_t i = 0; i < what->group_by_count; i++)
        (void)find_place(what->metric, what->group_by[i], &window->places[i]);
    if (what->group_by_count == 0) { // all in one
        window->groups = arena_new(arena, struct window_group);
        window->room = 1;
    }
    return window;
}

// The values asked for out of the text of a line's group.
static void read_values(const struct usage_tally_window *window, str group, str *values)
{
    for (size_t i = 0; i < window->what.group_by_count; i++) {
        str rest = group;
        values[i] = STR("");
        for (size_t k = 0; k <= window->places[i]; k++)
            (void)str_cut(rest, '/', &values[i], &rest);
    }
}

static struct window_group *add_group(struct usage_tally_window *window, const str *values)
{
    window->groups = arena_grow(window->arena, window->groups, window->count, &window->room,
                                sizeof *window->groups);
    str *kept = arena_array(window->arena, str, window->what.group_by_count);
    for (size_t i = 0; values != NULL && i < window->what.group_by_count; i++)
        kept[i] = str_copy(window->arena, values[i]);
    window->groups[window->count] = (struct window_group){
        .values = kept,
        .totals = arena_array(window->arena, decimal, window->what.metric->weight_count + 1),
    };
    return &window->groups[window->count++];
}

// NULL beyond GROUPS_MAX.
static struct window_group *group_of(struct usage_tally_window *window, str group)
{
    str values[GROUP_BY_MAX] = {0};
    read_values(window, group, values);
    for (size_t i = 0; i < window->count; i++) {
        size_t at = (window->last + i) % window->count;
        if (str_compare_lists(window->groups[at].values, values, window->what.group_by_count) ==
            0) {
            window->last = at;
            return &window->groups[at];
        }
    }
    if (window->count == GROUPS_MAX)
        return NULL;
    window->last = window->count;
    return add_group(window, values);
}

// An event's number stands from its time to the window's end, or all of the window.
static exact area_of(const struct usage_tally_window *window, const struct usage_tally_line *line,
                     const struct usage_tally_sum *sum, bool earlier)
{
    const struct measurement *what = &window->what;
    instant since = earlier ? what->from : line->bucket;
    exact area = exact_mul(window->arena, exact_from_decimal(window->arena, sum->total),
                           exact_from_i64(window->arena, what->to.us - since.us));
    return earlier ? area : exact_sub(window->arena, area, sum->moment);
}

static uint64_t hash_value(str value, bool earlier)
{
    return fnv_end(fnv_add(earlier ? FNV_BASIS : FNV_BASIS + 1, value));
}

// The slot of the value, or the free one where it belongs.
static size_t *find_slot(const struct window_group *group, str value, bool earlier)
{
    size_t at = hash_value(value, earlier) & (group->slot_count - 1);
    while (group->slots[at] != 0) {
        const struct folded_value *there = &group->held[group->slots[at] - 1];
        if (there->earlier == earlier && str_eq(there->value, value))
            break;
        at = (at + 1) & (group->slot_count - 1);
    }
    return &group->slots[at];
}

// Never more than half full.
static void make_room(struct arena *arena, struct window_group *group)
{
    if (2 * (group->held_count + 1) <= group->slot_count)
        return;
    group->slot_count = group->slot_count == 0 ? FIRST_SLOTS : group->slot_count * 2;
    group->slots = arena_array(arena, size_t, group->slot_count);
    for (size_t i = 0; i < group->held_count; i++)
        *find_slot(group, group->held[i].value, group->held[i].earlier) = i + 1;
}

static void hold(struct usage_tally_window *window, struct window_group *group,
                 const struct folded_value *value)
{
    group->held = arena_grow(window->arena, group->held, group->held_count, &group->held_room,
                             sizeof *group->held);
    group->held[group->held_count++] = *value;
}

// Where days do not tell them apart, what many buckets hold of a value is put together at once: a
// window has far fewer values than buckets times values.
static void add_value(struct usage_tally_window *window, struct window_group *group,
                      const struct folded_value *value)
{
    if (metric_folds_by_quarters(window->what.metric)) {
        hold(window, group, value);
        return;
    }
    make_room(window->arena, group);
    size_t *slot = find_slot(group, value->value, value->earlier);
    if (*slot != 0) {
        group->held[*slot - 1].events += value->events;
        return;
    }
    hold(window, group, value);
    *slot = group->held_count;
}

static result add_held(struct usage_tally_window *window, struct window_group *group,
                       const struct usage_tally_line *line, bool earlier)
{
    struct folded_value value = {.bucket = line->bucket, .earlier = earlier};
    struct held_values held = held_values_of(line->held);
    while (held_values_next(&held, &value.value, &value.events))
        add_value(window, group, &value);
    return held_values_end(&held);
}

result usage_tally_window_line(struct usage_tally_window *window,
                               const struct usage_tally_line *line, bool earlier)
{
    const struct metric *metric = window->what.metric;
    struct window_group *group = group_of(window, line->group);
    if (group == NULL)
        return FAIL(INVALID, "too many groups");
    TRY(add_held(window, group, line, earlier));
    if (metric_folding(metric) == FOLDS_MOMENT) {
        group->area =
            exact_add(window->arena, group->area, area_of(window, line, &line->added, earlier));
        group->area =
            exact_sub(window->arena, group->area, area_of(window, line, &line->removed, earlier));
    }
    if (earlier)
        return OK;
    if (metric_folding(metric) == FOLDS_TOTAL && line->weight <= metric->weight_count) {
        decimal *total = &group->totals[line->weight];
        TRY(decimal_add(*total, line->added.total, total));
        TRY(decimal_add(*total, (decimal){-line->removed.total.units}, total));
    }
    TRY(usage_tally_sum_add(window->arena, metric, &group->added, &line->added));
    return usage_tally_sum_add(window->arena, metric, &group->removed, &line->removed);
}

result usage_tally_window_value(struct usage_tally_window *window,
                                const struct usage_tally_value *value, bool earlier)
{
    struct window_group *group = group_of(window, value->group);
    if (group == NULL)
        return FAIL(INVALID, "too many groups");
    add_value(window, group,
              &(struct folded_value){value->value, value->events, value->bucket, earlier});
    return OK;
}

result usage_tally_window_switches(struct usage_tally_window *window, struct switches *switches)
{
    size_t count = switches_group_count(switches);
    size_t *places = arena_array(window->arena, size_t, count);
    for (size_t i = 0; i < count; i++) {
        const struct window_group *group = group_of(window, switches_group_at(switches, i));
        if (group == NULL)
            return FAIL(INVALID, "too many groups");
        places[i] = (size_t)(group - window->groups);
    }
    struct switches_window asked = {
        .area = window->what.metric->aggregation->folds == FOLDS_MOMENT,
        .from = window->what.from,
        .to = window->what.to,
        .places = places,
        .place_count = window->count,
    };
    const exact *quantities = switches_measure(switches, window->arena, &asked);
    for (size_t i = 0; i < window->count; i++)
        window->groups[i].switched = &quantities[i];
    return OK;
}

static result finish_group(const struct usage_tally_window *window, struct window_group *group,
                           bool *worn, struct usage_group *made)
{
    const struct metric *metric = window->what.metric;
    TRY(usage_tally_sum_remove(window->arena, metric, &group->added, &group->removed));
    group->added.worn_bounds = group->added.worn_bounds && window->bounds;
    *worn = *worn || usage_tally_sum_is_worn(metric, &group->added);
    if (*worn)
        return OK;
    struct folded folded = {
        .arena = window->arena,
        .metric = metric,
        .zone = window->what.zone,
        .events = group->added.events,
        .totals = group->totals,
        .extreme = group->added.extreme,
        .area = group->area,
        .switched = group->switched,
        .values = group->held,
        .value_count = group->held_count,
        .from = window->what.from,
        .to = window->what.to,
    };
    *made = (struct usage_group){
        .values = window->what.group_by == NULL ? NULL : group->values,
        .events = group->added.events,
        .from_index = group->added.events > 0 ? group->added.first_index : 0,
        .to_index = group->added.events > 0 ? group->added.last_index + 1 : 0,
    };
    TRY(metric->aggregation->finish(&folded, &made->quantity));
    if (metric->rounded)
        made->quantity =
            exact_round(window->arena, made->quantity, metric->round_digits, metric->round_mode);
    return OK;
}

struct sorted_group {
    size_t group_by_count;
    struct usage_group group;
};

static int by_values(const void *left, const void *right)
{
    const struct sorted_group *a = left;
    const struct sorted_group *b = right;
    return str_compare_lists(a->group.values, b->group.values, a->group_by_count);
}

result usage_tally_window_measure(struct usage_tally_window *window, bool *worn,
                                  struct usage_group **groups, size_t *count)
{
    bool whole = window->what.group_by == NULL;
    if (whole && window->count == 0)
        (void)add_group(window, NULL);
    struct sorted_group *sorted = arena_array(window->arena, struct sorted_group, window->count);
    size_t kept = 0;
    *worn = false;
    for (size_t i = 0; i < window->count; i++) {
        struct usage_group *made = &sorted[kept].group;
        sorted[kept].group_by_count = window->what.group_by_count;
        TRY(finish_group(window, &window->groups[i], worn, made));
        if (*worn)
            return OK;
        kept += whole || made->events > 0 || exact_sign(made->quantity) != 0;
    }
    if (kept > 1)
        qsort(sorted, kept, sizeof *sorted, by_values);
    *groups = arena_array(window->arena, struct usage_group, kept);
    for (size_t i = 0; i < kept; i++)
        (*groups)[i] = sorted[i].group;
    *count = kept;
    return OK;
}
