// SPDX-License-Identifier: Apache-2.0
#include "phial/rating/report_template.h"

#include "phial/util/array.h"

enum { TEXT_MAX = 200, RATE_DIGITS_MAX = 12 };

static const char *const figure_names[] = {
#define FIGURE(name, does) #name,
#include "phial/rating/report_figures.def"
#undef FIGURE
};
_Static_assert(COUNT_OF(figure_names) == FIGURE_COUNT, "a name for each figure");

static bool check_text(struct json_at at, str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < ' ')
            return json_wrong(at, "invalid", "A text is one line.");
    }
    return text.len <= TEXT_MAX || json_wrong(at, "invalid", "A text has at most 200 bytes.");
}

static bool find_figure(struct json_at at, str name, enum report_figure *figure)
{
    for (size_t i = 0; i < COUNT_OF(figure_names); i++) {
        if (str_eq(name, str_from(figure_names[i]))) {
            *figure = (enum report_figure)i;
            return true;
        }
    }
    return json_wrong(at, "invalid", "No figure of a report has this name.");
}

static bool parse_column(struct json_at at, struct report_column *column)
{
    str dimension = {0};
    str figure = {0};
    str text = {0};
    bool has_dimension = false;
    bool has_figure = false;
    bool has_text = false;
    if (!json_read(at,
                   FIELDS(json_optional(json_text("title", &column->title)),
                          json_optional_seen(json_text("dimension", &dimension), &has_dimension),
                          json_optional_seen(json_text("figure", &figure), &has_figure),
                          json_optional_seen(json_text("text", &text), &has_text))))
        return false;
    if (has_dimension + has_figure + has_text != 1)
        return json_wrong(at, "invalid", "A column has one of dimension, figure and text.");
    if (!check_text(json_member(at, "title"), column->title) ||
        !check_text(json_member(at, "text"), text))
        return false;
    bool all = str_eq(dimension, STR("*"));
    column->kind = has_figure ? COLUMN_FIGURE
                   : has_text ? COLUMN_TEXT
                   : all      ? COLUMN_DIMENSIONS
                              : COLUMN_DIMENSION;
    column->name = has_text ? text : dimension;
    if (has_figure && !find_figure(json_member(at, "figure"), figure, &column->figure))
        return false;
    if (column->title.len == 0 && !all)
        column->title = has_figure ? figure : column->name;
    return true;
}

static bool parse_columns(struct json_at at, struct report_template *form)
{
    size_t count = json_array_size(at.value);
    if (count == 0 || count > REPORT_COLUMNS_MAX)
        return json_wrong(at, "invalid", "A template has 1 to 40 columns.");
    struct report_column *columns = arena_array(at.faults->arena, struct report_column, count);
    bool fine = true;
    for (size_t i = 0; i < count; i++)
        fine &= parse_column(json_item(at, i), &columns[i]);
    form->columns = columns;
    form->column_count = count;
    return fine;
}

static bool parse_totals(struct json_at at, str text, struct report_template *form)
{
    if (str_eq(text, STR("all")))
        form->totals = TOTALS_ALL;
    else if (str_eq(text, STR("none")))
        form->totals = TOTALS_NONE;
    else if (str_eq(text, STR("grand")))
        form->totals = TOTALS_GRAND;
    else
        return json_wrong(at, "invalid", "Totals are all, none or grand.");
    return true;
}

bool report_template_parse(struct json_at document, str name, struct report_template *form)
{
    struct report_template read = {.name = name, .rate_digits = -1, .header = true};
    const json_t *columns = NULL;
    str description = {0};
    str totals = STR("all");
    if (!json_read(document, FIELDS(json_optional(json_text("description", &description)),
                                    json_items("columns", &columns),
                                    json_optional(json_text("totals", &totals)),
                                    json_optional(json_text("metric", &read.metric)),
                                    json_optional(json_text("by", &read.by)),
                                    json_optional(json_text("total_label", &read.total_label)),
                                    json_optional(json_i64("rate_digits", &read.rate_digits)),
                                    json_optional(json_flag("header", &read.header)))))
        return false;
    if (json_object_get(document.value, "rate_digits") != NULL &&
        (read.rate_digits < 0 || read.rate_digits > RATE_DIGITS_MAX))
        return json_wrong(json_member(document, "rate_digits"), "invalid",
                          "A rate has 0 to 12 digits after the point.");
    if (read.by.len != 0 && read.metric.len == 0)
        return json_wrong(json_member(document, "by"), "invalid",
                          "What a report is by belongs to a metric: name it.");
    if (!check_text(json_member(document, "total_label"), read.total_label) ||
        !check_text(json_member(document, "metric"), read.metric) ||
        !check_text(json_member(document, "by"), read.by) ||
        !parse_totals(json_member(document, "totals"), totals, &read) ||
        !parse_columns(json_member(document, "columns"), &read))
        return false;
    *form = read;
    return true;
}
