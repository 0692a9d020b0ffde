// SPDX-License-Identifier: Apache-2.0
// Numbers and texts go as text, so that the server's own type decides; bytes and instants as they
// are.
#include "params.h"

#include "phial/util/buf.h"
#include "wire.h"

#include <assert.h>
#include <limits.h>

enum { OID_BYTEA = 17, OID_TIMESTAMPTZ = 1184 };

static str print_i64_array(struct arena *arena, const db_param *param)
{
    struct buf text = {.arena = arena};
    buf_add_char(&text, '{');
    for (size_t i = 0; i < param->count; i++)
        buf_addf(&text, i == 0 ? "%lld" : ",%lld", (long long)param->numbers[i]);
    buf_add(&text, (str){"}", 2}); // with its NUL
    return buf_str(&text);
}

static str print_text_array(struct arena *arena, const db_param *param)
{
    struct buf text = {.arena = arena};
    buf_add_char(&text, '{');
    for (size_t i = 0; i < param->count; i++) {
        buf_add(&text, i == 0 ? STR("\"") : STR(",\""));
        for (size_t j = 0; j < param->items[i].len; j++) {
            char c = param->items[i].ptr[j];
            if (c == '"' || c == '\\')
                buf_add_char(&text, '\\');
            buf_add_char(&text, c);
        }
        buf_add_char(&text, '"');
    }
    buf_add(&text, (str){"}", 2});
    return buf_str(&text);
}

static void add_array_head(struct buf *bytes, size_t count, unsigned item_oid)
{
    assert(count <= INT32_MAX);
    wire_add(bytes, count == 0 ? 0 : 1, 4); // dimensions
    wire_add(bytes, 0, 4);                  // no nulls
    wire_add(bytes, item_oid, 4);
    if (count != 0) {
        wire_add(bytes, count, 4);
        wire_add(bytes, 1, 4); // the first subscript
    }
}

static str print_instant_array(struct arena *arena, const db_param *param)
{
    struct buf bytes = {.arena = arena};
    add_array_head(&bytes, param->count, OID_TIMESTAMPTZ);
    for (size_t i = 0; i < param->count; i++) {
        wire_add(&bytes, 8, 4);
        wire_add(&bytes, wire_from_instant(param->instants[i]), 8);
    }
    return buf_str(&bytes);
}

static str print_bytes_array(struct arena *arena, const db_param *param)
{
    struct buf bytes = {.arena = arena};
    add_array_head(&bytes, param->count, OID_BYTEA);
    for (size_t i = 0; i < param->count; i++) {
        wire_add(&bytes, param->items[i].len, 4);
        buf_add(&bytes, param->items[i]);
    }
    return buf_str(&bytes);
}

static str print_instant(struct arena *arena, instant at)
{
    struct buf bytes = {.arena = arena};
    wire_add(&bytes, wire_from_instant(at), 8);
    return buf_str(&bytes);
}

static bool holds_nul(const db_param *param)
{
    if (param->kind == DB_TEXT)
        return str_contains(param->text, '\0');
    for (size_t i = 0; param->kind == DB_TEXT_ARRAY && i < param->count; i++) {
        if (str_contains(param->items[i], '\0'))
            return true;
    }
    return false;
}

static bool is_binary(const db_param *param)
{
    return param->kind == DB_BYTES || param->kind == DB_BYTES_ARRAY || param->kind == DB_INSTANT ||
           param->kind == DB_INSTANT_ARRAY;
}

static str print_one(struct arena *arena, const db_param *param)
{
    switch (param->kind) {
    case DB_NULL:
        return (str){NULL, 0};
    case DB_BOOL:
        return param->number != 0 ? STR("t") : STR("f");
    case DB_BYTES:
        return param->text.ptr == NULL ? STR("") : param->text; // NULL would be a null
    case DB_I64:
        return str_printf(arena, "%lld", (long long)param->number);
    case DB_INSTANT:
        return print_instant(arena, (instant){param->number});
    case DB_TEXT:
        return str_copy(arena, param->text); // libpq wants a NUL behind it
    case DB_BYTES_ARRAY:
        return print_bytes_array(arena, param);
    case DB_I64_ARRAY:
        return print_i64_array(arena, param);
    case DB_INSTANT_ARRAY:
        return print_instant_array(arena, param);
    case DB_TEXT_ARRAY:
        return print_text_array(arena, param);
    }
    return (str){NULL, 0};
}

result params_print(struct arena *arena, struct db_params params, struct wire_params *wire)
{
    assert(params.count <= PARAMS_MAX);
    for (int i = 0; i < params.count; i++) {
        if (holds_nul(&params.items[i]))
            return FAIL(INVALID, "a text holds a NUL");
        str printed = print_one(arena, &params.items[i]);
        assert(printed.len <= INT_MAX);
        wire->values[i] = printed.ptr;
        wire->lengths[i] = (int)printed.len;
        wire->formats[i] = is_binary(&params.items[i]) ? 1 : 0;
    }
    return OK;
}
