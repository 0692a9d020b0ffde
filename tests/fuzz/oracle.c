// SPDX-License-Identifier: Apache-2.0
#include "oracle.h"

#include "phial/util/array.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char number_bytes[] = "+-.0123456789Ee";

static str blanks_off(str text)
{
    while (text.len != 0 && strchr(" \t\r\n", text.ptr[0]) != NULL && text.ptr[0] != '\0')
        text = str_slice(text, 1, text.len);
    while (text.len != 0 && strchr(" \t\r\n", text.ptr[text.len - 1]) != NULL &&
           text.ptr[text.len - 1] != '\0')
        text.len--;
    return text;
}

// The text with what refuses one event alone covered up: bytes that are not ASCII, surrogates. A
// NUL byte, which jansson passes over, becomes one that it refuses, and the escape of NUL one that
// it takes in names too.
static str covered(struct arena *arena, str text)
{
    char *copy = arena_array(arena, char, text.len + 1);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        copy[i] = (char)(c >= 0x80 ? 'x' : c == 0 ? 1 : c);
    }
    for (size_t i = 0; i + 1 < text.len; i++) {
        if (copy[i] != '\\')
            continue;
        i++;
        if (copy[i] == 'u' && i + 4 < text.len && (copy[i + 1] == 'd' || copy[i + 1] == 'D'))
            copy[i + 1] = '4';
        else if (copy[i] == 'u' && i + 4 < text.len && memcmp(copy + i + 1, "0000", 4) == 0)
            copy[i + 1] = '4';
    }
    return (str){copy, text.len};
}

static json_t *load(str text, size_t more, enum json_error_code *why)
{
    json_error_t error;
    json_t *root =
        json_loadb(text.ptr, text.len,
                   JSON_ALLOW_NUL | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | more, &error);
    *why = root == NULL ? json_error_code(&error) : json_error_unknown;
    return root;
}

enum answer { NO, YES, UNSURE }; // the last where jansson cannot hold what RFC 8259 allows

static enum answer is_json(struct arena *arena, str text)
{
    enum json_error_code why = json_error_unknown;
    OWNED(json_release) json_t *root = load(covered(arena, text), 0, &why);
    if (root != NULL)
        return YES;
    return why == json_error_numeric_overflow || why == json_error_stack_overflow ? UNSURE : NO;
}

// Of a text that is JSON: behind the string that begins here, or behind this byte.
static size_t step(str text, size_t at)
{
    if (text.ptr[at] != '"')
        return at + 1;
    for (at++; text.ptr[at] != '"'; at++)
        at += text.ptr[at] == '\\';
    return at + 1;
}

static size_t depth_of(str text)
{
    size_t deepest = 0;
    size_t depth = 0;
    for (size_t at = 0; at < text.len; at = step(text, at)) {
        char c = text.ptr[at];
        depth += c == '[' || c == '{';
        deepest = depth > deepest ? depth : deepest;
        depth -= c == ']' || c == '}';
    }
    return deepest;
}

static bool may_be_deep(str text)
{
    size_t open = 0;
    for (size_t i = 0; i < text.len; i++)
        open += text.ptr[i] == '[' || text.ptr[i] == '{';
    return open > READER_DEPTH_MAX;
}

static void compare_number(str body, str lexeme, double value)
{
    assert(lexeme.ptr >= body.ptr && lexeme.ptr + lexeme.len <= body.ptr + body.len);
    assert(lexeme.len != 0 && str_all_in(lexeme, number_bytes));
    const char *end = lexeme.ptr + lexeme.len;
    assert(end == body.ptr + body.len || !str_all_in((str){end, 1}, number_bytes));
    assert(lexeme.ptr == body.ptr || !str_all_in((str){lexeme.ptr - 1, 1}, number_bytes));
    struct arena arena = {0};
    double read = strtod(str_to_c(&arena, lexeme), NULL);
    assert(!(read < value) && !(read > value));
    arena_reset(&arena);
}

static void compare_value(str body, const json_t *value, const struct raw_value *raw)
{
    static const enum json_kind kinds[] = {
        [JSON_OBJECT] = JSON_KIND_OBJECT, [JSON_ARRAY] = JSON_KIND_ARRAY,
        [JSON_STRING] = JSON_KIND_STRING, [JSON_REAL] = JSON_KIND_NUMBER,
        [JSON_TRUE] = JSON_KIND_TRUE,     [JSON_FALSE] = JSON_KIND_FALSE,
        [JSON_NULL] = JSON_KIND_NULL,
    };
    assert(raw->kind == (value == NULL ? JSON_KIND_ABSENT : kinds[json_typeof(value)]));
    if (json_is_string(value))
        assert(str_eq(raw->text, json_str(value)));
    else if (json_is_real(value))
        compare_number(body, raw->text, json_real_value(value));
}

static const char *const names[][EVENT_MEMBER_COUNT] = {
    [DIALECT_PHIAL] = {[MEMBER_ID] = "id",
                       [MEMBER_SOURCE] = "source",
                       [MEMBER_CUSTOMER] = "customer",
                       [MEMBER_TYPE] = "type",
                       [MEMBER_TIME] = "time",
                       [MEMBER_QUANTITY] = "quantity",
                       [MEMBER_PROPERTIES] = "properties"},
    [DIALECT_CLOUDEVENTS] = {[MEMBER_ID] = "id",
                             [MEMBER_SOURCE] = "source",
                             [MEMBER_CUSTOMER] = "subject",
                             [MEMBER_TYPE] = "type",
                             [MEMBER_TIME] = "time",
                             [MEMBER_PROPERTIES] = "data",
                             [MEMBER_SPECVERSION] = "specversion",
                             [MEMBER_DATA_BASE64] = "data_base64"},
};

// How many properties the object holds, a CloudEvent's quantity left out.
static size_t compare_properties(str body, enum event_dialect dialect, const json_t *properties,
                                 const struct raw_event *event)
{
    const char *name = NULL;
    json_t *value = NULL;
    size_t count = 0;
    json_object_foreach(json_iterable(properties), name, value)
    {
        if (dialect == DIALECT_CLOUDEVENTS && strcmp(name, "quantity") == 0) {
            compare_value(body, value, &event->members[MEMBER_QUANTITY]);
            continue;
        }
        if (count < event->property_count) {
            assert(str_eq(event->properties[count].name, str_from(name)));
            compare_value(body, value, &event->properties[count].value);
        }
        count++;
    }
    assert(event->property_count == (count < EVENT_PROPERTIES_MAX ? count : EVENT_PROPERTIES_MAX));
    return count;
}

static bool has_unknown(enum event_dialect dialect, const json_t *root)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(json_iterable(root), name, value)
    {
        bool known = false;
        for (size_t m = 0; m < EVENT_MEMBER_COUNT; m++)
            known = known || (names[dialect][m] != NULL && strcmp(name, names[dialect][m]) == 0);
        if (!known && dialect == DIALECT_PHIAL)
            return true;
    }
    return false;
}

static const char *structure_code(enum event_dialect dialect, const json_t *root,
                                  size_t property_count)
{
    static const char *const needed[][6] = {
        [DIALECT_PHIAL] = {"id", "customer", "type", "time"},
        [DIALECT_CLOUDEVENTS] = {"specversion", "id", "subject", "type", "time"},
    };
    if (has_unknown(dialect, root))
        return "unknown_member";
    for (size_t i = 0; needed[dialect][i] != NULL; i++) {
        if (json_object_get(root, needed[dialect][i]) == NULL)
            return "missing_member";
    }
    const json_t *version = json_object_get(root, "specversion");
    if (dialect == DIALECT_CLOUDEVENTS &&
        (!str_eq(json_str(version), STR("1.0")) || json_object_get(root, "data_base64") != NULL))
        return "property_invalid";
    return property_count > EVENT_PROPERTIES_MAX ? "property_unknown" : "";
}

// Of an event that is fit and holds no name twice, everything.
static const char *compare_event(str body, enum event_dialect dialect, const json_t *root,
                                 const struct raw_event *event)
{
    size_t property_count = 0;
    for (size_t m = 0; m < EVENT_MEMBER_COUNT; m++) {
        const char *name = names[dialect][m];
        if (name != NULL)
            compare_value(body, json_object_get(root, name), &event->members[m]);
    }
    const json_t *properties = json_object_get(root, names[dialect][MEMBER_PROPERTIES]);
    if (json_is_object(properties))
        property_count = compare_properties(body, dialect, properties, event);
    else
        assert(event->property_count == 0);
    return structure_code(dialect, root, property_count);
}

// An event's text, which is JSON once covered.
static const char *expected_code(str text, enum event_dialect dialect,
                                 const struct raw_event *event)
{
    enum json_error_code why = json_error_unknown;
    enum json_error_code twice = json_error_unknown;
    if (depth_of(text) > READER_DEPTH_MAX)
        return "invalid_json";
    OWNED(json_release) json_t *root = load(text, 0, &why);
    if (why == json_error_null_byte_in_key)
        return NULL; // and jansson knows no more
    if (!json_is_object(root))
        return "invalid_json";
    OWNED(json_release) json_t *strict = load(text, JSON_REJECT_DUPLICATES, &twice);
    if (strict != NULL)
        return compare_event(text, dialect, root, event);
    assert(twice == json_error_duplicate_key);
    return "duplicate_member";
}

static void check_event(struct arena *arena, str text, enum event_dialect dialect,
                        const struct raw_event *event)
{
    enum answer json = is_json(arena, text);
    const char *code = json == NO ? "invalid_json" : NULL;
    if (json == YES)
        code = expected_code(text, dialect, event);
    if (code != NULL)
        assert(strcmp(event->verdict.code == NULL ? "" : event->verdict.code, code) == 0);
}

static void check_lines(struct arena *arena, str body, result split,
                        const struct raw_events *events)
{
    size_t count = 0;
    str line = {0};
    while (body.len != 0) {
        if (!str_cut(body, '\n', &line, &body)) {
            line = body;
            body = STR("");
        }
        line = blanks_off(line);
        if (line.len == 0)
            continue;
        if (!failed(split))
            assert(count < events->count);
        if (!failed(split))
            check_event(arena, line, DIALECT_PHIAL, &events->items[count]);
        count++;
    }
    enum error_code code = count == 0 ? ERR_NO_EVENTS : ERR_NONE;
    assert(split.code == (count > EVENTS_MAX ? ERR_TOO_MANY_EVENTS : code));
    assert(failed(split) || (events->count == count && !events->is_single));
}

// The next item of an array that is JSON; `at` goes behind its comma, or behind the bracket.
static str next_item(str array, size_t *at)
{
    size_t from = *at;
    size_t depth = 0;
    while (depth != 0 || (array.ptr[*at] != ',' && array.ptr[*at] != ']')) {
        char c = array.ptr[*at];
        depth += c == '[' || c == '{';
        depth -= c == ']' || c == '}';
        *at = step(array, *at);
    }
    return blanks_off(str_slice(array, from, (*at)++));
}

static void check_items(struct arena *arena, str array, result split,
                        const struct raw_events *events)
{
    size_t count = 0;
    size_t at = 1;
    if (blanks_off(str_slice(array, 1, array.len - 1)).len == 0) {
        assert(split.code == ERR_NO_EVENTS);
        return;
    }
    while (at < array.len) {
        str item = next_item(array, &at);
        if (!failed(split) && count < events->count)
            check_event(arena, item, events->dialect, &events->items[count]);
        count++;
    }
    assert(split.code == (count > EVENTS_MAX ? ERR_TOO_MANY_EVENTS : ERR_NONE));
    assert(failed(split) || (events->count == count && !events->is_single));
}

// What is deeper than may be is passed over by its brackets and strings, so that the event alone
// is refused where jansson would refuse the body.
static bool has_refused(const struct raw_events *events)
{
    for (size_t i = 0; i < events->count; i++) {
        const char *code = events->items[i].verdict.code;
        if (code != NULL && strcmp(code, "invalid_json") == 0)
            return true;
    }
    return false;
}

static void check_whole(struct arena *arena, enum event_format format, str body, result split,
                        const struct raw_events *events)
{
    body = blanks_off(body);
    char first = body.len == 0 ? '\0' : body.ptr[0];
    bool is_array = first == '[' && format != FORMAT_CLOUDEVENT;
    bool is_object = first == '{' && format != FORMAT_CLOUDEVENT_BATCH;
    enum answer json = is_json(arena, body);
    if (json == UNSURE)
        return;
    if (json == YES && is_array) {
        check_items(arena, body, split, events);
    } else if (json == YES && is_object) {
        assert(!failed(split) && events->count == 1 && events->is_single);
        check_event(arena, body, events->dialect, &events->items[0]);
    } else if (failed(split)) {
        assert(split.code == ERR_INVALID_JSON || split.code == ERR_TOO_MANY_EVENTS);
    } else {
        assert((is_array || is_object) && may_be_deep(body) && has_refused(events));
    }
}

void oracle_check(enum event_format format, str body)
{
    struct arena arena = {0};
    struct raw_events events = {0};
    result split = split_body(&arena, format, body, &events);
    if (format == FORMAT_NDJSON)
        check_lines(&arena, body, split, &events);
    else
        check_whole(&arena, format, body, split, &events);
    arena_reset(&arena);
}
