// SPDX-License-Identifier: Apache-2.0
#include "phial/ingest/amend.h"

#include "phial/phi/phi.h"
#include "tokens.h"

#include <string.h>

// What is set, canonical; "" where nothing is.
struct setting {
    str quantity;
    str time;
    instant at;                     // as sent, or as it stands
    str properties[PROPERTIES_MAX]; // beside those of the type
    bool sets_properties;
};

// A value as the event's own reader would have it. Real numbers have no lexeme here and need none:
// every type refuses them.
static struct raw_value raw_of(struct arena *arena, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return (struct raw_value){JSON_KIND_STRING, json_str(value)};
    case JSON_INTEGER:
        return (struct raw_value){JSON_KIND_NUMBER,
                                  str_printf(arena, "%lld", (long long)json_integer_value(value))};
    case JSON_REAL:
        return (struct raw_value){JSON_KIND_NUMBER, STR("0.0")};
    case JSON_TRUE:
        return (struct raw_value){JSON_KIND_TRUE, STR("")};
    case JSON_FALSE:
        return (struct raw_value){JSON_KIND_FALSE, STR("")};
    case JSON_ARRAY:
        return (struct raw_value){JSON_KIND_ARRAY, STR("")};
    case JSON_OBJECT:
        return (struct raw_value){JSON_KIND_OBJECT, STR("")};
    case JSON_NULL:
        return (struct raw_value){JSON_KIND_NULL, STR("")};
    }
    return (struct raw_value){JSON_KIND_ABSENT, STR("")};
}

static void blame(struct json_at at, struct refusal refusal)
{
    if (refusal.detector != NULL)
        faults_add_phi(at.faults, at.pointer, refusal.detector);
    else
        json_wrong(at, refusal.code, "The event type does not allow this.");
}

static result tokenise(struct tokeniser *tokeniser, const struct amendment *amendment,
                       const struct property *property, instant time, str *json)
{
    ptrdiff_t blank = NO_BLANK;
    struct token_owner owner = {.customer_id = amendment->customer->id,
                                .zone = amendment->customer->zone,
                                .source = amendment->source,
                                .id = amendment->id,
                                .at = time};
    TRY(token_make(tokeniser, &owner, property, json, &blank));
    if (blank == NO_BLANK)
        return OK;
    struct buf text = {.arena = tokeniser->arena};
    char *room = buf_room(&text, json->len);
    memcpy(room, json->ptr, json->len);
    token_place(tokeniser, blank, room);
    *json = buf_str(&text);
    return tokens_fill(tokeniser);
}

static result read_property(const struct amendment *amendment, struct json_at properties,
                            const char *name, struct setting *setting)
{
    const struct property *property = event_type_property(amendment->type, str_from(name));
    if (property == NULL) {
        if (!amendment->type->drop_unknown)
            json_wrong(properties, "property_unknown", "The event type does not declare this.");
        return OK;
    }
    struct json_at at = json_member(properties, name);
    str *json = &setting->properties[property - amendment->type->properties];
    struct refusal refusal =
        property_check(at.faults->arena, property, raw_of(at.faults->arena, at.value), json);
    if (refusal.code != NULL) {
        blame(at, refusal);
        return OK;
    }
    setting->sets_properties = true;
    if (property->type != PROPERTY_TOKEN)
        return OK;
    struct tokeniser tokeniser = {
        .arena = at.faults->arena, .db = amendment->db, .cache = amendment->cache};
    return tokenise(&tokeniser, amendment, property, setting->at, json);
}

static result read_properties(const struct amendment *amendment, struct json_at properties,
                              struct setting *setting)
{
    const char *name = NULL;
    json_t *value = NULL;
    if (properties.value == NULL || !json_is_object(properties.value))
        return OK;
    json_object_foreach(json_iterable(properties.value), name, value)
        TRY(read_property(amendment, properties, name, setting));
    return OK;
}

static void read_quantity(const struct amendment *amendment, struct json_at at,
                          struct setting *setting)
{
    if (at.value == NULL || json_is_null(at.value))
        return;
    struct refusal refusal = quantity_check(at.faults->arena, amendment->type,
                                            raw_of(at.faults->arena, at.value), &setting->quantity);
    if (refusal.code != NULL)
        blame(at, refusal);
}

static void read_time(const struct amendment *amendment, struct json_at at, struct setting *setting)
{
    instant time = {0};
    if (at.value == NULL || json_is_null(at.value))
        return;
    if (!json_is_string(at.value) || failed(instant_parse(json_str(at.value), &time))) {
        json_wrong(at, "invalid_time", "This must be an RFC 3339 time with an offset.");
        return;
    }
    int128 past = (int128)amendment->now.us - time.us;
    if (past > amendment->type->window_past_us)
        json_wrong(at, "time_too_old", "The time lies before the event type's window.");
    else if (-past > amendment->type->window_future_us)
        json_wrong(at, "time_in_future", "The time lies after the event type's window.");
    struct arena *arena = at.faults->arena;
    instant stored = event_time_stored(amendment->type, amendment->customer->zone, time);
    setting->at = time;
    setting->time =
        str_printf(arena, "\"%" STR_FMT "\"", STR_ARG(instant_print_canonical(arena, stored)));
}

// A token of one month must not stand in another: what links a person from month to month is what
// its scope promises not to be. What the event does not carry stands in no month.
static void check_months(const struct amendment *amendment, struct json_at document,
                         const struct setting *setting)
{
    struct arena *arena = document.faults->arena;
    const struct zone *zone = amendment->customer->zone;
    for (size_t i = 0; i < amendment->type->property_count; i++) {
        const struct property *property = &amendment->type->properties[i];
        if (property->type == PROPERTY_TOKEN && setting->properties[i].len == 0 &&
            json_object_get(amendment->properties, str_to_c(arena, property->name)) != NULL &&
            !str_eq(token_key_scope(arena, property, zone, setting->at),
                    token_key_scope(arena, property, zone, amendment->time)))
            json_wrong(json_member(document, "time"), "invalid_time",
                       "The time lies in another month than the event's tokens: send these again.");
    }
}

static void add_member(struct buf *text, const char *name, str json)
{
    if (json.len == 0)
        return;
    buf_add(text, text->len == 1 ? STR("\"") : STR(",\""));
    buf_add(text, str_from(name));
    buf_add(text, STR("\":"));
    buf_add(text, json);
}

static str print_setting(struct arena *arena, const struct event_type *type,
                         const struct setting *setting)
{
    struct buf text = {.arena = arena};
    struct buf properties = {.arena = arena};
    buf_add_char(&properties, '{');
    for (size_t i = 0; i < type->property_count; i++)
        add_member(&properties, str_to_c(arena, type->properties[i].name), setting->properties[i]);
    buf_add_char(&properties, '}');
    buf_add_char(&text, '{');
    add_member(&text, "properties", setting->sets_properties ? buf_str(&properties) : STR(""));
    add_member(&text, "quantity", setting->quantity);
    add_member(&text, "time", setting->time);
    buf_add_char(&text, '}');
    return buf_str(&text);
}

result amendment_read(const struct amendment *amendment, struct json_at document, str *set)
{
    const json_t *unread = NULL;
    struct setting setting = {.at = amendment->time};
    if (!json_read(document, FIELDS(json_optional(json_any("quantity", &unread)),
                                    json_optional(json_members("properties", &unread)),
                                    json_optional(json_any("time", &unread)))))
        return faults_result(document.faults);
    read_time(amendment, json_member(document, "time"), &setting);
    read_quantity(amendment, json_member(document, "quantity"), &setting);
    TRY(read_properties(amendment, json_member(document, "properties"), &setting));
    if (setting.time.len != 0)
        check_months(amendment, document, &setting);
    TRY(faults_result(document.faults));
    if (setting.time.len == 0 && setting.quantity.len == 0 && !setting.sets_properties) {
        json_wrong(document, "missing_member", "An amendment sets quantity, properties or time.");
        return faults_result(document.faults);
    }
    *set = print_setting(document.faults->arena, amendment->type, &setting);
    return OK;
}
