// SPDX-License-Identifier: Apache-2.0
// csv_read.h - rows of comma-separated values (RFC 4180), read.
#pragma once

#include "phial/util/str.h"

// Cuts the next row off *rest: lines end with LF or CRLF, the last may lack it. Cells borrow from
// the text, or lie in the arena where they held a doubled quote. False, and *rest where it was, for
// a quote that is not closed or stands within a cell, and for more than `most` cells.
bool csv_read_row(struct arena *arena, str *rest, str *cells, size_t most, size_t *count);
