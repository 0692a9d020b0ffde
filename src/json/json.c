// SPDX-License-Identifier: Apache-2.0
#include "phial/json/json.h"

#include <assert.h>

// jansson recurses and takes 2048 levels; ours are counted before it sees the text.
static bool is_too_deep(str text)
{
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '[' || c == '{') {
            if (++depth > JSON_DEPTH_MAX)
                return true;
        } else if ((c == ']' || c == '}') && depth != 0) {
            depth--;
        }
    }
    return false;
}

result json_parse(str text, json_t **root)
{
    if (text.len == 0)
        return FAIL(INVALID_JSON, "There is no document.");
    if (str_contains(text, '\0')) // jansson overlooks one after a number
        return FAIL(INVALID_JSON, "The document holds a NUL byte.");
    if (is_too_deep(text))
        return FAIL(INVALID_JSON, "The document is nested deeper than 64 levels.");

    json_error_t error;
    json_t *parsed =
        json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (parsed == NULL) {
        if (json_error_code(&error) == json_error_duplicate_key)
            return FAIL(INVALID_JSON, "A name occurs twice in one object.");
        if (json_error_code(&error) == json_error_numeric_overflow)
            return FAIL(INVALID, "A number is too large: decimals are texts.");
        if (json_error_code(&error) == json_error_null_character)
            return FAIL(INVALID_JSON, "A text holds a NUL.");
        return FAIL(INVALID_JSON, "The text is not a JSON document in UTF-8.");
    }
    *root = parsed;
    return OK;
}

bool json_wrong(struct json_at at, const char *code, const char *detail)
{
    faults_add(at.faults, at.pointer, code, detail);
    return false;
}

struct json_at json_member(struct json_at at, const char *name)
{
    return (struct json_at){
        .value = json_object_get(at.value, name),
        .pointer = pointer_member(at.faults->arena, at.pointer, str_from(name)),
        .faults = at.faults,
    };
}

struct json_at json_item(struct json_at at, size_t index)
{
    return (struct json_at){
        .value = json_array_get(at.value, index),
        .pointer = pointer_item(at.faults->arena, at.pointer, index),
        .faults = at.faults,
    };
}

str json_str(const json_t *string)
{
    if (!json_is_string(string))
        return STR("");
    return (str){json_string_value(string), json_string_length(string)};
}

json_t *json_from_str(str text)
{
    return json_stringn(text.ptr == NULL ? "" : text.ptr, text.len);
}

json_t *json_iterable(const json_t *object)
{
    union {
        const json_t *given;
        json_t *taken;
    } same = {.given = object};
    return same.taken;
}

static bool read_decimal(struct json_at at, decimal *into)
{
    static const char detail[] = "This must be a decimal in a string, or a whole number.";
    static const json_int_t most = 999999999999999999; // DECIMAL_INTEGER_DIGITS of them

    if (json_is_integer(at.value)) {
        json_int_t whole = json_integer_value(at.value);
        if (whole > most || whole < -most)
            return json_wrong(at, "decimal_expected", detail);
        *into = decimal_from_i64(whole);
        return true;
    }
    if (!json_is_string(at.value) || failed(decimal_parse(json_str(at.value), into)))
        return json_wrong(at, "decimal_expected", detail);
    return true;
}

static bool read_value(struct json_at at, const json_field *field)
{
    switch (field->kind) {
    case JSON_FIELD_ANY:
        *(const json_t **)field->into = at.value;
        return true;
    case JSON_FIELD_ARRAY:
        if (!json_is_array(at.value))
            return json_wrong(at, "invalid", "This must be an array.");
        *(const json_t **)field->into = at.value;
        return true;
    case JSON_FIELD_BOOL:
        if (!json_is_boolean(at.value))
            return json_wrong(at, "invalid", "This must be true or false.");
        *(bool *)field->into = json_is_true(at.value);
        return true;
    case JSON_FIELD_DECIMAL:
        return read_decimal(at, field->into);
    case JSON_FIELD_I64:
        if (!json_is_integer(at.value))
            return json_wrong(at, "invalid", "This must be a whole number.");
        *(int64_t *)field->into = json_integer_value(at.value);
        return true;
    case JSON_FIELD_INSTANT:
        if (!json_is_string(at.value) || failed(instant_parse(json_str(at.value), field->into)))
            return json_wrong(at, "invalid_time", "This must be an RFC 3339 time with an offset.");
        return true;
    case JSON_FIELD_OBJECT:
        if (!json_is_object(at.value))
            return json_wrong(at, "invalid", "This must be an object.");
        *(const json_t **)field->into = at.value;
        return true;
    case JSON_FIELD_TEXT:
        if (!json_is_string(at.value))
            return json_wrong(at, "invalid", "This must be a string.");
        *(str *)field->into = json_str(at.value);
        return true;
    }
    assert(false); // not a kind of field
    return false;
}

bool json_read(struct json_at at, struct json_fields fields)
{
    if (!json_is_object(at.value))
        return json_wrong(at, "invalid", "This must be an object.");

    bool right = true;
    size_t known = 0;
    for (size_t i = 0; i < fields.count; i++) {
        const json_field *field = &fields.items[i];
        const json_t *value = json_object_get(at.value, field->name);
        bool given = value != NULL && !json_is_null(value);
        known += value != NULL;
        bool taken = given && read_value(json_member(at, field->name), field);
        if (field->present != NULL)
            *field->present = taken;
        if (given)
            right = taken && right;
        else if (!field->optional)
            right = json_wrong(json_member(at, field->name), "missing_member",
                               "This member is required.");
    }
    // The name that is too much may itself be somebody's: the fault stands at the object.
    if (known != json_object_size(at.value))
        right = json_wrong(at, "unknown_member", "The object has a member that is not declared.");
    return right;
}
