// SPDX-License-Identifier: Apache-2.0
// documents.h - plans, metrics and leaves out of literal JSON, for the tests of this folder.
#pragma once

#include "check_main.h"
#include "phial/json/json.h"
#include "phial/rating/metric.h"
#include "phial/rating/plan.h"
#include "phial/rating/usage.h"
#include "phial/util/file.h"

#include <string.h>

// What a test holds: memory, the documents it parsed, the faults they had.
struct documents {
    struct arena arena;
    struct faults faults;
    json_t *held; // an array
};

static inline void documents_open(struct documents *documents)
{
    *documents = (struct documents){.held = json_array()};
    documents->faults.arena = &documents->arena;
}

static inline void documents_close(struct documents *documents)
{
    json_decref(documents->held);
    arena_reset(&documents->arena);
}

// Single quotes stand for double ones: C literals stay readable.
static inline str quoted(struct arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = arena_array(arena, char, size);
    (void)memcpy(copy, text, size);
    for (char *quote = strchr(copy, '\''); quote != NULL; quote = strchr(quote, '\''))
        *quote = '"';
    return (str){copy, size - 1};
}

static inline struct json_at document(struct documents *documents, const char *text)
{
    json_t *root = NULL;
    ck_assert_msg(!failed(json_parse(quoted(&documents->arena, text), &root)), "%s", text);
    json_array_append_new(documents->held, root);
    return (struct json_at){.value = root, .pointer = STR(""), .faults = &documents->faults};
}

static inline const char *first_fault(struct documents *documents)
{
    if (documents->faults.count == 0)
        return "";
    const struct fault *fault = &documents->faults.items[0];
    return str_to_c(&documents->arena, str_printf(&documents->arena, "%s %" STR_FMT, fault->code,
                                                  STR_ARG(fault->pointer)));
}

static inline const struct plan *plan_of(struct documents *documents, const char *text)
{
    const struct plan *plan = plan_parse(document(documents, text), true);
    ck_assert_msg(plan != NULL, "%s", first_fault(documents));
    return plan;
}

static inline const struct metric *metric_of(struct documents *documents, const char *text)
{
    const struct metric *metric = metric_parse(document(documents, text), true);
    ck_assert_msg(metric != NULL, "%s", first_fault(documents));
    return metric;
}

static inline str data_file(struct documents *documents, const char *name)
{
    str bytes = {0};
    str path = str_printf(&documents->arena, PHIAL_TEST_DATA "/%s", name);
    ck_assert_ok(file_read(&documents->arena, str_to_c(&documents->arena, path), 4 << 20, &bytes));
    return bytes;
}

static inline void ck_assert_text(struct arena *arena, str actual, const char *expected)
{
    ck_assert_str_eq(str_to_c(arena, actual), expected);
}

static inline instant at(const char *text)
{
    instant parsed = {0};
    ck_assert_ok(instant_parse(str_from(text), &parsed));
    return parsed;
}
