// SPDX-License-Identifier: Apache-2.0
#include "phial/json/json.h"

#include <assert.h>
#include <stdlib.h>

static int add_bytes(const char *bytes, size_t len, void *context)
{
    buf_add(context, (str){bytes, len});
    return 0;
}

str json_print(struct arena *arena, const json_t *value)
{
    struct buf text = {.arena = arena};
    int dumped = json_dump_callback(value, add_bytes, &text, JSON_COMPACT | JSON_ENCODE_ANY);
    assert(dumped == 0); // only a document that contains itself cannot be written
    return buf_str(&text);
}

// The two-character escape of RFC 8785, or NUL where there is none.
static char short_escape(char c)
{
    switch (c) {
    case '\b':
        return 'b';
    case '\t':
        return 't';
    case '\n':
        return 'n';
    case '\f':
        return 'f';
    case '\r':
        return 'r';
    case '"':
    case '\\':
        return c;
    default:
        return '\0';
    }
}

void json_quote(struct buf *into, str text)
{
    buf_add_char(into, '"');
    size_t written = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        char escape = short_escape(c);
        if (escape == '\0' && (unsigned char)c >= ' ')
            continue;
        buf_add(into, str_slice(text, written, i));
        written = i + 1;
        if (escape == '\0') {
            buf_addf(into, "\\u%04x", (unsigned)(unsigned char)c);
        } else {
            buf_add_char(into, '\\');
            buf_add_char(into, escape);
        }
    }
    buf_add(into, str_slice(text, written, text.len));
    buf_add_char(into, '"');
}

struct member {
    str name;
    const json_t *value;
};

// An array or object that has been opened; `members` is NULL for an array.
struct open {
    const json_t *value;
    struct member *members;
    size_t count;
    size_t next;
};

struct canonical {
    struct buf text;
    struct open opened[JSON_DEPTH_MAX];
    size_t depth;
};

static bool is_name(str name)
{
    return name.len != 0 && str_all_in(name, "abcdefghijklmnopqrstuvwxyz"
                                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
}

static int by_name(const void *a, const void *b)
{
    const struct member *left = a;
    const struct member *right = b;
    return str_compare(left->name, right->name);
}

static result open_object(struct arena *arena, const json_t *object, struct open *opened)
{
    *opened = (struct open){
        .value = object,
        .members = arena_array(arena, struct member, json_object_size(object)),
    };
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(json_iterable(object), name, value)
    {
        if (!is_name(str_from(name)))
            return FAIL(INVALID, "A member's name is not one of letters, digits, _ . and -.");
        if (!json_is_null(value))
            opened->members[opened->count++] = (struct member){str_from(name), value};
    }
    qsort(opened->members, opened->count, sizeof(struct member), by_name);
    return OK;
}

// Writes a scalar whole, and of an array or object the opening bracket.
static result begin(struct arena *arena, const json_t *value, struct canonical *writer)
{
    bool opens = json_is_object(value) || json_is_array(value);
    if (opens && writer->depth == JSON_DEPTH_MAX)
        return FAIL(INVALID, "The document is nested too deep.");

    switch (json_typeof(value)) {
    case JSON_OBJECT:
        TRY(open_object(arena, value, &writer->opened[writer->depth]));
        writer->depth++;
        buf_add_char(&writer->text, '{');
        return OK;
    case JSON_ARRAY:
        writer->opened[writer->depth++] =
            (struct open){.value = value, .count = json_array_size(value)};
        buf_add_char(&writer->text, '[');
        return OK;
    case JSON_STRING:
        json_quote(&writer->text, json_str(value));
        return OK;
    case JSON_INTEGER:
        buf_addf(&writer->text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return OK;
    case JSON_REAL:
        return FAIL(INVALID, "A number has a fraction or an exponent.");
    case JSON_TRUE:
        buf_add(&writer->text, STR("true"));
        return OK;
    case JSON_FALSE:
        buf_add(&writer->text, STR("false"));
        return OK;
    case JSON_NULL:
        buf_add(&writer->text, STR("null"));
        return OK;
    }
    assert(false); // not a type of value
    return FAIL(INTERNAL, "");
}

result json_canonical(struct arena *arena, const json_t *value, str *text)
{
    struct canonical *writer = arena_new(arena, struct canonical);
    writer->text.arena = arena;
    TRY(begin(arena, value, writer));
    while (writer->depth != 0) {
        struct open *top = &writer->opened[writer->depth - 1];
        if (top->next == top->count) {
            buf_add_char(&writer->text, top->members == NULL ? ']' : '}');
            writer->depth--;
            continue;
        }
        if (top->next != 0)
            buf_add_char(&writer->text, ',');
        size_t index = top->next++;
        if (top->members == NULL) {
            TRY(begin(arena, json_array_get(top->value, index), writer));
        } else {
            json_quote(&writer->text, top->members[index].name);
            buf_add_char(&writer->text, ':');
            TRY(begin(arena, top->members[index].value, writer));
        }
    }
    *text = buf_str(&writer->text);
    return OK;
}
