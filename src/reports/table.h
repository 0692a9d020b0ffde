// SPDX-License-Identifier: Apache-2.0
// table.h - the cells of a table by their places on its axes; place 0 of an axis is its total.
#pragma once

#include "phial/reports/reports.h"

size_t table_stride(const struct report_table *table, size_t axis);
size_t table_place(const struct report_table *table, size_t cell, size_t axis);
// The cell of a combination of values ("" and a NULL pointer: the total); SIZE_MAX: none.
size_t table_find(const struct report_table *table, const str *values);
// The cell of another table with the same axes; SIZE_MAX: none.
size_t table_translate(const struct report_table *from, size_t cell, const struct report_table *to);
// Sets an axis to the values behind the first one, sorted and each once.
void table_set_axis(struct report_table *table, size_t axis, str *values, size_t count);
