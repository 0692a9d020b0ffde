// SPDX-License-Identifier: Apache-2.0
#include "phial/phi/event_type.h"

#include "declare.h"
#include "phial/phi/phi.h"

#include <stdlib.h>

enum { DESCRIPTION_BYTES_MAX = 1000, WINDOW_PAST_DAYS = 35, WINDOW_FUTURE_MINUTES = 5 };

static const int64_t second_us = 1000000;
static const int64_t minute_us = INT64_C(60) * 1000000;
static const int64_t day_us = INT64_C(24) * 60 * 60 * 1000000;

static int compare_properties(const void *a, const void *b)
{
    const struct property *left = a;
    const struct property *right = b;
    return str_compare(left->name, right->name);
}

static struct property *read_properties(struct json_at document, struct event_type *type)
{
    struct json_at properties = json_member(document, "properties");
    json_t *object = json_object_get(document.value, "properties");
    size_t count = json_object_size(object);
    if (count > PROPERTIES_MAX) {
        json_wrong(properties, "invalid", "An event type has at most 64 properties.");
        return NULL;
    }
    struct property *into = arena_array(document.faults->arena, struct property, count);
    size_t filled = 0;
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(object, name, value) if (declare_name(properties, str_from(name), value))
        declare_property(json_member(properties, name), str_from(name), &into[filled++]);
    if (filled > 1)
        qsort(into, filled, sizeof(into[0]), compare_properties);
    type->properties = into;
    type->property_count = filled;
    return into;
}

// Names an id or a property of type code; the bits of those found are set.
static void read_plain_numbers(struct json_at list, struct event_type *type,
                               struct property *properties)
{
    for (size_t i = 0; i < json_array_size(list.value); i++) {
        struct json_at item = json_item(list, i);
        str name = json_str(item.value);
        bool known = json_is_string(item.value) && str_eq(name, STR("id"));
        if (known)
            type->plain_id = true;
        for (size_t p = 0; json_is_string(item.value) && p < type->property_count; p++) {
            if (properties[p].type == PROPERTY_CODE && str_eq(properties[p].name, name)) {
                properties[p].plain_number = true;
                known = true;
            }
        }
        if (!known)
            json_wrong(item, "invalid", "This is neither `id` nor a property of type code.");
    }
}

static bool declares_token(const struct event_type *type)
{
    for (size_t i = 0; i < type->property_count; i++)
        if (type->properties[i].type == PROPERTY_TOKEN)
            return true;
    return false;
}

static void read_quantity(struct json_at at, struct event_type *type)
{
    bool whole = json_read(at, FIELDS(json_optional(json_flag("integer", &type->quantity_integer)),
                                      json_optional(json_decimal("min", &type->quantity_min)),
                                      json_optional_seen(json_decimal("max", &type->quantity_max),
                                                         &type->quantity_has_max)));
    if (!whole)
        return;
    if (type->quantity_has_max && decimal_compare(type->quantity_min, type->quantity_max) > 0)
        json_wrong(at, "invalid", "The least is greater than the most.");
    if (type->quantity_integer &&
        (!decimal_is_whole(type->quantity_min) ||
         (type->quantity_has_max && !decimal_is_whole(type->quantity_max))))
        json_wrong(at, "invalid", "The bounds of an integer are integers.");
}

static void read_duration(struct json_at window, const char *name, str text, int64_t *us)
{
    if (text.ptr != NULL && failed(duration_parse(text, us)))
        json_wrong(json_member(window, name), "invalid", "This is no ISO 8601 duration.");
}

static void read_window(struct json_at at, struct event_type *type)
{
    str past = {0};
    str future = {0};
    if (!json_read(at, FIELDS(json_optional(json_text("past", &past)),
                              json_optional(json_text("future", &future)))))
        return;
    read_duration(at, "past", past, &type->window_past_us);
    read_duration(at, "future", future, &type->window_future_us);
}

static void check_text(struct json_at at, str text, bool word)
{
    const struct phi_detector *hit = phi_find(text, 0);
    if (hit != NULL)
        faults_add_phi(at.faults, at.pointer, hit->name);
    else if (word && !declare_is_word(text))
        json_wrong(at, "invalid", "A name is 1 to 64 of [A-Za-z0-9_.-].");
    else if (!word && text.len > DESCRIPTION_BYTES_MAX)
        json_wrong(at, "invalid", "A description is at most 1000 bytes long.");
}

// What the document names, apart from what lies deeper in it.
struct parts {
    str description;
    str retention;
    str unknown;
    str precision;
    const json_t *quantity;
    const json_t *window;
    const json_t *properties;
    const json_t *plain_numbers;
};

static bool read_parts(struct json_at document, struct parts *parts)
{
    return json_read(document,
                     FIELDS(json_optional(json_text("description", &parts->description)),
                            json_optional(json_text("unknown_properties", &parts->unknown)),
                            json_optional(json_text("time_precision", &parts->precision)),
                            json_optional(json_members("quantity", &parts->quantity)),
                            json_optional(json_members("window", &parts->window)),
                            json_optional(json_text("retention", &parts->retention)),
                            json_optional(json_members("properties", &parts->properties)),
                            json_optional(json_items("plain_numbers", &parts->plain_numbers))));
}

static void read_words(struct json_at document, const struct parts *parts, struct event_type *type)
{
    enum time_precision preset = declares_token(type) ? PRECISION_DAY : PRECISION_SECOND;
    type->precision = (enum time_precision)declare_choice(document, "time_precision",
                                                          WORDS("second", "hour", "day"), preset);
    type->drop_unknown =
        declare_choice(document, "unknown_properties", WORDS("reject", "drop"), 0) == 1;
    type->retention = str_copy(document.faults->arena, parts->retention);
    check_text(json_member(document, "description"), parts->description, false);
    if (parts->retention.ptr != NULL)
        check_text(json_member(document, "retention"), parts->retention, true);
}

const struct event_type *event_type_parse(struct json_at document, str key)
{
    size_t before = document.faults->count;
    struct parts parts = {0};
    struct event_type *type = arena_new(document.faults->arena, struct event_type);
    *type = (struct event_type){
        .key = str_copy(document.faults->arena, key),
        .window_past_us = WINDOW_PAST_DAYS * day_us,
        .window_future_us = WINDOW_FUTURE_MINUTES * minute_us,
    };
    if (!read_parts(document, &parts))
        return NULL;

    struct property *properties = read_properties(document, type);
    if (parts.quantity != NULL)
        read_quantity(json_member(document, "quantity"), type);
    if (parts.window != NULL)
        read_window(json_member(document, "window"), type);
    read_words(document, &parts, type);
    if (parts.plain_numbers != NULL)
        read_plain_numbers(json_member(document, "plain_numbers"), type, properties);
    return document.faults->count == before && before < FAULTS_MAX ? type : NULL;
}

const struct property *event_type_property(const struct event_type *type, str name)
{
    size_t low = 0;
    size_t high = type->property_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_compare(name, type->properties[middle].name);
        if (order == 0)
            return &type->properties[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

instant event_time_stored(const struct event_type *type, const struct zone *zone, instant at)
{
    switch (type->precision) {
    case PRECISION_SECOND: {
        int64_t rest = at.us % second_us;
        return (instant){at.us - (rest < 0 ? rest + second_us : rest)};
    }
    case PRECISION_HOUR:
        return zone_hour(zone, at);
    case PRECISION_DAY:
        return zone_midnight(zone, zone_day(zone, at));
    }
    return at;
}
