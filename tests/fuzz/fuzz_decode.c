// SPDX-License-Identifier: Apache-2.0
// Bodies of events in every format, the first byte naming it. In a JSON body the reader takes what
// jansson takes, finds the same events, and calls a name twice where jansson does.
#include "phial/json/json.h"
#include "split.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// What can be cut and is refused by itself: no Unicode, or too deep.
static bool has_refused(const struct raw_events *events)
{
    for (size_t i = 0; i < events->count; i++) {
        const char *code = events->items[i].verdict.code;
        if (code != NULL && str_eq(str_from(code), STR("invalid_json")))
            return true;
    }
    return false;
}

static void compare_id(const json_t *event, const struct raw_event *raw)
{
    str id = json_str(json_object_get(event, "id"));
    if (json_is_object(event) && raw->members[MEMBER_ID].kind == JSON_KIND_STRING)
        assert(str_eq(id, raw->members[MEMBER_ID].text));
}

static void compare_events(str body, const json_t *root, const struct raw_events *events)
{
    json_error_t error;
    bool duplicate = false;
    for (size_t i = 0; i < events->count; i++) {
        const char *code = events->items[i].verdict.code;
        duplicate = duplicate || (code != NULL && str_eq(str_from(code), STR("duplicate_member")));
    }
    OWNED(json_release)
    json_t *strict =
        json_loadb(body.ptr, body.len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
    // Of an item that is no object the names are checked by nobody: it is refused as it is.
    if (json_is_object(root))
        assert(duplicate == (strict == NULL));
    if (duplicate)
        return;
    assert(events->count == (json_is_array(root) ? json_array_size(root) : 1));
    for (size_t i = 0; i < events->count; i++)
        compare_id(json_is_array(root) ? json_array_get(root, i) : root, &events->items[i]);
}

static void compare(str body, result split, const struct raw_events *events)
{
    json_error_t error;
    if (split.code == ERR_TOO_MANY_EVENTS || str_contains(body, '\0'))
        return; // jansson passes over NUL bytes
    OWNED(json_release) json_t *root = json_loadb(body.ptr, body.len, JSON_ALLOW_NUL, &error);
    enum json_error_code why = root == NULL ? json_error_code(&error) : json_error_unknown;
    if (why == json_error_numeric_overflow || why == json_error_null_byte_in_key)
        return; // what jansson cannot hold
    if (split.code == ERR_INVALID_JSON)
        assert(root == NULL);
    else
        assert(root != NULL || has_refused(events));
    if (!failed(split) && root != NULL)
        compare_events(body, root, events);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    if (size == 0)
        return 0;
    static const enum event_format formats[] = {FORMAT_JSON, FORMAT_NDJSON, FORMAT_CLOUDEVENT,
                                                FORMAT_CLOUDEVENT_BATCH};
    enum event_format format = formats[data[0] % 4];
    str body = {(const char *)data + 1, size - 1};
    struct raw_events events = {0};
    result split = split_body(&arena, format, body, &events);
    if (format == FORMAT_JSON)
        compare(body, split, &events);
    arena_reset(&arena);
    return 0;
}
