// SPDX-License-Identifier: Apache-2.0
// books.h - a report as it is written row by row, as JSON or CSV: texts, a currency, then amounts
// that add up per currency.
#pragma once

#include "phial/accounting/accounting.h"
#include "phial/util/buf.h"

enum { BOOK_TEXTS_MAX = 6, BOOK_AMOUNTS_MAX = 8 };

struct book {
    bool csv;
    const char *const *texts; // the columns' names
    size_t text_count;
    const char *const *amounts;
    size_t amount_count;
    struct arena *arena;
    struct sink sink;
    // The row that is being read; book_row writes it.
    str cells[BOOK_TEXTS_MAX];
    bool shown[BOOK_TEXTS_MAX]; // a text that is not asked for is left out
    str currency;
    int64_t minors[BOOK_AMOUNTS_MAX];
    // book.c's own.
    struct arena scratch;
    struct buf out;
    int64_t rows;
    int64_t totals[CURRENCY_COUNT][BOOK_AMOUNTS_MAX];
    bool seen[CURRENCY_COUNT];
};

// `head`: JSON members with a comma behind each, which come first; CSV shows none.
void book_begin(struct book *book, str head);
result book_row(struct book *book); // REPORT_TOO_LARGE, AMOUNT_OVERFLOW
// With `so_far`, what is left goes to the sink; in any case what the book holds is given back.
result book_end(struct book *book, result so_far);
