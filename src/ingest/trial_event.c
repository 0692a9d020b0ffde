// SPDX-License-Identifier: Apache-2.0
// An event against its declaration, as admission decides but for the customer and the time's
// window. Tokens are checked, not made: no key is at hand.
#include "declared.h"
#include "trial_parts.h"

static const struct event_type *find_type(const struct trial *trial, const struct raw_value *key)
{
    size_t low = 0;
    size_t high = key->kind == JSON_KIND_STRING ? trial->type_count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_compare(key->text, trial->types[middle]->key);
        if (order == 0)
            return trial->types[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static struct verdict decide(const struct trial *trial, struct arena *arena,
                             const struct raw_event *event, enum event_dialect dialect)
{
    struct envelope envelope = {.type = find_type(trial, &event->members[MEMBER_TYPE]),
                                .knows_customer = true,
                                .dialect = dialect};
    struct declared declared;
    instant at = {0};
    str id = {0};
    struct verdict verdict = envelope_check(event, &envelope, &id);
    if (verdict.code == NULL)
        verdict = time_check(event, &at);
    return verdict.code == NULL ? declared_check(arena, &envelope, event, &declared) : verdict;
}

// The whole line's pointer is "/": a word always stands there.
struct trial_verdict trial_decoded(const struct trial *trial, struct arena *arena,
                                   const struct raw_event *event, enum event_dialect dialect)
{
    struct verdict verdict = decide(trial, arena, event, dialect);
    if (verdict.code == NULL)
        return (struct trial_verdict){0};
    return (struct trial_verdict){verdict.detector != NULL ? verdict.detector : verdict.code,
                                  verdict.pointer.len == 0 ? STR("/") : verdict.pointer};
}

// A CloudEvent says so itself.
static bool is_cloudevent(struct arena *arena, str line, struct raw_events *events)
{
    return !failed(split_body(arena, FORMAT_CLOUDEVENT, line, events)) &&
           events->items[0].members[MEMBER_SPECVERSION].kind != JSON_KIND_ABSENT;
}

struct trial_verdict trial_event(const struct trial *trial, struct arena *arena, str line)
{
    struct raw_events events = {0};
    struct raw_events cloudevents = {0};
    if (failed(split_body(arena, FORMAT_JSON, line, &events)) || !events.is_single)
        return (struct trial_verdict){"invalid_json", STR("/")};
    const char *code = events.items[0].verdict.code;
    if (code != NULL && str_eq(str_from(code), STR("unknown_member")) &&
        is_cloudevent(arena, line, &cloudevents))
        events = cloudevents;
    return trial_decoded(trial, arena, &events.items[0], events.dialect);
}
