// SPDX-License-Identifier: Apache-2.0
// A report as JSON and as CSV; with a template, in its columns.
#include "cube.h"
#include "phial/reports/reports.h"
#include "phial/util/csv.h"

// The columns that a paper has, with COLUMN_DIMENSIONS spread out.
struct layout {
    struct arena *arena;
    const struct report_paper *paper;
    const struct report_template *form;
    struct report_column *columns;
    size_t column_count;
    size_t *cells; // those that are shown, in their order
    size_t cell_count;
};

static const struct report_template *form_of(struct arena *arena, const struct report_paper *paper)
{
    enum { COLUMNS = 4 };
    if (paper->form != NULL)
        return paper->form;
    struct report_template *form = arena_new(arena, struct report_template);
    struct report_column *columns = arena_array(arena, struct report_column, COLUMNS);
    columns[0].kind = COLUMN_DIMENSIONS;
    columns[1] = (struct report_column){COLUMN_FIGURE, STR("count"), STR(""), FIGURE_count};
    columns[2] = (struct report_column){COLUMN_FIGURE, STR("per_1000"), STR(""), FIGURE_per_1000};
    columns[3] = (struct report_column){COLUMN_FIGURE, STR("per_member_per_month"), STR(""),
                                        FIGURE_per_member_per_month};
    *form = (struct report_template){
        .columns = columns,
        .column_count = paper->members.given ? COLUMNS : 2,
        .rate_digits = -1,
        .header = true,
    };
    return form;
}

static bool has_column_of(const struct report_template *form, str name)
{
    bool has = false;
    for (size_t i = 0; i < form->column_count; i++)
        has |= form->columns[i].kind == COLUMN_DIMENSION && str_eq(form->columns[i].name, name);
    return has;
}

static void set_columns(struct layout *layout)
{
    const struct report_question *question = layout->paper->question;
    const struct report_template *form = layout->form;
    layout->columns = arena_array(layout->arena, struct report_column,
                                  form->column_count + form->column_count * question->by_count);
    for (size_t i = 0; i < form->column_count; i++) {
        if (form->columns[i].kind != COLUMN_DIMENSIONS) {
            layout->columns[layout->column_count++] = form->columns[i];
            continue;
        }
        for (size_t k = 0; k < question->by_count; k++) {
            if (!has_column_of(form, question->by[k]))
                layout->columns[layout->column_count++] = (struct report_column){
                    .kind = COLUMN_DIMENSION, .title = question->by[k], .name = question->by[k]};
        }
    }
}

// ---- cells

static size_t axis_of(const struct report_table *table, str name)
{
    size_t axis = 0;
    while (axis < table->axis_count && !str_eq(table->axes[axis], name))
        axis++;
    return axis;
}

// How many of the dimensions asked for the cell is a total of; SIZE_MAX: the cell lies beside the
// question.
static size_t totals_in(const struct layout *layout, size_t cell)
{
    const struct report_question *question = layout->paper->question;
    const struct report_table *table = &layout->paper->report->table;
    size_t totals = 0;
    size_t divided = 0;
    for (size_t axis = 0; axis < table->axis_count; axis++)
        divided += table_place(table, cell, axis) != 0;
    for (size_t i = 0; i < question->by_count; i++) {
        bool total = table_place(table, cell, axis_of(table, question->by[i])) == 0;
        totals += total;
        divided -= !total;
    }
    return divided == 0 ? totals : SIZE_MAX;
}

// The finest first, the grand total last.
static void set_cells(struct layout *layout)
{
    const struct report_table *table = &layout->paper->report->table;
    size_t by_count = layout->paper->question->by_count;
    layout->cells = arena_array(layout->arena, size_t, table->cell_count);
    for (size_t totals = 0; totals <= by_count; totals++) {
        bool shown = totals == 0 || layout->form->totals == TOTALS_ALL ||
                     (layout->form->totals == TOTALS_GRAND && totals == by_count);
        for (size_t cell = 0; shown && cell < table->cell_count; cell++) {
            if (totals_in(layout, cell) == totals)
                layout->cells[layout->cell_count++] = cell;
        }
    }
}

static struct layout lay_out(struct arena *arena, const struct report_paper *paper)
{
    struct layout layout = {.arena = arena, .paper = paper, .form = form_of(arena, paper)};
    set_columns(&layout);
    set_cells(&layout);
    return layout;
}

// ---- figures

static str print_number(const struct layout *layout, exact number)
{
    int64_t digits = layout->form->rate_digits;
    if (digits >= 0)
        number = exact_round(layout->arena, number, (int)digits, ROUND_HALF_UP);
    return exact_print(layout->arena, number);
}

// Of a shown figure; a withheld one has no rate.
static str print_rate(const struct layout *layout, str label, int64_t times, exact among)
{
    const struct report_members *members = &layout->paper->members;
    struct arena *arena = layout->arena;
    decimal count = {0};
    if (!members->given)
        return STR("");
    if (members->withheld || failed(decimal_parse(label, &count)))
        return STR("*");
    exact product =
        exact_mul(arena, exact_from_decimal(arena, count), exact_from_i64(arena, times));
    return print_number(layout, exact_div(arena, product, among));
}

static str print_members(const struct layout *layout, exact number)
{
    const struct report_members *members = &layout->paper->members;
    if (!members->given)
        return STR("");
    return members->withheld ? STR("*") : exact_print(layout->arena, number);
}

static str print_figure(const struct layout *layout, size_t cell, enum report_figure figure)
{
    const struct report_question *question = layout->paper->question;
    const struct report *report = layout->paper->report;
    const struct report_members *members = &layout->paper->members;
    struct arena *arena = layout->arena;
    bool of_group = question->scope->group.len != 0;
    exact member_months =
        members->given ? exact_mul(arena, members->count, members->months) : exact_zero();
    switch (figure) {
    case FIGURE_count:
        return report->table.labels[cell];
    case FIGURE_customer:
        return of_group ? STR("") : question->scope->customers[0].key;
    case FIGURE_from:
        return instant_print(arena, question->from);
    case FIGURE_group:
        return question->scope->group;
    case FIGURE_member_months:
        return print_members(layout, member_months);
    case FIGURE_members:
        return print_members(layout, members->count);
    case FIGURE_metric:
        return question->metric->key;
    case FIGURE_per_1000:
        return print_rate(layout, report->table.labels[cell], 1000, members->count);
    case FIGURE_per_member_per_month:
        return print_rate(layout, report->table.labels[cell], 1, member_months);
    case FIGURE_threshold:
        return str_printf(arena, "%lld", (long long)report->threshold);
    case FIGURE_to:
        return instant_print(arena, question->to);
    case FIGURE_version:
        return str_printf(arena, "%lld", (long long)report->version);
    case FIGURE_COUNT:
        break;
    }
    return STR("");
}

static str print_dimension(const struct layout *layout, size_t cell, str name)
{
    const struct report_table *table = &layout->paper->report->table;
    size_t axis = axis_of(table, name);
    size_t place = axis == table->axis_count ? 0 : table_place(table, cell, axis);
    return place == 0 ? layout->form->total_label : table->values[axis][place];
}

// *is_text: it is not ours, and may look like a spreadsheet's formula.
static str print_column(const struct layout *layout, size_t cell, size_t column, bool *is_text)
{
    const struct report_column *shown = &layout->columns[column];
    *is_text = shown->kind != COLUMN_FIGURE || shown->figure == FIGURE_group;
    if (shown->kind == COLUMN_FIGURE)
        return print_figure(layout, cell, shown->figure);
    return shown->kind == COLUMN_TEXT ? shown->name : print_dimension(layout, cell, shown->name);
}

// ---- CSV

result report_csv(struct arena *arena, const struct report_paper *paper, str *csv)
{
    struct layout layout = lay_out(arena, paper);
    struct buf text = {.arena = arena};
    struct csv_row row = {.into = &text};
    for (size_t i = 0; layout.form->header && i < layout.column_count; i++)
        csv_text(&row, layout.columns[i].title);
    if (layout.form->header)
        csv_end(&row);
    for (size_t i = 0; i < layout.cell_count; i++) {
        for (size_t k = 0; k < layout.column_count; k++) {
            bool is_text = false;
            str shown = print_column(&layout, layout.cells[i], k, &is_text);
            if (is_text)
                csv_text(&row, shown);
            else
                csv_number(&row, shown);
        }
        csv_end(&row);
    }
    *csv = buf_str(&text);
    return OK;
}

// ---- JSON

static int set(json_t *object, const char *name, str text)
{
    return json_object_set_new(object, name, json_from_str(text));
}

static json_t *print_by(const struct layout *layout, size_t cell)
{
    const struct report_question *question = layout->paper->question;
    const struct report_table *table = &layout->paper->report->table;
    json_t *by = json_object();
    int wrong = 0;
    for (size_t i = 0; i < question->by_count; i++) {
        size_t axis = axis_of(table, question->by[i]);
        size_t place = table_place(table, cell, axis);
        if (place != 0)
            wrong |= set(by, str_to_c(layout->arena, question->by[i]), table->values[axis][place]);
    }
    return wrong == 0 ? by : NULL;
}

static json_t *print_cell(const struct layout *layout, size_t cell)
{
    json_t *printed = json_pack("{s:o}", "by", print_by(layout, cell));
    int wrong = set(printed, "count", print_figure(layout, cell, FIGURE_count));
    if (layout->paper->members.given) {
        wrong |= set(printed, "per_1000", print_figure(layout, cell, FIGURE_per_1000));
        wrong |= set(printed, "per_member_per_month",
                     print_figure(layout, cell, FIGURE_per_member_per_month));
    }
    return wrong == 0 ? printed : NULL;
}

// What the version before showed otherwise. A place that is there no more was not shown as zero.
static json_t *print_changes(const struct layout *layout)
{
    const struct report *report = layout->paper->report;
    json_t *changes = json_array();
    int wrong = 0;
    for (size_t i = 0; i < layout->cell_count; i++) {
        size_t cell = layout->cells[i];
        str was = report_label(&report->before, &report->table, cell);
        str now = report->table.labels[cell];
        if (str_eq(was, now))
            continue;
        json_t *change = json_pack("{s:o}", "by", print_by(layout, cell));
        wrong |= set(change, "was", was) | set(change, "now", now);
        wrong |= json_array_append_new(changes, change);
    }
    return wrong == 0 ? changes : NULL;
}

static int add_rows(const struct layout *layout, json_t *answer)
{
    json_t *columns = json_array();
    json_t *rows = json_array();
    int wrong = 0;
    for (size_t i = 0; i < layout->column_count; i++)
        wrong |= json_array_append_new(columns, json_from_str(layout->columns[i].title));
    for (size_t i = 0; i < layout->cell_count; i++) {
        json_t *row = json_array();
        for (size_t k = 0; k < layout->column_count; k++) {
            bool is_text = false;
            str shown = print_column(layout, layout->cells[i], k, &is_text);
            wrong |= json_array_append_new(row, json_from_str(shown));
        }
        wrong |= json_array_append_new(rows, row);
    }
    wrong |= set(answer, "template", layout->form->name);
    wrong |= json_object_set_new(answer, "columns", columns);
    return wrong | json_object_set_new(answer, "rows", rows);
}

static json_t *print_members_json(const struct layout *layout)
{
    json_t *members = json_object();
    int wrong = set(members, "count", print_figure(layout, 0, FIGURE_members));
    wrong |= set(members, "months", exact_print(layout->arena, layout->paper->members.months));
    return wrong == 0 ? members : NULL;
}

static int add_head(const struct layout *layout, json_t *answer)
{
    const struct report_question *question = layout->paper->question;
    const struct report *report = layout->paper->report;
    json_t *by = json_array();
    bool of_group = question->scope->group.len != 0;
    int wrong = set(answer, "report", STR("utilization"));
    wrong |= of_group ? set(answer, "group", question->scope->group)
                      : set(answer, "customer", question->scope->customers[0].key);
    wrong |= set(answer, "metric", question->metric->key);
    for (size_t i = 0; i < question->by_count; i++)
        wrong |= json_array_append_new(by, json_from_str(question->by[i]));
    wrong |= json_object_set_new(answer, "by", by);
    wrong |= set(answer, "from", instant_print(layout->arena, question->from));
    wrong |= set(answer, "to", instant_print(layout->arena, question->to));
    wrong |= json_object_set_new(answer, "report_threshold", json_integer(report->threshold));
    wrong |= json_object_set_new(answer, "version", json_integer(report->version));
    wrong |= set(answer, "published_at", instant_print(layout->arena, report->published_at));
    return wrong;
}

result report_json(struct arena *arena, const struct report_paper *paper, json_t **answer)
{
    OWNED(json_release) json_t *printed = json_object();
    struct report_paper bare = *paper; // a template lays out its own rows alone
    bare.form = NULL;
    struct layout layout = lay_out(arena, &bare);
    json_t *cells = json_array();
    int wrong = add_head(&layout, printed);
    if (paper->members.given)
        wrong |= json_object_set_new(printed, "members", print_members_json(&layout));
    for (size_t i = 0; i < layout.cell_count; i++)
        wrong |= json_array_append_new(cells, print_cell(&layout, layout.cells[i]));
    wrong |= json_object_set_new(printed, "cells", cells);
    if (paper->report->restated)
        wrong |= json_object_set_new(printed, "changes", print_changes(&layout));
    if (paper->form != NULL) {
        struct layout formed = lay_out(arena, paper);
        wrong |= add_rows(&formed, printed);
    }
    wrong |= json_object_set(printed, "as_of", paper->report->as_of);
    if (wrong != 0)
        return FAIL(INTERNAL, "out of memory");
    *answer = json_incref(printed);
    return OK;
}
