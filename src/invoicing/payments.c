// SPDX-License-Identifier: Apache-2.0
// What was paid elsewhere. The invoice's row is locked, then its customer's head: what remains
// cannot change in between.
#include "append.h"
#include "invoicing.sql.h"
#include "phial/crypto/crypto.h"
#include "phial/invoicing/settlement.h"
#include "phial/phi/phi.h"
#include "rows.h"
#include "tell.h"

enum { REFERENCE_BYTES_MAX = 200 };

static void check_reference(struct json_at at)
{
    str text = json_str(at.value);
    if (!json_is_string(at.value))
        return; // absent, or a fault already
    const struct phi_detector *hit = phi_find(text, 0);
    bool printable = text.len > 0 && text.len <= REFERENCE_BYTES_MAX;
    for (size_t i = 0; i < text.len; i++)
        printable = printable && (unsigned char)text.ptr[i] >= ' ' && text.ptr[i] != 0x7f;
    if (!printable)
        json_wrong(at, "invalid", "A reference has 1 to 200 printable bytes.");
    else if (hit != NULL)
        faults_add_phi(at.faults, at.pointer, hit->name);
    else if (phi_ambiguous_number(text))
        json_wrong(at, "phi_ambiguous_number", "Digits alone may be a patient's number.");
}

static void read_payment(struct json_at document, instant now, money remaining,
                         struct payment *payment)
{
    decimal amount = {0};
    struct json_at at = json_member(document, "amount");
    struct arena *arena = document.faults->arena;
    payment->at = now;
    payment->amount.currency = remaining.currency;
    check_reference(json_member(document, "reference"));
    if (!json_read(document, FIELDS(json_decimal("amount", &amount),
                                    json_optional(json_text("reference", &payment->reference)),
                                    json_optional(json_instant("at", &payment->at)))))
        return;
    if (payment->at.us > now.us)
        json_wrong(json_member(document, "at"), "time_in_future", "A payment was made by now.");
    if (amount.units <= 0)
        json_wrong(at, "invalid", "The amount must be above zero.");
    else if (failed(
                 money_parse(decimal_print(arena, amount), remaining.currency, &payment->amount)))
        json_wrong(at, "invalid", "The amount has more digits than its currency takes.");
    else if (payment->amount.minor > remaining.minor)
        json_wrong(at, "exceeds_due", "The amount is more than what remains due.");
}

static result lock_invoice(struct db_tx *tx, str id, struct invoice_row *row)
{
    struct head head = {0};
    TRY(invoice_row_lock(tx, id, row));
    TRY(ledger_head_lock(tx, row->invoice.customer_id, &head));
    return invoice_row_find(tx, id, row); // credit notes are made under the head's lock
}

result payment_record(struct db_tx *tx, str invoice, struct json_at document,
                      const struct change *change, struct payment *payment)
{
    struct invoice_row row = {0};
    struct payment made = {.invoice = invoice, .reference = STR(""), .created_at = change->now};
    money remaining = {0};
    int64_t index = 0;
    struct arena *arena = db_arena(tx);
    TRY(lock_invoice(tx, invoice, &row));
    if (!str_eq(row.invoice.status, STR("issued")))
        return FAIL(CONFLICT, "Only an issued invoice can be paid.");
    TRY(remaining_of(&row, &remaining));
    read_payment(document, change->now, remaining, &made);
    TRY(faults_result(document.faults));
    made.id = crypto_id(arena);
    struct owner owner = {row.invoice.customer_id, row.invoice.customer};
    json_t *reference = made.reference.len == 0 ? NULL : json_from_str(made.reference);
    TRY(adjustment_append(tx, owner,
                          json_pack("{s:s, s:o, s:o, s:o, s:s, s:o, s:o*}", "action", "payment",
                                    "id", json_from_str(made.id), "invoice", json_from_str(invoice),
                                    "amount", json_from_str(money_print(arena, made.amount)),
                                    "currency", currency_code(made.amount.currency), "at",
                                    json_from_str(instant_print_canonical(arena, made.at)),
                                    "reference", reference),
                          change, &index));
    TRY(db_exec(tx, &invoicing_insert_payment_sql,
                PARAMS(db_text(made.id), db_text(invoice), db_i64(row.invoice.customer_id),
                       db_i64(made.amount.minor),
                       db_text(str_from(currency_code(made.amount.currency))),
                       db_text(made.reference), db_instant(made.at), db_instant(change->now),
                       db_text(change->actor), db_text(change->reason))));
    if (made.amount.minor == remaining.minor)
        TRY(invoice_tell(tx, OUTBOX_invoice_paid, change->now, &row.invoice));
    *payment = made;
    return OK;
}

// One row of `payment`.
struct payment_rows {
    struct payment row;
    str currency;
    result (*hand)(void *context, const struct payment *payment);
    void *context;
};

static struct db_columns columns_of(struct arena *arena, struct payment_rows *rows)
{
    struct payment *row = &rows->row;
    db_column *columns = arena_array(arena, db_column, 8);
    columns[0] = db_into_text("payment_id", &row->id);
    columns[1] = db_into_text("invoice_id", &row->invoice);
    columns[2] = db_into_i64("minor", &row->amount.minor);
    columns[3] = db_into_text("currency", &rows->currency);
    columns[4] = db_into_text("reference", &row->reference);
    columns[5] = db_into_instant("paid_at", &row->at);
    columns[6] = db_into_instant("created_at", &row->created_at);
    columns[7] =
        db_if_present(db_into_instant("reversed_at", &row->reversed_at), &row->has_reversed);
    return (struct db_columns){columns, 8};
}

result payment_get(struct db_tx *tx, str invoice, str id, struct payment *payment)
{
    struct payment_rows found = {0};
    TRY(db_one(tx, &invoicing_find_payment_sql, PARAMS(db_text(invoice), db_text(id)),
               columns_of(db_arena(tx), &found)));
    TRY(currency_parse(found.currency, &found.row.amount.currency));
    *payment = found.row;
    return OK;
}

result payment_reverse(struct db_tx *tx, str invoice, str id, const struct change *change,
                       struct payment *payment)
{
    struct invoice_row row = {0};
    int64_t index = 0;
    TRY(lock_invoice(tx, invoice, &row));
    TRY(payment_get(tx, invoice, id, payment));
    if (payment->has_reversed)
        return OK;
    struct owner owner = {row.invoice.customer_id, row.invoice.customer};
    TRY(adjustment_append(tx, owner,
                          json_pack("{s:s, s:o, s:o}", "action", "payment_reversal", "id",
                                    json_from_str(id), "invoice", json_from_str(invoice)),
                          change, &index));
    payment->has_reversed = true;
    payment->reversed_at = change->now;
    return db_exec(tx, &invoicing_reverse_payment_sql,
                   PARAMS(db_text(id), db_instant(change->now)));
}

static result hand_row(void *context)
{
    struct payment_rows *rows = context;
    TRY(currency_parse(rows->currency, &rows->row.amount.currency));
    return rows->hand(rows->context, &rows->row);
}

result payment_each(struct db_tx *tx, str invoice, str after, int64_t limit,
                    result (*row)(void *context, const struct payment *payment), void *context)
{
    struct payment_rows rows = {.hand = row, .context = context};
    return db_each(tx, &invoicing_list_payments_sql,
                   PARAMS(db_text(invoice), db_text(after), db_i64(limit)),
                   columns_of(db_arena(tx), &rows), hand_row, &rows);
}

result invoice_balance(struct db_tx *tx, str invoice, instant now, struct balance *balance)
{
    struct invoice_row row = {0};
    struct balance read = {0};
    TRY(invoice_row_find(tx, invoice, &row));
    TRY(remaining_of(&row, &read.remaining));
    read.due = (money){0, read.remaining.currency};
    if (row.due.len > 0)
        TRY(money_parse(row.due, read.remaining.currency, &read.due));
    read.paid = (money){row.paid, read.remaining.currency};
    read.credited = (money){row.credited, read.remaining.currency};
    read.payment_status = payment_status(&row, now);
    *balance = read;
    return OK;
}
