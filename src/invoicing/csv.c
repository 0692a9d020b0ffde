// SPDX-License-Identifier: Apache-2.0
// A statement as CSV (RFC 4180): a header, then a row a line.
#include "phial/util/csv.h"

#include "phial/invoicing/invoicing.h"
#include "phial/util/array.h"
#include "phial/util/buf.h"

// {"modality": "ct", "site": "a"} as modality=ct;site=a
static str print_group(struct arena *arena, const json_t *group)
{
    struct buf text = {.arena = arena};
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(json_iterable(group), name, value)
    {
        if (text.len > 0)
            buf_add_char(&text, ';');
        buf_addf(&text, "%s=", name);
        buf_add(&text, json_str(value));
    }
    return buf_str(&text);
}

// A column: the member that it shows, and of what.
static const struct {
    const char *title;
    const char *member;
    enum { OF_STATEMENT, OF_PERIOD, OF_LINE, OF_LINE_PERIOD, OF_GROUP } of;
    bool is_text;
} columns[] = {
    {"invoice", "id", OF_STATEMENT, true},
    {"number", "number", OF_STATEMENT, true},
    {"status", "status", OF_STATEMENT, true},
    {"customer", "customer", OF_STATEMENT, true},
    {"subscription", "subscription", OF_STATEMENT, true},
    {"currency", "currency", OF_STATEMENT, true},
    {"period_start", "start", OF_PERIOD, true},
    {"period_end", "end", OF_PERIOD, true},
    {"key", "key", OF_LINE, true},
    {"name", "name", OF_LINE, true},
    {"kind", "kind", OF_LINE, true},
    {"metric", "metric", OF_LINE, true},
    {"model", "model", OF_LINE, true},
    {"group", "", OF_GROUP, true},
    {"quantity", "quantity", OF_LINE, false},
    {"amount", "amount", OF_LINE, false},
    {"exact_amount", "exact_amount", OF_LINE, false},
    {"discount", "discount", OF_LINE, false},
    {"line_start", "start", OF_LINE_PERIOD, true},
    {"line_end", "end", OF_LINE_PERIOD, true},
};

static str cell_of(struct arena *arena, const json_t *statement, const json_t *line, size_t column)
{
    const char *member = columns[column].member;
    switch (columns[column].of) {
    case OF_STATEMENT:
        return json_str(json_object_get(statement, member));
    case OF_PERIOD:
        return json_str(json_object_get(json_object_get(statement, "period"), member));
    case OF_LINE:
        return json_str(json_object_get(line, member));
    case OF_LINE_PERIOD:
        return json_str(json_object_get(json_object_get(line, "period"), member));
    case OF_GROUP:
        return print_group(arena, json_object_get(line, "group"));
    }
    return STR("");
}

static void add_cell(struct csv_row *row, str cell, bool is_text)
{
    if (is_text)
        csv_text(row, cell);
    else
        csv_number(row, cell);
}

str invoice_csv(struct arena *arena, const json_t *statement)
{
    struct buf csv = {.arena = arena};
    struct csv_row row = {.into = &csv};
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        csv_text(&row, str_from(columns[i].title));
    csv_end(&row);
    const json_t *lines = json_object_get(statement, "lines");
    for (size_t line = 0; line < json_array_size(lines); line++) {
        for (size_t i = 0; i < COUNT_OF(columns); i++) {
            str cell = cell_of(arena, statement, json_array_get(lines, line), i);
            add_cell(&row, cell, columns[i].is_text);
        }
        csv_end(&row);
    }
    return buf_str(&csv);
}
