// SPDX-License-Identifier: Apache-2.0
// settlement.h - what reduces a statement before it is issued, and what is owed of it afterwards:
// discounts, prepaid credit, credit notes, payments, and usage that came too late.
//
// Each is an entry of its customer's log. What a statement used up stands in the statement, so that
// one that is void gives it back. Whoever changes what a statement is computed from, or what is
// owed, holds the log's head.
#pragma once

#include "phial/invoicing/invoicing.h"

// ---- discounts

struct discount_row {
    str id;
    str document;    // JSON: its entry's
    int64_t periods; // 0: no end
    int64_t used;    // issued statements that name it
    instant created_at;
    bool has_ended;
    instant ended_at;
};
// {"percent" or "amount", "charges"?, "periods"?}. Faults of the document; CONFLICT where as many
// are in force as there may be.
result discount_make(struct db_tx *tx, const struct customer *customer, struct json_at document,
                     const struct change *change, struct discount_row *discount);
result discount_get(struct db_tx *tx, int64_t customer_id, str id, struct discount_row *discount);
// For good. Ending an ended one changes nothing.
result discount_end(struct db_tx *tx, const struct customer *customer, str id,
                    const struct change *change);
// In the order of ids, after `after`.
struct settlement_filter {
    int64_t customer_id; // 0: all
    str after;
    int64_t limit;
};
result discount_each(struct db_tx *tx, const struct settlement_filter *filter,
                     result (*row)(void *context, const struct discount_row *discount),
                     void *context);

// ---- prepaid credit

struct wallet_credit {
    str id;
    money amount;
    money left; // what no standing statement took; it may have expired
    bool has_expiry;
    instant expires_at;
    bool paid; // bought, not given
    instant created_at;
};
// {"amount", "expires"?, "paid"?}
result wallet_credit_make(struct db_tx *tx, const struct customer *customer,
                          struct json_at document, const struct change *change,
                          struct wallet_credit *credit);
result wallet_credit_each(struct db_tx *tx, const struct settlement_filter *filter,
                          result (*row)(void *context, const struct wallet_credit *credit),
                          void *context);
// What the next statement could take.
result wallet_balance(struct db_tx *tx, const struct customer *customer, instant now,
                      money *balance);

// ---- payments

struct balance {
    money due;       // the statement's amount_due
    money credited;  // by credit notes
    money paid;      // by payments that were not reversed
    money remaining; // of what is due; never below zero
    str payment_status;
};
struct payment {
    str id;
    str invoice;
    money amount;
    str reference;
    instant at;
    instant created_at;
    bool has_reversed;
    instant reversed_at;
};
// {"amount", "reference"?, "at"?}: never more than what remains. CONFLICT for what is not issued.
result payment_record(struct db_tx *tx, str invoice, struct json_at document,
                      const struct change *change, struct payment *payment);
// Reversing a reversed one changes nothing.
result payment_reverse(struct db_tx *tx, str invoice, str id, const struct change *change,
                       struct payment *payment);
result payment_get(struct db_tx *tx, str invoice, str id, struct payment *payment); // NOT_FOUND
result payment_each(struct db_tx *tx, str invoice, str after, int64_t limit,
                    result (*row)(void *context, const struct payment *payment), void *context);
result invoice_balance(struct db_tx *tx, str invoice, instant now, struct balance *balance);

// ---- credit notes

struct credit_note {
    str id;
    int64_t customer_id;
    str document; // JSON, as it is answered
    bool void_;   // the statement below zero that it is was voided
};
// {"invoice", "lines"?, "reason_code"}: net amounts; without lines all that is left of the invoice.
// Faults of the document; NOT_FOUND for an invoice of another customer than `only_customer`, 0 for
// any.
result credit_note_make(struct db_tx *tx, struct json_at document, int64_t only_customer,
                        const struct change *change, struct credit_note *note);
result credit_note_get(struct db_tx *tx, str id, struct credit_note *note);
// The note as it is answered: what representations are made of. The caller owns *json.
result credit_note_json(const struct credit_note *note, json_t **json);
result credit_note_each(struct db_tx *tx, const struct settlement_filter *filter,
                        result (*row)(void *context, const struct credit_note *note),
                        void *context);

// ---- usage that came after the issue

// What is owed back for issued periods becomes credit notes, each in a transaction of its own.
// `credited`: how many. Part of every billing run.
struct unbilled;
// Notes whose periods could not be looked at.
result late_run(struct db *db, instant now, str actor, struct unbilled *unbilled,
                int64_t *credited);
// Of a plan that holds late usage: what has come by now for the invoice's period may be billed or
// credited. CONFLICT for an invoice that is not issued, or whose plan does not hold.
result late_release(struct db_tx *tx, str invoice, const struct change *change);
