// SPDX-License-Identifier: Apache-2.0
// Reading: one invoice, a list, a statement, a preview.
#include "compute.h"
#include "invoicing.sql.h"
#include "phial/util/encode.h"
#include "rows.h"

static result compute_draft(struct db_tx *tx, const struct invoice *invoice,
                            const struct head *head, instant now, json_t **statement)
{
    OWNED(json_release) json_t *made = NULL;
    struct computation what = {
        .subscription = invoice->subscription,
        .number = invoice->period_number,
        .head = head,
        .at = now,
    };
    TRY(statement_of(tx, &what, &made));
    TRY(statement_set(made, "id", json_from_str(invoice->id)));
    TRY(statement_set(made, "number", json_null()));
    TRY(statement_set(made, "status", json_string("draft")));
    *statement = json_incref(made);
    return OK;
}

// Whether it is what a customer has used or a plan says that keeps a statement from being computed.
static bool is_of_its_data(result outcome)
{
    return outcome.code == ERR_AMOUNT_OVERFLOW || outcome.code == ERR_CONFLICT ||
           outcome.code == ERR_INVALID;
}

// The total of a draft is kept in its row, and computed again when the log has grown or the
// customer's document has changed since. One that cannot be computed keeps no other from being
// listed: whoever reads its statement is told why.
static result refresh_total(struct db_tx *tx, struct invoice_row *row)
{
    struct head head = {0};
    OWNED(json_release) json_t *statement = NULL;
    if (!str_eq(row->invoice.status, STR("draft")))
        return OK;
    TRY(ledger_head(tx, row->invoice.customer_id, &head));
    if (head.size == row->ledger_size && row->same_customer)
        return OK;
    result computed = // credits are no part of it
        compute_draft(tx, &row->invoice, &head, (instant){0}, &statement);
    if (is_of_its_data(computed)) {
        row->invoice.total = STR("");
        return OK;
    }
    TRY(computed);
    row->invoice.total = str_copy(db_arena(tx), json_str(json_object_get(statement, "total")));
    return db_exec(tx, &invoicing_keep_total_sql,
                   PARAMS(db_text(row->invoice.id), db_text(row->invoice.total), db_i64(head.size),
                          db_bytes(row->customer_sha256)));
}

result invoice_get(struct db_tx *tx, str id, struct invoice *invoice)
{
    struct invoice_row row = {0};
    TRY(invoice_row_find(tx, id, &row));
    TRY(refresh_total(tx, &row));
    *invoice = row.invoice;
    return OK;
}

result invoice_marks_get(struct db_tx *tx, str id, struct invoice_marks *marks)
{
    struct invoice_row row = {0};
    struct invoice_marks read = {.statement_sha256 = STR("")};
    TRY(invoice_row_find(tx, id, &row));
    TRY(db_one(
        tx, &invoicing_find_release_sql, PARAMS(db_text(id)),
        COLUMNS(db_if_present(db_into_i64("released", &read.released_index), &read.has_released))));
    read.invoice = row.invoice;
    read.invoice.payment_status = STR("");
    read.has_due = row.has_due;
    read.due_at = row.due_at;
    read.has_voided = row.has_voided;
    read.voided_at = row.voided_at;
    if (row.statement.len != 0) {
        sha256 hash = sha256_of(row.statement);
        read.statement_sha256 = encode_hex(db_arena(tx), sha256_str(&hash));
    }
    *marks = read;
    return OK;
}

result invoice_each(struct db_tx *tx, const struct invoice_filter *filter, instant now,
                    result (*row)(void *context, const struct invoice *invoice), void *context)
{
    struct invoice_row *rows = NULL;
    size_t count = 0;
    TRY(invoice_rows_list(tx, filter, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        TRY(refresh_total(tx, &rows[i]));
        rows[i].invoice.payment_status = payment_status(&rows[i], now);
        TRY(row(context, &rows[i].invoice));
    }
    return OK;
}

// The stored bytes, with what has happened to the statement since it was issued.
static result read_issued(const struct invoice_row *row, instant now, struct arena *arena,
                          json_t **statement)
{
    OWNED(json_release) json_t *stored = NULL;
    TRY(json_parse(row->statement, &stored));
    str paid = payment_status(row, now);
    if (paid.len > 0)
        TRY(statement_set(stored, "payment_status", json_from_str(paid)));
    else
        TRY(statement_set(stored, "status", json_from_str(row->invoice.status)));
    if (row->has_voided)
        TRY(statement_set(stored, "voided_at",
                          json_from_str(instant_print_canonical(arena, row->voided_at))));
    *statement = json_incref(stored);
    return OK;
}

result invoice_statement(struct db_tx *tx, const struct invoice *invoice, instant now,
                         json_t **statement)
{
    struct invoice_row row = {0};
    struct head head = {0};
    TRY(invoice_row_find(tx, invoice->id, &row));
    if (!str_eq(row.invoice.status, STR("draft")))
        return read_issued(&row, now, db_arena(tx), statement);
    TRY(ledger_head(tx, row.invoice.customer_id, &head));
    return compute_draft(tx, &row.invoice, &head, now, statement);
}

// What is issued already bills nothing of other periods any more.
static result is_issued(struct db_tx *tx, str subscription, int64_t number, bool *issued)
{
    str id = {0};
    str status = {0};
    str given = {0};
    result found =
        db_one(tx, &invoicing_find_period_sql, PARAMS(db_text(subscription), db_i64(number)),
               COLUMNS(db_into_text("invoice_id", &id), db_into_text("number", &given),
                       db_into_text("status", &status)));
    *issued = !failed(found) && str_eq(status, STR("issued"));
    return found.code == ERR_NOT_FOUND ? OK : found;
}

// A preview goes by the ledger as it is; what is to come is not guessed.
static result preview(struct db_tx *tx, str subscription, const struct period *period, bool stretch,
                      instant now, json_t **statement)
{
    OWNED(json_release) json_t *made = NULL;
    struct subscription found = {0};
    struct head head = {0};
    bool issued = false;
    TRY(subscription_get(tx, subscription, (instant){0}, &found));
    TRY(ledger_head(tx, found.customer_id, &head));
    TRY(is_issued(tx, subscription, period->number, &issued));
    struct computation what = {
        .subscription = subscription,
        .number = period->number,
        .head = &head,
        .stretch = stretch ? period : NULL,
        .at = now,
        .alone = stretch || issued,
    };
    TRY(statement_of(tx, &what, &made));
    TRY(statement_set(made, "number", json_null()));
    TRY(statement_set(made, "status", json_string("draft")));
    *statement = json_incref(made);
    return OK;
}

result invoice_preview(struct db_tx *tx, str subscription, instant at, instant now,
                       json_t **statement)
{
    OWNED(json_release) json_t *held = NULL;
    struct subscription_terms terms = {0};
    struct period period = {0};
    TRY(subscription_terms_read(tx, subscription, &terms, &held));
    TRY(period_holding(&terms, at, &period));
    return preview(tx, subscription, &period, false, now, statement);
}

result invoice_preview_stretch(struct db_tx *tx, str subscription, instant start, instant end,
                               instant now, json_t **statement)
{
    OWNED(json_release) json_t *held = NULL;
    struct subscription_terms terms = {0};
    struct period period = {0};
    TRY(subscription_terms_read(tx, subscription, &terms, &held));
    start = subscription_instant(terms.zone, start);
    end = subscription_instant(terms.zone, end);
    if (start.us < terms.start.us)
        start = terms.start;
    if (terms.has_end && end.us > terms.end.us)
        end = terms.end;
    if (start.us >= end.us)
        return FAIL(NOT_FOUND, "The subscription has no day of that period.");
    TRY(period_holding(&terms, start, &period));
    if (end.us > period.end.us)
        return FAIL(INVALID, "The days lie in more than one of the subscription's periods.");
    bool whole = start.us == period.start.us && end.us == period.end.us;
    struct period days = {.number = period.number, .start = start, .end = end};
    return preview(tx, subscription, &days, !whole, now, statement);
}
