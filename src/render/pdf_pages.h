// SPDX-License-Identifier: Apache-2.0
// pdf_pages.h - what stands on which page: measured first, so that a page knows how many there are
// and what is carried over to the next.
#pragma once

#include "ink.h"
#include "phial/render/bill.h"

enum { PDF_ROW_PAD = 3, PDF_INDENT = 12 };

// The rows of the lines' table, then the blocks below it.
enum pdf_kind {
    PDF_SECTION,
    PDF_LINE,
    PDF_TIER,
    PDF_DISCOUNT,
    PDF_TOTALS,
    PDF_PAYMENT,
    PDF_PROOF,
};

struct pdf_row {
    enum pdf_kind kind;
    size_t line, tier;
    double height;
    bool keep;    // with the next one on the same page
    money so_far; // of the lines up to and with this one
};

struct pdf_page {
    size_t first, last; // rows [first, last)
    double top;         // where its rows begin, the table's head included
    bool has_table;     // begins with the table's head
    bool brought, carried;
    money before, after; // of what is brought and carried forward
};

struct pdf_layout {
    const struct bill *bill;
    struct ink *ink;
    struct arena *arena;
    double page_width, page_height;
    double left, width; // of what is printed on
    double first_top;   // of the rows of the first page
    double next_top;    // of the others
    double bottom;
    double head_height, carry_height;
    struct pdf_row *rows;
    size_t row_count, row_room;
    struct pdf_page *pages;
    size_t page_count;
};

// The columns of the lines' table.
struct pdf_columns {
    double text, text_width, quantity, quantity_width, price, price_width, amount, amount_width;
};
struct pdf_columns pdf_columns(const struct pdf_layout *layout);

result pdf_measure(struct pdf_layout *layout); // needs first_top
