// SPDX-License-Identifier: Apache-2.0
#include "canonical.h"

#include "phial/json/json.h"

#include <assert.h>
#include <string.h>

// A declared property's value in the order of the declaration; "" where the event has none.
struct values {
    str json[PROPERTIES_MAX];
    ptrdiff_t blanks[PROPERTIES_MAX]; // of tokens
    size_t bytes;                     // of names and values
};

// The raw text is replaced here and goes no further.
static result tokenise(struct canonical *canonical, const struct canonical_event *event,
                       const struct property *property, str *json, ptrdiff_t *blank)
{
    struct token_owner owner = {.customer_id = event->customer->id,
                                .zone = event->customer->zone,
                                .source = event->source,
                                .id = event->id,
                                .at = event->at};
    return token_make(&canonical->tokeniser, &owner, property, json, blank);
}

static str properties_pointer(const struct canonical *canonical)
{
    return member_pointer(canonical->dialect, MEMBER_PROPERTIES);
}

static void blame(const struct canonical *canonical, const struct property *property,
                  struct verdict *verdict)
{
    verdict->pointer =
        pointer_member(canonical->arena, properties_pointer(canonical), property->name);
}

static result check_property(struct canonical *canonical, struct canonical_event *event,
                             const struct raw_property *raw, struct values *values,
                             struct verdict *verdict)
{
    const struct event_type *type = event->type;
    const struct property *property = event_type_property(type, raw->name);
    if (property == NULL) {
        event->dropped++;
        if (!type->drop_unknown)
            *verdict = (struct verdict){"property_unknown", NULL, properties_pointer(canonical)};
        return OK;
    }
    ptrdiff_t place = property - type->properties;
    str *json = &values->json[place];
    struct refusal refusal = property_check(canonical->arena, property, raw->value, json);
    *verdict = (struct verdict){.code = refusal.code, .detector = refusal.detector};
    if (verdict->code == NULL && property->type == PROPERTY_TOKEN)
        TRY(tokenise(canonical, event, property, json, &values->blanks[place]));
    if (verdict->code != NULL)
        blame(canonical, property, verdict);
    else
        values->bytes += property->name.len + json->len + sizeof "\"\":,";
    return OK;
}

static result check_properties(struct canonical *canonical, const struct raw_event *raw,
                               struct canonical_event *event, struct values *values,
                               struct verdict *verdict)
{
    enum json_kind kind = raw->members[MEMBER_PROPERTIES].kind;
    const struct event_type *type = event->type;
    if (kind != JSON_KIND_OBJECT && kind != JSON_KIND_ABSENT && kind != JSON_KIND_NULL) {
        *verdict = (struct verdict){"property_invalid", NULL, properties_pointer(canonical)};
        return OK;
    }
    for (size_t i = 0; i < raw->property_count && verdict->code == NULL; i++)
        TRY(check_property(canonical, event, &raw->properties[i], values, verdict));
    for (size_t i = 0; i < type->property_count && verdict->code == NULL; i++) {
        if (type->properties[i].required && values->json[i].len == 0) {
            verdict->code = "property_missing";
            blame(canonical, &type->properties[i], verdict);
        }
    }
    return OK;
}

static str print_time(struct canonical *canonical, instant at)
{
    if (canonical->printed.len == 0 || canonical->printed_time.us != at.us) {
        canonical->printed = instant_print_canonical(canonical->arena, at);
        canonical->printed_time = at;
    }
    return canonical->printed;
}

static void print_properties(const struct canonical *canonical, struct buf *text,
                             const struct event_type *type, const struct values *values)
{
    bool first = true;
    buf_add_char(text, '{');
    for (size_t i = 0; i < type->property_count; i++) {
        if (values->json[i].len == 0)
            continue;
        buf_add(text, first ? STR("\"") : STR(",\""));
        buf_add(text, type->properties[i].name);
        buf_add(text, STR("\":"));
        char *value = buf_room(text, values->json[i].len);
        memcpy(value, values->json[i].ptr, values->json[i].len);
        if (type->properties[i].type == PROPERTY_TOKEN && values->blanks[i] != NO_BLANK)
            token_place(&canonical->tokeniser, values->blanks[i], value);
        first = false;
    }
    buf_add_char(text, '}');
}

// Names and keys need no escapes; ids and sources are printable ASCII, at most doubled by them.
static str print_event(struct canonical *canonical, const struct canonical_event *event,
                       const struct values *values, str quantity)
{
    enum { FRAME = 160 }; // member names, punctuation and the time
    size_t size = FRAME + 2 * event->id.len + 2 * event->source.len + event->type->key.len +
                  quantity.len + values->bytes;
    struct buf text = {canonical->arena, arena_array(canonical->arena, char, size), 0, size};
    buf_add(&text, STR("{\"id\":"));
    json_quote(&text, event->id);
    buf_add(&text, STR(",\"properties\":"));
    print_properties(canonical, &text, event->type, values);
    buf_add(&text, STR(",\"quantity\":"));
    buf_add(&text, quantity);
    buf_add(&text, STR(",\"source\":"));
    json_quote(&text, event->source);
    buf_add(&text, STR(",\"time\":\""));
    buf_add(&text, print_time(canonical, event->time));
    buf_add(&text, STR("\",\"type\":\""));
    buf_add(&text, event->type->key);
    buf_add(&text, STR("\"}"));
    assert(text.size == size); // it never had to grow
    return buf_str(&text);
}

result canonical_make(struct canonical *canonical, const struct raw_event *raw,
                      struct canonical_event *event, struct verdict *verdict)
{
    const struct event_type *type = event->type;
    str quantity = {0};
    struct refusal refusal =
        quantity_check(canonical->arena, type, raw->members[MEMBER_QUANTITY], &quantity);
    if (refusal.code != NULL) {
        *verdict = (struct verdict){refusal.code, refusal.detector,
                                    member_pointer(canonical->dialect, MEMBER_QUANTITY)};
        return OK;
    }
    struct values values;
    assert(type->property_count <= PROPERTIES_MAX);
    memset(values.json, 0, type->property_count * sizeof *values.json);
    values.bytes = 0;
    TRY(check_properties(canonical, raw, event, &values, verdict));
    if (verdict->code != NULL)
        return OK;
    event->time = event_time_stored(type, event->customer->zone, event->at);
    event->json = print_event(canonical, event, &values, quantity);
    return OK;
}
