// SPDX-License-Identifier: Apache-2.0
#include "filter.h"
#include "items.h"
#include "phial/rating/aggregation.h"
#include "phial/rating/metric.h"

#include <assert.h>
#include <stdlib.h>

// A sample with the group it belongs to. Sorted by group, then by its place among the events, which
// stand in the order of time.
struct member {
    struct sample sample;
    const str *group;
    size_t group_by_count;
    size_t place;
};

static int compare_groups(const struct member *a, const struct member *b)
{
    return str_compare_lists(a->group, b->group, a->group_by_count);
}

static int by_group(const void *left, const void *right)
{
    const struct member *a = left;
    const struct member *b = right;
    int order = compare_groups(a, b);
    return order != 0 ? order : (a->place > b->place) - (a->place < b->place);
}

static size_t weight_of(const struct metric *metric, const struct usage_event *event)
{
    str text = {0};
    if (!metric->weighted || !event_property(event, metric->weight_property, &text))
        return metric->weight_count;
    for (size_t i = 0; i < metric->weight_count; i++) {
        if (str_eq(metric->weight_values[i], text))
            return i;
    }
    return metric->weight_count;
}

static bool take_operation(const struct usage_event *event, bool *removes)
{
    str operation = {0};
    if (!event_property(event, STR("operation"), &operation))
        return false;
    *removes = str_eq(operation, STR("remove"));
    return *removes || str_eq(operation, STR("add"));
}

bool sample_take(const struct measurement *what, const struct usage_event *event,
                 struct sample *sample)
{
    const struct metric *metric = what->metric;
    if (!metric_takes_type(metric, event->type) ||
        !filters_pass(metric->filters, metric->filter_count, event) ||
        !filters_pass(what->filters, what->filter_count, event))
        return false;
    *sample = (struct sample){.event = event, .number = event->quantity};
    if (metric->property.len > 0) {
        if (!event_property(event, metric->property, &sample->text))
            return false;
        if (metric->aggregation->numeric && failed(decimal_parse(sample->text, &sample->number)))
            return false;
        if (metric->aggregation->switched && !take_operation(event, &sample->removes))
            return false;
    }
    sample->weight = weight_of(metric, event);
    return true;
}

bool metric_takes(const struct metric *metric, const struct usage_event *event)
{
    struct measurement what = {.metric = metric};
    struct sample sample = {0};
    return sample_take(&what, event, &sample);
}

static bool in_time(const struct measurement *what, instant at)
{
    return at.us < what->to.us && (at.us >= what->from.us || metric_carries(what->metric));
}

static const str *take_group(struct arena *arena, const struct measurement *what,
                             const struct usage_event *event)
{
    str *values = arena_array(arena, str, what->group_by_count);
    for (size_t i = 0; i < what->group_by_count; i++) {
        values[i] = STR("");
        (void)event_property(event, what->group_by[i], &values[i]);
    }
    return values;
}

static struct member *take_members(struct arena *arena, const struct measurement *what,
                                   const struct usage *usage, size_t *count)
{
    struct member *members = arena_array(arena, struct member, usage->count);
    size_t taken = 0;
    for (size_t i = 0; i < usage->count; i++) {
        struct member *member = &members[taken];
        if (!in_time(what, usage->events[i].time) ||
            !sample_take(what, &usage->events[i], &member->sample))
            continue;
        member->place = i;
        member->group_by_count = what->group_by_count;
        if (what->group_by_count > 0)
            member->group = take_group(arena, what, &usage->events[i]);
        taken++;
    }
    *count = taken;
    return members;
}

// Of one group's members.
static result measure_group(struct arena *arena, const struct measurement *what,
                            const struct member *members, size_t count, struct usage_group *group)
{
    const struct metric *metric = what->metric;
    struct sample *samples = arena_array(arena, struct sample, count);
    size_t earlier = 0;
    for (size_t i = 0; i < count; i++) {
        samples[i] = members[i].sample;
        earlier += samples[i].event->time.us < what->from.us;
    }
    struct usage_group made = {.events = (int64_t)(count - earlier)};
    for (size_t i = earlier; i < count; i++) {
        int64_t index = samples[i].event->index;
        if (i == earlier || index < made.from_index)
            made.from_index = index;
        if (index >= made.to_index)
            made.to_index = index + 1;
    }
    if (count > 0)
        made.values = members[0].group;
    struct aggregating aggregating = {
        .arena = arena,
        .metric = metric,
        .zone = what->zone,
        .from = what->from,
        .to = what->to,
        .samples = samples + earlier,
        .count = count - earlier,
        .earlier = samples,
        .earlier_count = earlier,
    };
    TRY(metric->aggregation->aggregate(&aggregating, &made.quantity));
    if (metric->rounded)
        made.quantity = exact_round(arena, made.quantity, metric->round_digits, metric->round_mode);
    if (what->items == ITEMS_EVENTS)
        items_of_events(arena, what, samples + earlier, &made);
    *group = made;
    return OK;
}

static size_t count_groups(const struct member *members, size_t count)
{
    size_t groups = count > 0;
    for (size_t i = 1; i < count; i++)
        groups += compare_groups(&members[i - 1], &members[i]) != 0;
    return groups;
}

result metric_measure(struct arena *arena, const struct measurement *what,
                      const struct usage *usage, struct usage_group **groups, size_t *count)
{
    assert(what->metric->aggregation != NULL);
    if (usage->source != NULL)
        return usage->source->measure(usage->source, arena, what, groups, count);
    size_t member_count = 0;
    struct member *members = take_members(arena, what, usage, &member_count);
    if (what->group_by == NULL) {
        struct usage_group *whole = arena_new(arena, struct usage_group);
        TRY(measure_group(arena, what, members, member_count, whole));
        *groups = whole;
        *count = 1;
        return OK;
    }
    if (member_count > 1)
        qsort(members, member_count, sizeof *members, by_group);
    size_t group_count = count_groups(members, member_count);
    if (group_count > GROUPS_MAX)
        return FAIL(INVALID, "too many groups");
    struct usage_group *made = arena_array(arena, struct usage_group, group_count);
    size_t begin = 0;
    size_t kept = 0;
    for (size_t i = 0; i < group_count; i++) {
        size_t end = begin + 1;
        while (end < member_count && compare_groups(&members[begin], &members[end]) == 0)
            end++;
        TRY(measure_group(arena, what, &members[begin], end - begin, &made[kept]));
        kept += made[kept].events > 0 || exact_sign(made[kept].quantity) != 0;
        begin = end;
    }
    *groups = made;
    *count = kept;
    return OK;
}
