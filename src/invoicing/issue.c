// SPDX-License-Identifier: Apache-2.0
// Issuing and voiding. Rows are locked in one order: the invoice, then its customer's head, then
// the series; what a statement is computed from cannot change in between.
#include "issue.h"

#include "append.h"
#include "compute.h"
#include "credit.h"
#include "invoicing.sql.h"
#include "late.h"
#include "phial/ledger/removed.h"
#include "rows.h"
#include "tell.h"

#define DAY_US INT64_C(86400000000)

result invoice_find_due(struct db_tx *tx, int64_t customer_id, instant issued_at, instant *due_at)
{
    struct customer customer = {0};
    struct customer_billing billing = {0};
    TRY(customer_get_by_id(tx, customer_id, &customer));
    TRY(customer_billing_read(db_arena(tx), &customer, &billing));
    *due_at = (instant){issued_at.us + billing.payment_terms_days * DAY_US};
    return OK;
}

result statement_complete(struct arena *arena, str id, const struct issue *issue, json_t *statement)
{
    TRY(statement_set(statement, "id", json_from_str(id)));
    TRY(statement_set(statement, "number", json_from_str(issue->number)));
    TRY(statement_set(statement, "status", json_string("issued")));
    TRY(statement_set(statement, "issued_at",
                      json_from_str(instant_print_canonical(arena, issue->issued_at))));
    return statement_set(statement, "due_at",
                         json_from_str(instant_print_canonical(arena, issue->due_at)));
}

// What a statement used up, and what it billed of other periods, beside its row.
static result note_uses(struct db_tx *tx, const struct invoice *invoice, const json_t *statement,
                        str bytes)
{
    if (json_object_get(statement, "discount_details") != NULL)
        TRY(db_exec(tx, &invoicing_note_discounts_sql,
                    PARAMS(db_text(invoice->id), db_text(bytes))));
    if (json_object_get(statement, "credits_applied") != NULL)
        TRY(db_exec(tx, &invoicing_note_credits_sql, PARAMS(db_text(invoice->id), db_text(bytes))));
    const json_t *lines = json_object_get(statement, "lines");
    size_t count = json_array_size(lines);
    if (count == 0 || !str_eq(json_str(json_object_get(json_array_get(lines, count - 1), "kind")),
                              STR("adjustment"))) // they are the last lines
        return OK;
    return db_exec(tx, &invoicing_note_adjustments_sql,
                   PARAMS(db_text(invoice->id), db_text(bytes), db_text(invoice->subscription)));
}

// That it is issued, and what that makes of it: a credit note, or one that prepaid credit has paid.
static result tell(struct db_tx *tx, const struct invoice *invoice, instant at,
                   const json_t *statement, bool below)
{
    TRY(invoice_tell(tx, OUTBOX_invoice_issued, at, invoice));
    if (below)
        TRY(credit_note_tell(tx, at, invoice->id, invoice));
    bool taken = json_object_get(statement, "credits_applied") != NULL;
    if (taken && str_all_in(json_str(json_object_get(statement, "amount_due")), "0."))
        TRY(invoice_tell(tx, OUTBOX_invoice_paid, at, invoice));
    return OK;
}

// A statement below zero is a credit note: by its number, by its entry's kind, and in their list.
static result issue_statement(struct db_tx *tx, const struct invoice *invoice,
                              const struct head *head, const struct change *change,
                              struct issue *issue, json_t *statement)
{
    str bytes = {0};
    int64_t index = 0;
    str total = json_str(json_object_get(statement, "total"));
    bool below = str_starts_with(total, STR("-"));
    struct owner owner = {invoice->customer_id, invoice->customer};
    TRY(number_take(tx, below ? SERIES_CREDIT_NOTE : SERIES_INVOICE, issue->issued_at,
                    &issue->number));
    TRY(statement_complete(db_arena(tx), invoice->id, issue, statement));
    TRY(json_canonical(db_arena(tx), statement, &bytes));
    TRY(entry_append(tx, owner, below ? ENTRY_credit_note : ENTRY_invoice, bytes, change, &index));
    TRY(tell(tx, invoice, issue->issued_at, statement, below));
    TRY(db_defer(tx, &invoicing_issue_sql,
                 PARAMS(db_text(invoice->id), db_text(issue->number), db_bytes(bytes),
                        db_text(total), db_i64(head->size), db_i64(index),
                        db_instant(issue->issued_at), db_instant(issue->due_at),
                        db_text(change->actor), db_text(change->reason),
                        db_text(json_str(json_object_get(statement, "amount_due")))),
                 NO_COLUMNS, NULL, NULL));
    TRY(note_uses(tx, invoice, statement, bytes));
    if (below)
        TRY(credit_note_of_statement(tx, invoice->customer_id, statement, index, change));
    return db_defer(tx, &invoicing_watch_sql,
                    PARAMS(db_i64(invoice->customer_id), db_i64(index + 1)), NO_COLUMNS, NULL,
                    NULL);
}

// A closing statement is made for something to bill, which may have gone before its issue.
static bool bills_nothing(const struct invoice *invoice, const json_t *statement)
{
    return invoice->period_number > 1 && invoice->period_start.us == invoice->period_end.us &&
           json_array_size(json_object_get(statement, "lines")) == 0;
}

static result issue_draft(struct db_tx *tx, const struct invoice *invoice,
                          const struct change *change, enum issuing *issuing)
{
    OWNED(json_release) json_t *statement = NULL;
    struct head head = {0};
    struct issue issue = {0};
    TRY(ledger_head_lock(tx, invoice->customer_id, &head));
    issue.issued_at = change->now.us > head.last_at.us ? change->now : head.last_at;
    if (invoice->period_end.us > issue.issued_at.us)
        return FAIL(CONFLICT, "The invoice's period has not ended.");
    struct computation what = {
        .subscription = invoice->subscription,
        .number = invoice->period_number,
        .head = &head,
        .at = issue.issued_at,
    };
    TRY(statement_of(tx, &what, &statement));
    *issuing = bills_nothing(invoice, statement) ? ISSUED_NOTHING : ISSUED_NOW;
    if (*issuing == ISSUED_NOTHING)
        return OK;
    TRY(invoice_find_due(tx, invoice->customer_id, issue.issued_at, &issue.due_at));
    return issue_statement(tx, invoice, &head, change, &issue, statement);
}

static result answer(struct db_tx *tx, str id, instant now, struct invoice *invoice)
{
    struct invoice_row row = {0};
    TRY(invoice_row_find(tx, id, &row));
    row.invoice.payment_status = payment_status(&row, now);
    *invoice = row.invoice;
    return OK;
}

result invoice_issue_once(struct db_tx *tx, str id, const struct change *change,
                          enum issuing *issuing)
{
    struct invoice_row row = {0};
    TRY(invoice_row_lock(tx, id, &row));
    if (str_eq(row.invoice.status, STR("void")))
        return FAIL(CONFLICT, "The invoice is void.");
    *issuing = ISSUED_BEFORE;
    if (!str_eq(row.invoice.status, STR("draft")))
        return OK;
    return issue_draft(tx, &row.invoice, change, issuing);
}

result invoice_issue(struct db_tx *tx, str id, const struct change *change, struct invoice *invoice)
{
    enum issuing issuing = ISSUED_BEFORE;
    TRY(invoice_issue_once(tx, id, change, &issuing));
    if (issuing == ISSUED_NOTHING)
        return FAIL(CONFLICT, "The closing statement has nothing left to bill.");
    return answer(tx, id, change->now, invoice);
}

// What was paid or credited of an invoice would hang in the air.
static result check_void(const struct invoice_row *row)
{
    if (!str_eq(row->invoice.status, STR("issued")))
        return FAIL(CONFLICT, "Only an issued invoice can be voided.");
    if (row->paid > 0)
        return FAIL(CONFLICT, "The invoice has payments: reverse them first.");
    if (row->credited > 0)
        return FAIL(CONFLICT, "The invoice has credit notes: credit the rest of it instead.");
    return OK;
}

// The log says so; the bytes of the statement stay as they are.
result invoice_void(struct db_tx *tx, str id, const struct change *change, struct invoice *invoice)
{
    struct invoice_row row = {0};
    struct head head = {0};
    int64_t index = 0;
    TRY(invoice_row_lock(tx, id, &row));
    TRY(ledger_head_lock(tx, row.invoice.customer_id, &head));
    TRY(invoice_row_find(tx, id, &row)); // credit notes are made under the head's lock
    TRY(check_void(&row));
    TRY(ledger_check_unsealed(tx, row.invoice.customer_id, row.invoice.period_start));
    struct owner owner = {row.invoice.customer_id, row.invoice.customer};
    TRY(adjustment_append(tx, owner,
                          json_pack("{s:s, s:o, s:o}", "action", "void", "invoice",
                                    json_from_str(row.invoice.id), "number",
                                    json_from_str(row.invoice.number)),
                          change, &index));
    TRY(invoice_tell(tx, OUTBOX_invoice_voided, change->now, &row.invoice));
    TRY(db_exec(tx, &invoicing_void_sql,
                PARAMS(db_text(id), db_instant(change->now), db_text(change->actor),
                       db_text(change->reason))));
    TRY(late_touch(tx, row.invoice.subscription, index + 1));
    return answer(tx, id, change->now, invoice);
}
