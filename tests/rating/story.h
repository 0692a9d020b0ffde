// SPDX-License-Identifier: Apache-2.0
// story.h - subscriptions told in a few words, and the statements that they come to.
#pragma once

#include "documents.h"
#include "phial/rating/statement.h"
#include "phial/util/buf.h"

enum { PLANS_MAX = 3, EVENTS_MAX = 8 };

// A subscription in New York: from each day on, a plan. Events are quantities of type t.
struct story {
    const char *label;
    bool anniversary;
    const char *start;
    const char *end; // NULL: none
    struct {
        const char *from; // NULL for the first: the start
        const char *text;
    } plans[PLANS_MAX];
    struct {
        const char *time;
        const char *quantity;
        const char *group;
    } events[EVENTS_MAX];
    const char *before; // the statement before, as issued; NULL: none
    int64_t period;
    const char *expected; // "key amount, key amount, ... = subtotal"
};

#define PLAN(members) "{'key': 'p', 'currency': 'USD', 'interval': 'month', " members "}"
#define CHARGE(members) "'charges': [{'key': 'c', 'metric': 'm', " members "}]"
#define UNIT CHARGE("'model': 'per_unit', 'unit_amount': '1'")
#define FEE(key, members) "{'key': '" key "', 'amount': '300', " members "}"

static inline struct usage_event event_of(struct documents *documents, const struct story *story,
                                          size_t i)
{
    struct usage_event event = {
        .index = (int64_t)i, .type = STR("t"), .time = at(story->events[i].time)};
    ck_assert_ok(decimal_parse(str_from(story->events[i].quantity), &event.quantity));
    str properties = str_printf(&documents->arena, "{'g': '%s'}", story->events[i].group);
    event.properties = document(documents, str_to_c(&documents->arena, properties)).value;
    return event;
}

// The statement of the story's period, `m` being a metric of this text.
static inline json_t *compute_with(struct documents *documents, const struct story *story,
                                   const char *metric_text, struct subscription_terms *terms)
{
    struct usage_event events[EVENTS_MAX];
    struct usage usage = {.events = events};
    struct segment *segments = arena_array(&documents->arena, struct segment, PLANS_MAX);
    struct metric *metric = arena_new(&documents->arena, struct metric);
    *metric = *metric_of(documents, metric_text);
    const struct metric **metrics = arena_array(&documents->arena, const struct metric *, 1);
    metrics[0] = metric;
    for (; usage.count < EVENTS_MAX && story->events[usage.count].time != NULL; usage.count++)
        events[usage.count] = event_of(documents, story, usage.count);

    terms->id = STR("s");
    terms->customer = STR("clinic");
    terms->currency = CURRENCY_USD;
    terms->zone_name = STR("America/New_York");
    ck_assert_ok(zone_load(&documents->arena, terms->zone_name, &terms->zone));
    terms->anniversary = story->anniversary;
    terms->start = at(story->start);
    terms->has_end = story->end != NULL;
    if (terms->has_end)
        terms->end = at(story->end);
    if (story->before != NULL)
        terms->before = document(documents, story->before).value;
    terms->segments = segments;
    for (; terms->segment_count < PLANS_MAX && story->plans[terms->segment_count].text != NULL;
         terms->segment_count++) {
        const char *from = story->plans[terms->segment_count].from;
        segments[terms->segment_count] = (struct segment){
            .from = from == NULL ? terms->start : at(from),
            .plan = plan_of(documents, story->plans[terms->segment_count].text),
            .metrics = metrics,
            .metric_count = 1,
        };
    }
    struct period period = {0};
    json_t *statement = NULL;
    ck_assert_ok(period_of_statement(terms, story->period, &period));
    ck_assert_ok(statement_compute(&documents->arena, terms, &period, &usage, &statement));
    json_array_append_new(documents->held, statement);
    return statement;
}

static inline json_t *compute(struct documents *documents, const struct story *story,
                              struct subscription_terms *terms)
{
    return compute_with(documents, story,
                        "{'key': 'm', 'event_types': ['t'], 'aggregation': 'sum'}", terms);
}

static inline const char *print_lines(struct documents *documents, const json_t *statement)
{
    struct buf text = {.arena = &documents->arena};
    const json_t *lines = json_object_get(statement, "lines");
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        buf_addf(&text, "%s%s %s", i == 0 ? "" : ", ",
                 json_string_value(json_object_get(line, "key")),
                 json_string_value(json_object_get(line, "amount")));
    }
    buf_addf(&text, " = %s", json_string_value(json_object_get(statement, "subtotal")));
    return str_to_c(&documents->arena, buf_str(&text));
}

static inline void comes_to_what_is_expected(const struct story *stories, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct documents documents;
        documents_open(&documents);
        struct subscription_terms terms = {0};
        const json_t *statement = compute(&documents, &stories[i], &terms);
        const char *lines = print_lines(&documents, statement);
        ck_assert_msg(strcmp(lines, stories[i].expected) == 0, "%s: %s", stories[i].label, lines);
        str canonical = {0};
        ck_assert_ok(json_canonical(&documents.arena, statement, &canonical));
        documents_close(&documents);
    }
}
