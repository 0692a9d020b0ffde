// SPDX-License-Identifier: Apache-2.0
// The table, without what must not be told, as the next version of what was given out.
#include "joint.h"
#include "phial/rating/suppress.h"
#include "relatives.h"

static const int128 whole = INT64_C(1000000000000); // units of a decimal

str report_label(const struct report_table *table, const struct report_table *like, size_t cell)
{
    size_t found = table_translate(like, cell, table);
    return found == SIZE_MAX ? STR("0") : table->labels[found];
}

static result strictest_threshold(const struct report_scope *scope, int64_t *threshold)
{
    *threshold = 0;
    for (size_t i = 0; i < scope->customer_count; i++) {
        int64_t own = 0;
        TRY(report_threshold(&scope->customers[i], &own));
        *threshold = own > *threshold ? own : *threshold;
    }
    return OK;
}

// Whole steps are what a reader is kept from telling apart: a small figure is rounded up, but stays
// small, any other down.
static int64_t steps_of(decimal figure, int64_t threshold)
{
    if (figure.units >= threshold * whole)
        return (int64_t)(figure.units / whole);
    int64_t steps = (int64_t)((figure.units + whole - 1) / whole);
    return steps < threshold ? steps : threshold - 1;
}

// Empty axes are left out: there is nothing of them but the total.
static struct suppress_table table_of(struct arena *arena, const struct cube *cube,
                                      int64_t threshold)
{
    struct suppress_table table = {
        .figure_count = 1, .adds_up = {cube->adds_up}, .threshold = threshold, .crossed = true};
    for (size_t i = 0; i < cube->table.axis_count; i++) {
        if (cube->table.lengths[i] > 1)
            table.lengths[table.axis_count++] = cube->table.lengths[i];
    }
    table.cells = arena_array(arena, struct suppress_cell, cube->table.cell_count);
    for (size_t i = 0; i < cube->table.cell_count; i++)
        table.cells[i].figures[0] = steps_of(cube->figures[i], threshold);
    return table;
}

static result check_figures(const struct cube *cube)
{
    for (size_t i = 0; i < cube->table.cell_count; i++) {
        if (cube->figures[i].units < 0)
            return FAIL(INVALID, "A figure of the table is below zero: it counts nothing.");
    }
    return OK;
}

static str label_of(struct arena *arena, const struct cube *cube, size_t cell, bool withheld,
                    int64_t threshold)
{
    if (!withheld)
        return decimal_print(arena, cube->figures[cell]);
    return suppress_print(arena, steps_of(cube->figures[cell], threshold), true, threshold);
}

static bool is_withheld(str label)
{
    return str_eq(label, STR("*")) || str_starts_with(label, STR("<"));
}

// Whether a total over the cell shows what it showed then: the cell is likely what it was.
static bool is_held(const struct publication *last, const struct cube *cube, size_t cell)
{
    const struct report_table *table = &cube->table;
    for (unsigned dropped = 1; dropped < 1U << table->axis_count; dropped++) {
        size_t total = cell;
        for (size_t axis = 0; axis < table->axis_count; axis++) {
            size_t place = cell / cube->strides[axis] % table->lengths[axis];
            total -= (dropped >> axis & 1) != 0 ? place * cube->strides[axis] : 0;
        }
        str was = report_label(&last->table, table, total);
        str now = decimal_print(db_arena(last->tx), cube->figures[total]);
        if (total != cell && str_eq(was, now))
            return true;
    }
    return false;
}

// What the version before withheld, and what is likely unchanged, stays so: the one would tell it
// beside the other.
static void keep_withheld(const struct publication *last, const struct cube *cube,
                          struct suppress_table *table)
{
    for (size_t i = 0; last->version != 0 && i < cube->table.cell_count; i++)
        table->cells[i].withheld =
            is_withheld(report_label(&last->table, &cube->table, i)) && is_held(last, cube, i);
}

static result hide(const struct publication *last, struct cube *cube, int64_t threshold)
{
    struct arena *arena = db_arena(last->tx);
    struct suppress_table table = table_of(arena, cube, threshold);
    struct crossing crossing = {0};
    struct joint *joint = NULL;
    bool *telling = arena_array(arena, bool, cube->table.cell_count);
    str *labels = arena_array(arena, str, cube->table.cell_count);
    TRY(publication_guard(last, cube, threshold, telling));
    TRY(relatives_guard(last, cube, threshold, telling));
    TRY(crossing_read(last, cube, threshold, &crossing));
    keep_withheld(last, cube, &table);
    for (size_t i = 0; i < cube->table.cell_count; i++)
        table.cells[i].small = telling[i];
    if (crossing.count != 0) {
        joint = joint_new(&crossing);
        TRY(joint_mark(joint, &table));
    }
    for (size_t i = 0; i < cube->table.cell_count; i++)
        table.cells[i].small |= cube->told_by_few[i];
    if (!suppress(arena, &table))
        return FAIL(TABLE_TOO_SMALL, "");
    if (joint != NULL)
        TRY(joint_guard(joint, &table));
    for (size_t i = 0; i < cube->table.cell_count; i++)
        labels[i] = label_of(arena, cube, i, table.cells[i].withheld, threshold);
    cube->table.labels = labels;
    return OK;
}

result report_utilization(struct db_tx *tx, const struct report_question *question,
                          struct report *report)
{
    struct cube cube = {.as_of = report->as_of};
    struct publication last = {0};
    TRY(strictest_threshold(question->scope, &report->threshold));
    TRY(cube_measure(tx, question, report->threshold, &cube));
    TRY(check_figures(&cube));
    TRY(publication_find(tx, question, &cube.table, &last));
    TRY(hide(&last, &cube, report->threshold));
    report->table = cube.table;
    return publication_add(&last, &report->table, report);
}

exact report_months(struct arena *arena, const struct zone *zone, instant from, instant to)
{
    exact months = exact_zero();
    day at = zone_day(zone, from);
    for (;;) {
        int year = 0;
        int month = 0;
        int day_of_month = 0;
        day_to_civil(at, &year, &month, &day_of_month);
        day first = day_from_civil(year, month, 1);
        day next = day_add_months(first, 1);
        instant start = zone_midnight(zone, first);
        instant end = zone_midnight(zone, next);
        instant begin = from.us > start.us ? from : start;
        instant stop = to.us < end.us ? to : end;
        exact part = exact_div(arena, exact_from_i64(arena, stop.us - begin.us),
                               exact_from_i64(arena, end.us - start.us));
        months = exact_add(arena, months, part);
        if (to.us <= end.us)
            return months;
        at = next;
    }
}
