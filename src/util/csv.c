// SPDX-License-Identifier: Apache-2.0
#include "phial/util/csv.h"

static void separate(struct csv_row *row)
{
    if (row->begun)
        buf_add_char(row->into, ',');
    row->begun = true;
}

static bool needs_quotes(str cell)
{
    return str_contains(cell, ',') || str_contains(cell, '"') || str_contains(cell, '\r') ||
           str_contains(cell, '\n');
}

void csv_text(struct csv_row *row, str cell)
{
    bool formula = cell.len > 0 && str_contains(STR("=+-@\t\r\n|%"), cell.ptr[0]);
    separate(row);
    if (!formula && !needs_quotes(cell)) {
        buf_add(row->into, cell);
        return;
    }
    buf_add_char(row->into, '"');
    if (formula)
        buf_add_char(row->into, '\'');
    for (size_t i = 0; i < cell.len; i++) {
        if (cell.ptr[i] == '"')
            buf_add_char(row->into, '"');
        buf_add_char(row->into, cell.ptr[i]);
    }
    buf_add_char(row->into, '"');
}

void csv_number(struct csv_row *row, str cell)
{
    separate(row);
    buf_add(row->into, cell);
}

void csv_end(struct csv_row *row)
{
    buf_add(row->into, STR("\r\n"));
    row->begun = false;
}
