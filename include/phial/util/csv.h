// SPDX-License-Identifier: Apache-2.0
// csv.h - rows of comma-separated values (RFC 4180), safe to open in a spreadsheet.
#pragma once

#include "phial/util/buf.h"

#include <stdbool.h>

// A row is begun by whoever writes its first cell; cells that follow get their comma.
struct csv_row {
    struct buf *into;
    bool begun;
};

// Quoted where it must be. What a spreadsheet would take for a formula gets an apostrophe before
// it.
void csv_text(struct csv_row *row, str cell);
// Our own figures: they may begin with a minus.
void csv_number(struct csv_row *row, str cell);
void csv_end(struct csv_row *row); // CR LF; the next cell begins another row
