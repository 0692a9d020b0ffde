// SPDX-License-Identifier: Apache-2.0
#include "phial/reports/templates.h"

#include "phial/util/array.h"
#include "phial/util/file.h"

#include <dirent.h>
#include <stdlib.h>

enum { TEMPLATES_MAX = 200, TEMPLATE_BYTES_MAX = 65536 };

extern const char report_employer_json[], report_payer_json[], report_plain_json[];

static const struct {
    const char *name;
    const char *text;
} shipped[] = {
    {"employer", report_employer_json},
    {"payer", report_payer_json},
    {"plain", report_plain_json},
};

// The texts are kept: the document they stand in is let go.
static void keep_texts(struct arena *arena, struct report_template *form)
{
    struct report_column *columns = arena_array(arena, struct report_column, form->column_count);
    for (size_t i = 0; i < form->column_count; i++) {
        columns[i] = form->columns[i];
        columns[i].title = str_copy(arena, columns[i].title);
        columns[i].name = str_copy(arena, columns[i].name);
    }
    form->columns = columns;
    form->name = str_copy(arena, form->name);
    form->total_label = str_copy(arena, form->total_label);
    form->metric = str_copy(arena, form->metric);
    form->by = str_copy(arena, form->by);
}

static result read_one(struct arena *arena, str name, str text, struct report_template *form)
{
    OWNED(json_release) json_t *document = NULL;
    struct faults *faults = arena_new(arena, struct faults);
    faults->arena = arena;
    if (failed(json_parse(text, &document)))
        return FAIL(BAD_CONFIG, str_printf(arena,
                                           "[reports] templates: %" STR_FMT ".json is not "
                                           "JSON",
                                           STR_ARG(name))
                                    .ptr);
    if (!report_template_parse((struct json_at){document, STR(""), faults}, name, form)) {
        const struct fault *fault = &faults->items[0];
        return FAIL(BAD_CONFIG,
                    str_printf(arena,
                               "[reports] templates: %" STR_FMT ".json: at \"%" STR_FMT "\": %s",
                               STR_ARG(name), STR_ARG(fault->pointer), fault->detail)
                        .ptr);
    }
    keep_texts(arena, form);
    return OK;
}

static bool is_name(str name)
{
    return name.len != 0 && name.len <= 64 &&
           str_all_in(name, "abcdefghijklmnopqrstuvwxyz0123456789._-");
}

static void put(struct report_template *items, size_t *count, const struct report_template *form)
{
    for (size_t i = 0; i < *count; i++) {
        if (str_eq(items[i].name, form->name)) {
            items[i] = *form;
            return;
        }
    }
    items[(*count)++] = *form;
}

static result read_file(struct arena *arena, str folder, str file, struct report_template *form)
{
    str path = str_printf(arena, "%" STR_FMT "/%" STR_FMT, STR_ARG(folder), STR_ARG(file));
    str name = str_slice(file, 0, file.len - STR(".json").len);
    str text = {0};
    if (!is_name(name))
        return FAIL(BAD_CONFIG, "[reports] templates: a file's name is 1-64 of [a-z0-9._-] before "
                                ".json");
    if (failed(file_read(arena, str_to_c(arena, path), TEMPLATE_BYTES_MAX, &text)))
        return FAIL(BAD_CONFIG,
                    str_printf(arena,
                               "[reports] templates: %" STR_FMT " cannot be read, or is "
                               "larger than 64 KiB",
                               STR_ARG(file))
                        .ptr);
    return read_one(arena, name, text, form);
}

static void close_folder(DIR **folder)
{
    if (*folder != NULL)
        (void)closedir(*folder);
}

static result read_folder(struct arena *arena, str path, struct report_template *items,
                          size_t *count)
{
    OWNED(close_folder) DIR *folder = opendir(str_to_c(arena, path));
    if (folder == NULL)
        return FAIL(BAD_CONFIG, "[reports] templates: the folder cannot be read");
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        str file = str_from(entry->d_name);
        struct report_template form = {0};
        if (!str_ends_with(file, STR(".json")))
            continue;
        if (*count == TEMPLATES_MAX)
            return FAIL(BAD_CONFIG, "[reports] templates: there are more than 200");
        TRY(read_file(arena, path, file, &form));
        put(items, count, &form);
    }
    return OK;
}

result report_templates_read(struct arena *arena, str folder, struct report_templates *templates)
{
    struct report_template *items = arena_array(arena, struct report_template, TEMPLATES_MAX);
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(shipped); i++) {
        TRY(read_one(arena, str_from(shipped[i].name), str_from(shipped[i].text), &items[count]));
        count++;
    }
    if (folder.len != 0)
        TRY(read_folder(arena, folder, items, &count));
    *templates = (struct report_templates){items, count};
    return OK;
}

const struct report_template *report_template_find(const struct report_templates *templates,
                                                   str name)
{
    for (size_t i = 0; i < templates->count; i++) {
        if (str_eq(templates->items[i].name, name))
            return &templates->items[i];
    }
    return NULL;
}
