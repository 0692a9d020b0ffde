// SPDX-License-Identifier: Apache-2.0
#include "declare.h"

#include "phial/phi/phi.h"

#include <stdlib.h>

enum { WORD_BYTES_MAX = 64 };

size_t declare_choice(struct json_at object, const char *name, struct words words, size_t fallback)
{
    struct json_at member = json_member(object, name);
    if (member.value == NULL || json_is_null(member.value))
        return fallback;

    str text = json_str(member.value);
    for (size_t i = 0; json_is_string(member.value) && i < words.count; i++)
        if (str_eq(text, str_from(words.items[i])))
            return i;
    json_wrong(member, "invalid", "This is none of the words that may stand here.");
    return fallback;
}

bool declare_is_word(str text)
{
    return text.len > 0 && text.len <= WORD_BYTES_MAX &&
           str_all_in(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
}

static int compare_values(const void *a, const void *b)
{
    const str *left = a;
    const str *right = b;
    return str_compare(*left, *right);
}

static void read_values(struct json_at at, struct property *property)
{
    size_t count = json_array_size(at.value);
    if (count == 0 || count > ENUM_VALUES_MAX) {
        json_wrong(at, "invalid", "An enum has 1 to 256 values.");
        return;
    }
    str *values = arena_array(at.faults->arena, str, count);
    for (size_t i = 0; i < count; i++) {
        struct json_at item = json_item(at, i);
        str text = json_str(item.value);
        const struct phi_detector *hit = phi_find(text, property->detectors_off);
        if (hit != NULL)
            faults_add_phi(item.faults, item.pointer, hit->name);
        else if (!declare_is_word(text))
            json_wrong(item, "invalid", "A value is 1 to 64 of [A-Za-z0-9_.-].");
        values[i] = str_copy(at.faults->arena, text);
    }
    qsort(values, count, sizeof(values[0]), compare_values);
    for (size_t i = 1; i < count; i++) {
        if (str_eq(values[i - 1], values[i])) {
            json_wrong(at, "invalid", "A value stands here twice.");
            break;
        }
    }
    property->values = values;
    property->value_count = count;
}

static void read_detectors_off(struct json_at at, struct property *property)
{
    for (size_t i = 0; i < json_array_size(at.value); i++) {
        struct json_at item = json_item(at, i);
        uint64_t bit = phi_detector_bit(json_str(item.value));
        if (bit == 0)
            json_wrong(item, "invalid", "There is no such detector.");
        property->detectors_off |= bit;
    }
}

static void check_bounds(struct json_at at, const struct property *property)
{
    if (property->has_min && property->has_max && decimal_compare(property->min, property->max) > 0)
        json_wrong(at, "invalid", "The least is greater than the most.");
    if (property->type != PROPERTY_INTEGER)
        return;
    if ((property->has_min && !decimal_is_whole(property->min)) ||
        (property->has_max && !decimal_is_whole(property->max)))
        json_wrong(at, "invalid", "The bounds of an integer are integers.");
}

// Members that say nothing about the type are refused: they were meant for another one.
static void check_members(struct json_at at, const struct property *property)
{
    static const struct {
        const char *member;
        unsigned types; // those that may have it
    } rows[] = {
        {"max", 1U << PROPERTY_DECIMAL | 1U << PROPERTY_INTEGER},
        {"method", 1U << PROPERTY_TOKEN},
        {"min", 1U << PROPERTY_DECIMAL | 1U << PROPERTY_INTEGER},
        {"scope", 1U << PROPERTY_TOKEN},
        {"values", 1U << PROPERTY_ENUM},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct json_at member = json_member(at, rows[i].member);
        bool present = member.value != NULL && !json_is_null(member.value);
        if (present && (rows[i].types & 1U << property->type) == 0)
            json_wrong(member, "invalid", "A property of this type does not have this member.");
    }
}

static const char *const type_names[] = {"boolean", "code",  "decimal", "enum",
                                         "integer", "token", "version"};
_Static_assert(sizeof(type_names) / sizeof(type_names[0]) == PROPERTY_VERSION + 1,
               "one name a type");

// An unknown type is judged as the most open one, so that the name is still looked at.
static enum property_type type_of(const json_t *declaration)
{
    str text = json_str(json_object_get(declaration, "type"));
    for (size_t i = 0; i <= PROPERTY_VERSION; i++)
        if (str_eq(text, str_from(type_names[i])))
            return (enum property_type)i;
    return PROPERTY_CODE;
}

static bool means_phi(str name, enum property_type type)
{
    switch (type) {
    case PROPERTY_CODE:
        return phi_name(name);
    case PROPERTY_BOOLEAN:
    case PROPERTY_DECIMAL:
    case PROPERTY_ENUM:
    case PROPERTY_INTEGER:
    case PROPERTY_VERSION:
        return phi_name_of_closed(name);
    case PROPERTY_TOKEN:
        break;
    }
    return false;
}

static bool is_name(str name)
{
    return declare_is_word(name) && name.ptr[0] >= 'a' && name.ptr[0] <= 'z' &&
           str_all_in(name, "abcdefghijklmnopqrstuvwxyz0123456789_.-");
}

bool declare_name(struct json_at properties, str name, const json_t *declaration)
{
    const struct phi_detector *hit = phi_find(name, 0);
    if (hit != NULL)
        faults_add_phi(properties.faults, properties.pointer, hit->name);
    else if (!is_name(name) && means_phi(name, type_of(declaration)))
        json_wrong(properties, "phi_property_name", "A property's name means PHI.");
    else if (!is_name(name))
        json_wrong(properties, "invalid", "A property's name is [a-z][a-z0-9_.-]{0,63}.");
    else if (!json_is_object(declaration))
        json_wrong(properties, "invalid", "A property is declared by an object.");
    else
        return true;
    return false;
}

void declare_property(struct json_at at, str name, struct property *property)
{
    str type = {0};
    str scope = {0};
    str method = {0};
    const json_t *values = NULL;
    const json_t *off = NULL;

    *property = (struct property){.name = str_copy(at.faults->arena, name)};
    bool whole = json_read(
        at,
        FIELDS(json_text("type", &type), json_optional(json_flag("required", &property->required)),
               json_optional(json_items("values", &values)),
               json_optional_seen(json_decimal("min", &property->min), &property->has_min),
               json_optional_seen(json_decimal("max", &property->max), &property->has_max),
               json_optional(json_text("scope", &scope)),
               json_optional(json_text("method", &method)),
               json_optional(json_items("detectors_off", &off))));
    (void)declare_choice(at, "type", (struct words){type_names, PROPERTY_VERSION + 1}, 0);
    property->type = type_of(at.value);
    if (means_phi(name, property->type))
        json_wrong(at, "phi_property_name",
                   "The name means PHI; only a property of type token may have it.");
    if (!whole)
        return;

    property->scope = (enum token_scope)declare_choice(
        at, "scope", WORDS("period", "customer", "event"), TOKEN_PERIOD);
    property->surrogate = declare_choice(at, "method", WORDS("hmac", "surrogate"), 0) == 1;
    if (property->type == PROPERTY_VERSION) // 4.9.79.8 is one
        property->detectors_off |= phi_detector_bit(STR("ipv4"));
    if (off != NULL)
        read_detectors_off(json_member(at, "detectors_off"), property);
    check_members(at, property);
    check_bounds(at, property);
    if (property->type == PROPERTY_ENUM && values == NULL)
        json_wrong(json_member(at, "values"), "missing_member", "An enum names its values.");
    else if (property->type == PROPERTY_ENUM)
        read_values(json_member(at, "values"), property);
}
