// SPDX-License-Identifier: Apache-2.0
// Rows are cut until the text ends; each, written again, is read as the same cells.
#include "phial/util/array.h"
#include "phial/util/csv.h"
#include "phial/util/csv_read.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Apostrophes are put before what a spreadsheet would run.
static bool same(str read, str wanted)
{
    return str_eq(read, wanted) ||
           (read.len == wanted.len + 1 && str_eq(str_slice(read, 1, read.len), wanted));
}

static void check_row(struct arena *arena, const str *cells, size_t count)
{
    struct buf csv = {.arena = arena};
    struct csv_row row = {.into = &csv};
    str again[16];
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        csv_text(&row, cells[i]);
    csv_end(&row);
    str rest = buf_str(&csv);
    assert(csv_read_row(arena, &rest, again, COUNT_OF(again), &found) && found == count);
    assert(rest.len == 0);
    for (size_t i = 0; i < count; i++)
        assert(same(again[i], cells[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    str rest = {(const char *)data, size};
    str cells[16];
    size_t count = 0;
    while (rest.len > 0) {
        size_t before = rest.len;
        if (!csv_read_row(&arena, &rest, cells, COUNT_OF(cells), &count))
            break;
        assert(rest.len < before && count > 0);
        check_row(&arena, cells, count);
    }
    arena_reset(&arena);
    return 0;
}
