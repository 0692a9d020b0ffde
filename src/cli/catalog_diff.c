// SPDX-License-Identifier: Apache-2.0
#include "catalog_diff.h"

#include "phial/util/array.h"

#include <stdlib.h>
#include <string.h>

static const char *const server_members[] = {"key", "version", "sha256", "created_at", "archived"};

struct comparison {
    struct arena *arena;
    FILE *out;
    int differences;
};

static bool added_by_server(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(server_members); i++) {
        if (strcmp(name, server_members[i]) == 0)
            return true;
    }
    return false;
}

static void print_value(const struct comparison *comparison, const json_t *value)
{
    str text = value == NULL ? STR("(nothing)") : json_print(comparison->arena, value);
    (void)fprintf(comparison->out, "%" STR_FMT, STR_ARG(text));
}

static void report(struct comparison *comparison, str path, const json_t *before,
                   const json_t *after)
{
    comparison->differences++;
    if (comparison->out == NULL)
        return;
    (void)fprintf(comparison->out, "    %" STR_FMT ": ", STR_ARG(str_slice(path, 1, path.len)));
    print_value(comparison, before);
    (void)fprintf(comparison->out, " -> ");
    print_value(comparison, after);
    (void)fprintf(comparison->out, "\n");
}

static bool absent(const json_t *value)
{
    return value == NULL || json_is_null(value);
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the documents, which json_parse bounds
static void compare(struct comparison *comparison, str path, const json_t *before,
                    const json_t *after);

// NOLINTNEXTLINE(misc-no-recursion): see compare
static void compare_objects(struct comparison *comparison, str path, const json_t *before,
                            const json_t *after)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_t *other = json_deep_copy(before); // iteration wants a document that may change
    json_t *mine = json_deep_copy(after);
    json_object_foreach(mine, name, value)
        compare(comparison, pointer_member(comparison->arena, path, str_from(name)),
                json_object_get(before, name), value);
    json_object_foreach(other, name, value)
    {
        bool top = path.len == 0;
        if (json_object_get(after, name) == NULL && !(top && added_by_server(name)))
            compare(comparison, pointer_member(comparison->arena, path, str_from(name)), value,
                    NULL);
    }
    json_decref(other);
    json_decref(mine);
}

// NOLINTNEXTLINE(misc-no-recursion): see above
static void compare(struct comparison *comparison, str path, const json_t *before,
                    const json_t *after)
{
    if ((absent(before) && absent(after)) || json_equal(before, after))
        return;
    if (json_is_object(before) && json_is_object(after)) {
        compare_objects(comparison, path, before, after);
        return;
    }
    if (json_is_array(before) && json_is_array(after) &&
        json_array_size(before) == json_array_size(after)) {
        for (size_t i = 0; i < json_array_size(after); i++)
            compare(comparison, pointer_item(comparison->arena, path, i), json_array_get(before, i),
                    json_array_get(after, i));
        return;
    }
    report(comparison, path, before, after);
}

result catalog_diff(struct arena *arena, enum document_kind kind, const json_t *before,
                    const json_t *after, FILE *out, int *differences)
{
    struct comparison comparison = {.arena = arena, .out = out};
    OWNED(json_release) json_t *had = NULL;
    OWNED(json_release) json_t *wanted = NULL;
    TRY(document_canonical(arena, kind, before, &had));
    TRY(document_canonical(arena, kind, after, &wanted));
    compare_objects(&comparison, STR(""), had, wanted);
    *differences = comparison.differences;
    return OK;
}

void catalog_strip(json_t *document)
{
    for (size_t i = 0; i < COUNT_OF(server_members); i++)
        (void)json_object_del(document, server_members[i]);
}
