// SPDX-License-Identifier: Apache-2.0
// credit.h - the writing of credit notes.
#pragma once

#include "phial/invoicing/settlement.h"
#include "phial/rating/credit.h"
#include "rows.h"

// The notes' list of a statement below zero, whose entry is already in the log.
result credit_note_of_statement(struct db_tx *tx, int64_t customer_id, const json_t *statement,
                                int64_t index, const struct change *change);

// What is left to credit of an invoice. Its customer's head is locked. `held` owns the texts.
result credit_open(struct db_tx *tx, const struct invoice_row *row, json_t *held,
                   struct creditable *left);

// A note on an invoice.
struct crediting {
    const struct invoice_row *row;
    const struct creditable *left;
    struct key_amounts lines;
    str reason_code;
    // Of a note that corrects a period's usage; number 0: none.
    str subscription;
    struct period period;
};
// Takes a number and appends the entry.
result credit_issue(struct db_tx *tx, const struct crediting *crediting,
                    const struct change *change, struct credit_note *note);
