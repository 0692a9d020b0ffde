// SPDX-License-Identifier: Apache-2.0
// json.h - reads documents by a list of the members expected, writes them, and makes them
// canonical. The only module that includes jansson; others include this header.
//
// Strict: duplicate names, unknown members and wrong types are refused with a pointer each. A
// number with a fraction or an exponent is never read; decimals are strings (or integers).
#pragma once

#include "phial/money/money.h"
#include "phial/time/time.h"
#include "phial/util/arena.h"
#include "phial/util/buf.h"
#include "phial/util/faults.h"
#include "phial/util/owned.h"
#include "phial/util/result.h"
#include "phial/util/str.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_DEPTH_MAX = 64 };

// INVALID_JSON for what is not RFC 8259, is deeper than 64, has a name twice or a NUL in a text;
// INVALID for a number that is too large to be one of ours. The caller owns root.
result json_parse(str text, json_t **root);

// Nothing is left where it stood.
static inline void json_release(json_t **root)
{
    json_decref(*root);
    *root = NULL;
}

// Where a value stands, so that a fault can point at it.
struct json_at {
    const json_t *value;
    str pointer;
    struct faults *faults; // its arena serves what is read
};

typedef struct {
    const char *name;
    enum {
        JSON_FIELD_ANY,
        JSON_FIELD_ARRAY,
        JSON_FIELD_BOOL,
        JSON_FIELD_DECIMAL,
        JSON_FIELD_I64,
        JSON_FIELD_INSTANT,
        JSON_FIELD_OBJECT,
        JSON_FIELD_TEXT,
    } kind;
    bool optional; // absent or null leaves `into` as it was
    void *into;
    bool *present; // whether it is there and was read; may be NULL
} json_field;

// Each reads into the type named; texts borrow from the document. json_optional(json_text(...)).
static inline json_field json_any(const char *name, const json_t **into)
{
    return (json_field){.name = name, .kind = JSON_FIELD_ANY, .into = into};
}
static inline json_field json_items(const char *name, const json_t **into)
{
    return (json_field){.name = name, .kind = JSON_FIELD_ARRAY, .into = into};
}
static inline json_field json_flag(const char *name, bool *into)
{
    return (json_field){.name = name, .kind = JSON_FIELD_BOOL, .into = into};
}
static inline json_field json_decimal(const char *name, decimal *into)
{
    return (json_field){.name = name, .kind = JSON_FIELD_DECIMAL, .into = into};
}
static inline json_field json_i64(const char *name, int64_t *into)
{
    return (json_field){.name = name, .kind = JSON_FIELD_I64, .into = into};
}
static inline json_field json_instant(const char *name, instant *into)
{
    return (json_field){.name = name, .kind = JSON_FIELD_INSTANT, .into = into};
}
static inline json_field json_members(const char *name, const json_t **into)
{
    return (json_field){.name = name, .kind = JSON_FIELD_OBJECT, .into = into};
}
static inline json_field json_text(const char *name, str *into)
{
    return (json_field){.name = name, .kind = JSON_FIELD_TEXT, .into = into};
}
static inline json_field json_optional(json_field field)
{
    field.optional = true;
    return field;
}
static inline json_field json_optional_seen(json_field field, bool *present)
{
    field.optional = true;
    field.present = present;
    return field;
}

struct json_fields {
    const json_field *items;
    size_t count;
};

#define FIELDS(...)                                    \
    ((struct json_fields){(json_field[]){__VA_ARGS__}, \
                          sizeof((json_field[]){__VA_ARGS__}) / sizeof(json_field)})

// Reads every field, adding a fault for each that is missing (missing_member), of the wrong type
// (invalid, decimal_expected, invalid_time) or not in the list (unknown_member, pointing at the
// object itself). True when nothing was wrong here.
bool json_read(struct json_at at, struct json_fields fields);
// The value of a member or an item, with its pointer; value is NULL when there is none.
struct json_at json_member(struct json_at at, const char *name);
struct json_at json_item(struct json_at at, size_t index);
// Adds a fault at this place; always false, so that `return json_wrong(...)` reads well.
bool json_wrong(struct json_at at, const char *code, const char *detail);

str json_str(const json_t *string); // "" for what is not a string
json_t *json_from_str(str text);    // jansson refuses invalid UTF-8: then NULL
// For json_object_foreach, whose json_t * changes nothing.
json_t *json_iterable(const json_t *object);

str json_print(struct arena *arena, const json_t *value); // compact, members in insertion order
// RFC 8785 subset: members in byte order, null members left out, no real numbers. INVALID when a
// name is not [A-Za-z0-9_.-]+ or a real number is met.
result json_canonical(struct arena *arena, const json_t *value, str *text);
void json_quote(struct buf *into, str text); // a JSON string with RFC 8785 escapes
