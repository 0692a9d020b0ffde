// SPDX-License-Identifier: Apache-2.0
// An event against its declaration, as admit.c decides but for the customer and the time's window.
// Tokens are checked, not made: no key is at hand.
#include "phial/phi/phi.h"
#include "trial_parts.h"

enum { ID_BYTES_MAX = 128 };

struct trying {
    struct arena *arena;
    const struct event_type *type;
    const struct raw_event *event;
    enum event_dialect dialect;
};

static struct trial_verdict clean(void)
{
    return (struct trial_verdict){0};
}

// The whole line's pointer is "/": a word always stands there.
static struct trial_verdict refuse(const char *code, const char *detector, str pointer)
{
    return (struct trial_verdict){detector != NULL ? detector : code,
                                  pointer.len == 0 ? STR("/") : pointer};
}

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

static bool is_printable(const struct raw_value *value, size_t min)
{
    bool fits = value->kind == JSON_KIND_STRING && value->text.len >= min &&
                value->text.len <= ID_BYTES_MAX;
    for (size_t i = 0; fits && i < value->text.len; i++)
        fits = value->text.ptr[i] >= ' ' && value->text.ptr[i] <= '~';
    return fits;
}

static struct trial_verdict try_identity(const struct trying *trying)
{
    const struct raw_value *id = &trying->event->members[MEMBER_ID];
    const struct raw_value *source = &trying->event->members[MEMBER_SOURCE];
    if (!is_printable(id, 1))
        return refuse("invalid_id", NULL, STR("/id"));
    struct refusal of_id = text_check(id->text, trying->type != NULL && trying->type->plain_id);
    if (of_id.code != NULL)
        return refuse(of_id.code, of_id.detector, STR("/id"));
    if (source->kind == JSON_KIND_ABSENT || source->kind == JSON_KIND_NULL)
        return clean();
    if (!is_printable(source, 0))
        return refuse("invalid_id", NULL, STR("/source"));
    struct refusal of_source = text_check(source->text, true);
    return of_source.code == NULL ? clean()
                                  : refuse(of_source.code, of_source.detector, STR("/source"));
}

static struct trial_verdict try_property(const struct trying *trying,
                                         const struct raw_property *raw, uint64_t *seen)
{
    str canonical = {0};
    str above = member_pointer(trying->dialect, MEMBER_PROPERTIES);
    const struct property *property = event_type_property(trying->type, raw->name);
    if (property == NULL)
        return trying->type->drop_unknown ? clean() : refuse("property_unknown", NULL, above);
    struct refusal refusal = property_check(trying->arena, property, raw->value, &canonical);
    if (refusal.code != NULL)
        return refuse(refusal.code, refusal.detector,
                      pointer_member(trying->arena, above, property->name));
    if (canonical.len != 0)
        *seen |= UINT64_C(1) << (property - trying->type->properties);
    return clean();
}

static struct trial_verdict try_properties(const struct trying *trying)
{
    _Static_assert(PROPERTIES_MAX <= 64, "a bit for each");
    enum json_kind kind = trying->event->members[MEMBER_PROPERTIES].kind;
    str above = member_pointer(trying->dialect, MEMBER_PROPERTIES);
    uint64_t seen = 0;
    if (kind != JSON_KIND_OBJECT && kind != JSON_KIND_ABSENT && kind != JSON_KIND_NULL)
        return refuse("property_invalid", NULL, above);
    for (size_t i = 0; i < trying->event->property_count; i++) {
        struct trial_verdict verdict = try_property(trying, &trying->event->properties[i], &seen);
        if (verdict.word != NULL)
            return verdict;
    }
    for (size_t i = 0; i < trying->type->property_count; i++)
        if (trying->type->properties[i].required && (seen >> i & 1) == 0)
            return refuse("property_missing", NULL,
                          pointer_member(trying->arena, above, trying->type->properties[i].name));
    return clean();
}

struct trial_verdict trial_decoded(const struct trial *trial, struct arena *arena,
                                   const struct raw_event *event, enum event_dialect dialect)
{
    struct trying trying = {.arena = arena, .event = event, .dialect = dialect};
    instant at = {0};
    str canonical = {0};
    if (event->verdict.code != NULL)
        return refuse(event->verdict.code, event->verdict.detector, event->verdict.pointer);
    trying.type = find_type(trial, &event->members[MEMBER_TYPE]);
    struct trial_verdict of_identity = try_identity(&trying);
    if (of_identity.word != NULL)
        return of_identity;
    if (trying.type == NULL)
        return refuse("unknown_type", NULL, STR("/type"));
    const struct raw_value *time = &event->members[MEMBER_TIME];
    if (time->kind != JSON_KIND_STRING || failed(instant_parse(time->text, &at)))
        return refuse("invalid_time", NULL, STR("/time"));
    struct refusal quantity =
        quantity_check(trying.arena, trying.type, event->members[MEMBER_QUANTITY], &canonical);
    if (quantity.code != NULL)
        return refuse(quantity.code, quantity.detector,
                      member_pointer(trying.dialect, MEMBER_QUANTITY));
    return try_properties(&trying);
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
        return refuse("invalid_json", NULL, STR("/"));
    const char *code = events.items[0].verdict.code;
    if (code != NULL && str_eq(str_from(code), STR("unknown_member")) &&
        is_cloudevent(arena, line, &cloudevents))
        events = cloudevents;
    return trial_decoded(trial, arena, &events.items[0], events.dialect);
}
