// SPDX-License-Identifier: Apache-2.0
#include "table.h"

#include <stdlib.h>

size_t table_stride(const struct report_table *table, size_t axis)
{
    size_t stride = 1;
    for (size_t i = axis + 1; i < table->axis_count; i++)
        stride *= table->lengths[i];
    return stride;
}

size_t table_place(const struct report_table *table, size_t cell, size_t axis)
{
    return cell / table_stride(table, axis) % table->lengths[axis];
}

// The places of an axis stand in the order of their values.
static size_t find_place(const struct report_table *table, size_t axis, str value)
{
    size_t begin = 1;
    size_t end = table->lengths[axis];
    while (begin < end) {
        size_t middle = begin + (end - begin) / 2;
        int order = str_compare(table->values[axis][middle], value);
        if (order == 0)
            return middle;
        if (order < 0)
            begin = middle + 1;
        else
            end = middle;
    }
    return SIZE_MAX;
}

size_t table_find(const struct report_table *table, const str *values)
{
    size_t cell = 0;
    for (size_t axis = 0; axis < table->axis_count; axis++) {
        size_t place = values[axis].ptr == NULL ? 0 : find_place(table, axis, values[axis]);
        if (place == SIZE_MAX)
            return SIZE_MAX;
        cell += place * table_stride(table, axis);
    }
    return cell;
}

size_t table_translate(const struct report_table *from, size_t cell, const struct report_table *to)
{
    str values[GROUP_BY_MAX] = {{0}};
    for (size_t axis = 0; axis < from->axis_count; axis++) {
        size_t place = table_place(from, cell, axis);
        if (place != 0)
            values[axis] = from->values[axis][place];
    }
    return table_find(to, values);
}

static int by_text(const void *left, const void *right)
{
    return str_compare(*(const str *)left, *(const str *)right);
}

void table_set_axis(struct report_table *table, size_t axis, str *values, size_t count)
{
    size_t kept = 1;
    qsort(values + 1, count - 1, sizeof *values, by_text);
    for (size_t i = 1; i < count; i++) {
        if (kept == 1 || !str_eq(values[kept - 1], values[i]))
            values[kept++] = values[i];
    }
    table->values[axis] = values;
    table->lengths[axis] = kept;
}
