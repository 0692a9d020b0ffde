// SPDX-License-Identifier: Apache-2.0
// value.c - one value against its declaration, and its canonical form.
#include "declare.h"
#include "phial/phi/event_type.h"
#include "phial/phi/phi.h"

#include <string.h>

enum { VERSION_BYTES_MAX = 64, VERSION_NUMBERS_MAX = 4 };

static const struct refusal fine = {NULL, NULL};

static struct refusal refused(const char *code)
{
    return (struct refusal){code, NULL};
}

static str quoted(struct arena *arena, str text)
{
    char *copy = arena_array(arena, char, text.len + 2);
    copy[0] = '"';
    if (text.len > 0)
        memcpy(copy + 1, text.ptr, text.len);
    copy[text.len + 1] = '"';
    return (str){copy, text.len + 2};
}

static struct refusal detected(str text, uint64_t off)
{
    const struct phi_detector *hit = phi_find(text, off);
    return hit == NULL ? fine : (struct refusal){"phi_detected", hit->name};
}

// A text that does not fit its type is refused anyway; PHI in it is the better reason.
static struct refusal misfit(str text, uint64_t off)
{
    struct refusal hit = detected(text, off);
    return hit.code != NULL ? hit : refused("property_invalid");
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// 2, 1.0.3, 4.9.79.8, 2.4.1-rc.1, 30.25.15+build.20241230
static bool is_version(str text)
{
    size_t at = 0;
    size_t numbers = 0;
    if (text.len > VERSION_BYTES_MAX)
        return false;
    do {
        size_t start = at;
        while (at < text.len && is_digit(text.ptr[at]))
            at++;
        if (at == start || ++numbers > VERSION_NUMBERS_MAX)
            return false;
    } while (at < text.len && text.ptr[at] == '.' && ++at > 0);
    if (at == text.len)
        return true;
    str suffix = str_slice(text, at + 1, text.len);
    return (text.ptr[at] == '-' || text.ptr[at] == '+') && suffix.len > 0 &&
           str_all_in(suffix, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-");
}

static bool has_value(const struct property *property, str text)
{
    size_t low = 0;
    size_t high = property->value_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_compare(text, property->values[middle]);
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

static bool is_whole_lexeme(str text)
{
    return str_all_in(text, "-0123456789");
}

static struct refusal check_number(struct arena *arena, const struct property *property,
                                   struct raw_value value, str *canonical)
{
    decimal number = {0};
    if (value.kind == JSON_KIND_NUMBER && !is_whole_lexeme(value.text))
        return refused("decimal_expected");
    if (value.kind != JSON_KIND_NUMBER && value.kind != JSON_KIND_STRING)
        return refused("property_invalid");
    if ((property->type == PROPERTY_INTEGER && !is_whole_lexeme(value.text)) ||
        failed(decimal_parse(value.text, &number)))
        return misfit(value.text, property->detectors_off);
    if ((property->has_min && decimal_compare(number, property->min) < 0) ||
        (property->has_max && decimal_compare(number, property->max) > 0))
        return refused("property_invalid");
    *canonical = quoted(arena, decimal_print(arena, number));
    return fine;
}

static struct refusal check_string(struct arena *arena, const struct property *property,
                                   struct raw_value value, str *canonical)
{
    bool fits = property->type == PROPERTY_VERSION ? is_version(value.text)
                : property->type == PROPERTY_ENUM  ? has_value(property, value.text)
                                                   : declare_is_word(value.text);
    if (value.kind != JSON_KIND_STRING)
        return refused("property_invalid");
    if (!fits)
        return misfit(value.text, property->detectors_off);
    if (property->type != PROPERTY_ENUM) { // an enum's values were looked at when it was declared
        struct refusal hit = detected(value.text, property->detectors_off);
        if (hit.code != NULL)
            return hit;
    }
    if (property->type == PROPERTY_CODE && !property->plain_number &&
        phi_ambiguous_number(value.text))
        return refused("phi_ambiguous_number");
    *canonical = quoted(arena, value.text);
    return fine;
}

struct refusal property_check(struct arena *arena, const struct property *property,
                              struct raw_value value, str *canonical)
{
    switch (property->type) {
    case PROPERTY_BOOLEAN:
        if (value.kind != JSON_KIND_TRUE && value.kind != JSON_KIND_FALSE)
            return refused("property_invalid");
        *canonical = value.kind == JSON_KIND_TRUE ? STR("true") : STR("false");
        return fine;
    case PROPERTY_DECIMAL:
    case PROPERTY_INTEGER:
        return check_number(arena, property, value, canonical);
    case PROPERTY_CODE:
    case PROPERTY_ENUM:
    case PROPERTY_VERSION:
        return check_string(arena, property, value, canonical);
    case PROPERTY_TOKEN:
        if (value.kind != JSON_KIND_STRING || value.text.len == 0 ||
            value.text.len > TOKEN_VALUE_MAX)
            return refused("property_invalid");
        *canonical = value.text;
        return fine;
    }
    return refused("property_invalid");
}

struct refusal quantity_check(struct arena *arena, const struct event_type *type,
                              struct raw_value value, str *canonical)
{
    decimal quantity = decimal_from_i64(1);
    bool text = value.kind == JSON_KIND_NUMBER || value.kind == JSON_KIND_STRING;
    if (value.kind != JSON_KIND_ABSENT) {
        if (!text || (value.kind == JSON_KIND_NUMBER && !is_whole_lexeme(value.text)) ||
            failed(decimal_parse(value.text, &quantity)))
            return refused("decimal_expected");
    }
    if ((type->quantity_integer && !decimal_is_whole(quantity)) ||
        decimal_compare(quantity, type->quantity_min) < 0 ||
        (type->quantity_has_max && decimal_compare(quantity, type->quantity_max) > 0))
        return refused("quantity_out_of_range");
    *canonical = quoted(arena, decimal_print(arena, quantity));
    return fine;
}

struct refusal text_check(str text, bool plain_number)
{
    struct refusal hit = detected(text, 0);
    if (hit.code == NULL && !plain_number && phi_ambiguous_number(text))
        return refused("phi_ambiguous_number");
    return hit;
}
