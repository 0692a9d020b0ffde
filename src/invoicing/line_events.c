// SPDX-License-Identifier: Apache-2.0
#include "compute.h"

#include <stdlib.h>

struct found_event {
    const struct usage_event *event;
};

struct found_events {
    struct arena *arena;
    const struct subscription_terms *terms;
    const struct usage *usage;
    struct found_event *items;
    size_t count;
};

static const struct charge *find_charge(const struct segment *segment, str key)
{
    for (size_t i = 0; i < segment->plan->charge_count; i++) {
        if (str_eq(segment->plan->charges[i].key, key))
            return &segment->plan->charges[i];
    }
    return NULL;
}

static const struct metric *find_metric(const struct segment *segment, str key)
{
    for (size_t i = 0; i < segment->metric_count; i++) {
        if (str_eq(segment->metrics[i]->key, key))
            return segment->metrics[i];
    }
    return NULL;
}

static const struct segment *segment_at(const struct subscription_terms *terms, instant at)
{
    const struct segment *found = &terms->segments[0];
    for (size_t i = 1; i < terms->segment_count; i++) {
        if (terms->segments[i].from.us <= at.us)
            found = &terms->segments[i];
    }
    return found;
}

// Measured alone: whoever measures all of them counts it by the same rules.
static result counts(const struct measurement *what, const struct usage_event *event, bool *counted)
{
    struct arena arena = {0};
    struct usage one = {.events = event, .count = 1};
    struct usage_group *groups = NULL;
    size_t count = 0;
    result measured = metric_measure(&arena, what, &one, &groups, &count);
    *counted = !failed(measured) && count == 1 && groups[0].events == 1;
    arena_reset(&arena);
    return measured;
}

static result add_line(struct found_events *found, const json_t *line)
{
    const json_t *period = json_object_get(line, "period");
    struct measurement what = {.zone = found->terms->zone};
    TRY(instant_parse(json_str(json_object_get(period, "start")), &what.from));
    TRY(instant_parse(json_str(json_object_get(period, "end")), &what.to));
    const struct segment *segment = segment_at(found->terms, what.from);
    const struct charge *charge = find_charge(segment, json_str(json_object_get(line, "key")));
    what.metric = charge == NULL ? NULL : find_metric(segment, charge->metric);
    if (what.metric == NULL)
        return FAIL(INTERNAL, "a line has no charge");
    what.filters = charge->filters;
    what.filter_count = charge->filter_count;
    for (size_t i = 0; i < found->usage->count; i++) {
        bool counted = false;
        TRY(counts(&what, &found->usage->events[i], &counted));
        if (counted)
            found->items[found->count++].event = &found->usage->events[i];
    }
    return OK;
}

static int by_index(const void *left, const void *right)
{
    int64_t a = ((const struct found_event *)left)->event->index;
    int64_t b = ((const struct found_event *)right)->event->index;
    return (a > b) - (a < b);
}

// The usage lines of a key: one a segment, or several where they are in groups, of which the first
// stands for the others.
static result find_events(const struct line_query *query, struct found_events *found)
{
    const json_t *lines = json_object_get(query->statement, "lines");
    const json_t *last = NULL; // the period of the last line that was taken
    bool any = false;
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        const json_t *period = json_object_get(line, "period");
        if (!str_eq(json_str(json_object_get(line, "key")), query->key))
            continue;
        any = true;
        if (!str_eq(json_str(json_object_get(line, "kind")), STR("usage")) ||
            json_equal(last, period) ||
            json_integer_value(json_object_get(json_object_get(line, "events"), "count")) == 0)
            continue;
        last = period;
        TRY(add_line(found, line));
    }
    return any ? OK : FAIL(NOT_FOUND, "The invoice has no line of that key.");
}

result line_events_each(struct db_tx *tx, const struct line_query *query,
                        result (*row)(void *context, const struct usage_event *event),
                        void *context)
{
    OWNED(json_release) json_t *held = NULL;
    OWNED(usage_fold_release) struct usage_fold *fold = NULL;
    struct subscription_terms terms = {0};
    struct usage usage = {0};
    struct head head = {0};
    const json_t *size = json_object_get(json_object_get(query->statement, "ledger"), "size");
    TRY(subscription_terms_read(tx, query->invoice->subscription, &terms, &held));
    TRY(ledger_head(tx, query->invoice->customer_id, &head));
    head.size = json_integer_value(size);
    struct usage_span span = {&head, NULL, query->invoice->period_start,
                              query->invoice->period_end};
    TRY(usage_read(tx, &span, &fold, &usage));
    struct found_events found = {
        .arena = db_arena(tx),
        .terms = &terms,
        .usage = &usage,
        .items = arena_array(db_arena(tx), struct found_event, usage.count), // segments share none
    };
    TRY(find_events(query, &found));
    if (found.count > 0)
        qsort(found.items, found.count, sizeof *found.items, by_index);
    int64_t handed = 0;
    for (size_t i = 0; i < found.count && handed < query->limit; i++) {
        if (found.items[i].event->index < query->after)
            continue;
        TRY(row(context, found.items[i].event));
        handed++;
    }
    return OK;
}
