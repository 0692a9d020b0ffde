// SPDX-License-Identifier: Apache-2.0
// The whole gate: a line is decoded, checked against a declared type, scanned. Whatever it is, it
// gets one answer, the same twice, whose pointer repeats no more than the declaration has.
#include "trial_parts.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static const char declaration[] =
    "{\"properties\": {\"modality\": {\"type\": \"enum\", \"values\": [\"ct\", \"mr\"]},"
    "\"model_version\": {\"type\": \"version\"}, \"minutes\": {\"type\": \"decimal\"},"
    "\"ref\": {\"type\": \"code\"}, \"done\": {\"type\": \"boolean\"},"
    "\"patient\": {\"type\": \"token\"}}}";

static bool is_known(str pointer)
{
    static const char *const known[] = {"/",     "/id",          "/customer",      "/type",
                                        "/time", "/quantity",    "/source",        "/subject",
                                        "/data", "/data_base64", "/properties",    "/specversion",
                                        "/text", "/shape",       "/data/quantity", NULL};
    static const char *const names[] = {"modality", "model_version", "minutes", "ref",
                                        "done",     "patient",       NULL};
    for (size_t i = 0; known[i] != NULL; i++)
        if (str_eq(pointer, str_from(known[i])))
            return true;
    for (size_t i = 0; names[i] != NULL; i++)
        if (str_ends_with(pointer, str_from(names[i])))
            return str_starts_with(pointer, STR("/properties/")) ||
                   str_starts_with(pointer, STR("/data/"));
    return false;
}

static void check_line(struct trial *trial, str line)
{
    struct arena arena = {0};
    struct trial_verdict first = trial_line(trial, &arena, line);
    struct trial_verdict second = trial_line(trial, &arena, line);
    if (first.word != second.word || !str_eq(first.pointer, second.pointer))
        abort();
    if (first.word != NULL && !is_known(first.pointer))
        abort();
    arena_reset(&arena);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct arena arena = {0};
    struct faults faults = {.arena = &arena};
    OWNED(json_release) json_t *root = NULL;
    str line = {(const char *)data, size};
    struct trial *trial = trial_open(&arena);
    check_line(trial, line);
    if (failed(json_parse(str_from(declaration), &root)))
        abort();
    const struct event_type *type =
        event_type_parse((struct json_at){root, STR(""), &faults}, STR("image.analyzed"));
    if (type == NULL || !trial_declare(trial, type))
        abort();
    check_line(trial, line);
    arena_reset(&arena);
    return 0;
}
