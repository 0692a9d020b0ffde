// SPDX-License-Identifier: Apache-2.0
// route.c - from a method and a path to a handler. Pure.
#include "route.h"

#include "phial/util/buf.h"

#include <string.h>

enum { PARTS_MAX = 12 };

struct parts {
    str items[PARTS_MAX];
    size_t count;
};

// "/a/b" is two parts, "/a/" is "a" and an empty one. False for what no route can have.
static bool cut_parts(str path, struct parts *parts)
{
    *parts = (struct parts){0};
    if (!str_starts_with(path, STR("/")))
        return false;
    str rest = str_slice(path, 1, path.len);
    bool more = true;
    while (more) {
        if (parts->count == PARTS_MAX)
            return false;
        str part = {0};
        str after = {0};
        more = str_cut(rest, '/', &part, &after);
        parts->items[parts->count++] = more ? part : rest;
        rest = after;
    }
    return true;
}

static bool is_arg(str part)
{
    return str_starts_with(part, STR(":"));
}

// How many parts match literally, -1 when the path is another one.
static int match_parts(const struct parts *pattern, const struct parts *path)
{
    if (pattern->count != path->count)
        return -1;
    int literal = 0;
    for (size_t i = 0; i < path->count; i++) {
        if (is_arg(pattern->items[i]) && path->items[i].len != 0)
            continue;
        if (!str_eq(pattern->items[i], path->items[i]))
            return -1;
        literal++;
    }
    return literal;
}

static void take_args(const struct parts *pattern, const struct parts *path,
                      str args[PATH_ARGS_MAX])
{
    size_t arg = 0;
    for (size_t i = 0; i < path->count && arg < PATH_ARGS_MAX; i++) {
        if (is_arg(pattern->items[i]))
            args[arg++] = path->items[i];
    }
}

result http_match(struct route_table table, str method, str path, const struct route **route,
                  str args[PATH_ARGS_MAX])
{
    struct parts wanted = {0};
    struct parts best = {0};
    int best_literal = -1;
    bool path_known = false;
    if (!cut_parts(path, &wanted))
        return FAIL(NOT_FOUND, "");

    for (size_t i = 0; i < table.count; i++) {
        struct parts pattern = {0};
        int literal = -1;
        if (cut_parts(str_from(table.routes[i].path), &pattern))
            literal = match_parts(&pattern, &wanted);
        path_known = path_known || literal >= 0;
        if (literal > best_literal && str_eq(method, str_from(table.routes[i].method))) {
            best_literal = literal;
            best = pattern;
            *route = &table.routes[i];
        }
    }
    if (best_literal < 0)
        return path_known ? FAIL(METHOD_NOT_ALLOWED, "") : FAIL(NOT_FOUND, "");
    take_args(&best, &wanted, args);
    return OK;
}

static bool named_before(struct route_table table, size_t before, const char *method,
                         const struct parts *path)
{
    for (size_t i = 0; i < before; i++) {
        struct parts pattern = {0};
        if (strcmp(table.routes[i].method, method) == 0 &&
            cut_parts(str_from(table.routes[i].path), &pattern) && match_parts(&pattern, path) >= 0)
            return true;
    }
    return false;
}

str route_allow(struct arena *arena, struct route_table table, str path)
{
    struct parts wanted = {0};
    struct buf allow = {.arena = arena};
    if (!cut_parts(path, &wanted))
        return STR("");
    for (size_t i = 0; i < table.count; i++) {
        struct parts pattern = {0};
        const char *method = table.routes[i].method;
        if (!cut_parts(str_from(table.routes[i].path), &pattern) ||
            match_parts(&pattern, &wanted) < 0 || named_before(table, i, method, &wanted))
            continue;
        buf_addf(&allow, "%s%s", allow.len == 0 ? "" : ", ", method);
        if (strcmp(method, "GET") == 0)
            buf_add(&allow, STR(", HEAD"));
    }
    if (allow.len != 0)
        buf_add(&allow, STR(", OPTIONS"));
    return buf_str(&allow);
}
