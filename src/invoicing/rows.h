// SPDX-License-Identifier: Apache-2.0
// rows.h - rows of the table invoice.
#pragma once

#include "phial/invoicing/invoicing.h"

struct invoice_row {
    struct invoice invoice; // without its payment status
    str statement;          // canonical bytes, once issued
    int64_t ledger_size;    // what the total was computed on
    bool same_customer;     // the customer's document is still what it was then
    str customer_sha256;    // of the customer's document now
    bool has_due;
    instant due_at;
    bool has_voided;
    instant voided_at;
    str due;          // the statement's amount_due, "" of a draft
    int64_t paid;     // in the currency's smallest units: payments that were not reversed
    int64_t credited; // by credit notes
};

result invoice_row_find(struct db_tx *tx, str id, struct invoice_row *row); // NOT_FOUND
result invoice_row_lock(struct db_tx *tx, str id, struct invoice_row *row);
// All at once, so that more can be asked of each.
result invoice_rows_list(struct db_tx *tx, const struct invoice_filter *filter,
                         struct invoice_row **rows, size_t *count);

// What remains of what is due; never below zero. Nothing of what is not issued.
result remaining_of(const struct invoice_row *row, money *remaining);
// "paid" where nothing remains, "overdue", "partially_paid", "unpaid"; "" unless issued.
str payment_status(const struct invoice_row *row, instant now);
