// SPDX-License-Identifier: Apache-2.0
#include "page.h"

#include "phial/util/encode.h"

enum { LIMIT_PRESET = 50, LIMIT_MAX = 500, CURSOR_MAX = 1024 };

// A cursor is the list's path and the last key, so that no list takes another's.
static str cursor_print(const struct page *page)
{
    struct arena *arena = page->request->arena;
    return encode_base64url(arena, str_printf(arena, "%" STR_FMT "\n%" STR_FMT,
                                              STR_ARG(page->request->path), STR_ARG(page->last)));
}

// Keys, ids and indexes are all of these characters.
static bool is_key(str text)
{
    return text.len != 0 && str_all_in(text, "abcdefghijklmnopqrstuvwxyz0123456789._-");
}

static result cursor_parse(const struct request *request, str text, str *after)
{
    str decoded = {0};
    str path = {0};
    if (text.len > CURSOR_MAX || !decode_base64url(request->arena, text, &decoded) ||
        !str_cut(decoded, '\n', &path, after) || !str_eq(path, request->path) || !is_key(*after))
        return FAIL(BAD_CURSOR, "The cursor is not one that this list gave out.");
    return OK;
}

result page_open(const struct request *request, const char *filters, struct page *page)
{
    str cursor = {0};
    bool limited = false;
    const char *known =
        str_to_c(request->arena, str_printf(request->arena, "limit cursor %s", filters));
    *page = (struct page){.request = request, .limit = LIMIT_PRESET, .after = STR("")};
    TRY(http_parameters_known(request, known));
    if (failed(parameter_i64(request, "limit", LIMIT_MAX, &limited, &page->limit)) ||
        (limited && page->limit < 1))
        return FAIL(BAD_PARAMETER, "The limit is a number from 1 to 500.");
    if (http_parameter(request, "cursor", &cursor))
        TRY(cursor_parse(request, cursor, &page->after));
    page->rows = json_array();
    return OK;
}

void page_release(struct page *page)
{
    json_decref(page->rows);
    page->rows = NULL;
}

void page_clear(struct page *page)
{
    json_array_clear(page->rows);
    page->more = false;
    page->last = STR("");
}

result page_add(struct page *page, str key, json_t *row)
{
    if ((int64_t)json_array_size(page->rows) >= page->limit) {
        page->more = true;
        json_decref(row);
        return OK;
    }
    if (row == NULL || json_array_append_new(page->rows, row) != 0)
        return FAIL(INTERNAL, "out of memory");
    page->last = str_copy(page->request->arena, key);
    return OK;
}

// The request's own target with another cursor.
static str next_target(const struct page *page, str cursor)
{
    struct buf text = {.arena = page->request->arena};
    str path = page->request->target;
    str query = STR("");
    if (!str_cut(page->request->target, '?', &path, &query))
        path = page->request->target;
    buf_add(&text, path);
    buf_add_char(&text, '?');
    while (query.len != 0) {
        str one = query;
        str rest = STR("");
        if (!str_cut(query, '&', &one, &rest))
            one = query;
        if (one.len != 0 && !str_starts_with(one, STR("cursor="))) {
            buf_add(&text, one);
            buf_add_char(&text, '&');
        }
        query = rest;
    }
    buf_add(&text, STR("cursor="));
    buf_add(&text, cursor);
    return buf_str(&text);
}

static bool fits_in_link(str target)
{
    return !str_contains(target, '<') && !str_contains(target, '>') && !str_contains(target, '"');
}

result page_reply_with(struct page *page, struct reply *reply, json_t *members)
{
    OWNED(json_release) json_t *answer = members;
    str cursor = page->more ? cursor_print(page) : STR("");
    if (page->more) {
        str target = next_target(page, cursor);
        if (fits_in_link(target))
            http_reply_header(
                reply, "Link",
                str_printf(page->request->arena, "<%" STR_FMT ">; rel=\"next\"", STR_ARG(target)));
    }
    json_t *next = page->more ? json_from_str(cursor) : json_null();
    if (answer == NULL || json_object_set(answer, "data", page->rows) != 0 ||
        json_object_set_new(answer, "next_cursor", next) != 0)
        return FAIL(INTERNAL, "out of memory");
    return http_reply_json(page->request, reply, 200, json_incref(answer));
}

result page_reply(struct page *page, struct reply *reply)
{
    return page_reply_with(page, reply, json_object());
}
