// SPDX-License-Identifier: Apache-2.0
// Issuing and voiding. Rows are locked in one order: the invoice, then its customer's head, then
// the series; what a statement is computed from cannot change in between.
#include "issue.h"

#include "compute.h"
#include "invoicing.sql.h"
#include "rows.h"
#include "tell.h"

#define DAY_US INT64_C(86400000000)

static const char series[] = "invoice";

// YYYY-NNNNNN, gapless: the row of the series stays locked until the transaction ends.
static result take_number(struct db_tx *tx, instant issued_at, str *number)
{
    int year = 0;
    int month = 0;
    int day_of_month = 0;
    int64_t last = 0;
    day_to_civil(zone_day(zone_utc(), issued_at), &year, &month, &day_of_month);
    TRY(db_one(tx, &invoicing_next_number_sql, PARAMS(db_text(str_from(series)), db_i64(year)),
               COLUMNS(db_into_i64("last", &last))));
    *number = str_printf(db_arena(tx), "%04d-%06lld", year, (long long)last);
    return OK;
}

static result find_due(struct db_tx *tx, int64_t customer_id, instant issued_at, instant *due_at)
{
    struct customer customer = {0};
    struct customer_billing billing = {0};
    TRY(customer_get_by_id(tx, customer_id, &customer));
    TRY(customer_billing_read(db_arena(tx), &customer, &billing));
    *due_at = (instant){issued_at.us + billing.payment_terms_days * DAY_US};
    return OK;
}

// What an invoice is when it is issued.
struct issue {
    str number;
    instant issued_at; // its entry's `at`: the ledger's time does not go back when the clock does
    instant due_at;
};

static result complete(struct arena *arena, str id, const struct issue *issue, json_t *statement)
{
    TRY(statement_set(statement, "id", json_from_str(id)));
    TRY(statement_set(statement, "number", json_from_str(issue->number)));
    TRY(statement_set(statement, "status", json_string("issued")));
    TRY(statement_set(statement, "issued_at",
                      json_from_str(instant_print_canonical(arena, issue->issued_at))));
    return statement_set(statement, "due_at",
                         json_from_str(instant_print_canonical(arena, issue->due_at)));
}

// An entry whose one member has the kind's name.
static result append(struct db_tx *tx, const struct invoice *invoice, enum entry_kind kind,
                     str json, const struct change *change, int64_t *index)
{
    const char *member = str_to_c(db_arena(tx), entry_kind_name(kind));
    struct append entry = {
        .customer_id = invoice->customer_id,
        .customer = invoice->customer,
        .kind = kind,
        .members = {{.name = member, .json = json}},
        .member_count = 1,
    };
    TRY(ledger_append(tx, change->now, change->actor, &entry, 1));
    *index = entry.index;
    return OK;
}

static result issue_draft(struct db_tx *tx, const struct invoice *invoice,
                          const struct change *change)
{
    OWNED(json_release) json_t *statement = NULL;
    struct head head = {0};
    struct issue issue = {0};
    int64_t index = 0;
    str bytes = {0};
    TRY(ledger_head_lock(tx, invoice->customer_id, &head));
    struct computation what = {
        .subscription = invoice->subscription,
        .number = invoice->period_number,
        .head = &head,
    };
    issue.issued_at = change->now.us > head.last_at.us ? change->now : head.last_at;
    if (invoice->period_end.us > issue.issued_at.us)
        return FAIL(CONFLICT, "The invoice's period has not ended.");
    TRY(statement_of(tx, &what, &statement));
    TRY(find_due(tx, invoice->customer_id, issue.issued_at, &issue.due_at));
    TRY(take_number(tx, issue.issued_at, &issue.number));
    TRY(complete(db_arena(tx), invoice->id, &issue, statement));
    TRY(json_canonical(db_arena(tx), statement, &bytes));
    TRY(append(tx, invoice, ENTRY_invoice, bytes, change, &index));
    str total = json_str(json_object_get(statement, "total"));
    TRY(invoice_tell(tx, OUTBOX_invoice_issued, issue.issued_at, invoice));
    return db_exec(tx, &invoicing_issue_sql,
                   PARAMS(db_text(invoice->id), db_text(issue.number), db_bytes(bytes),
                          db_text(total), db_i64(head.size), db_i64(index),
                          db_instant(issue.issued_at), db_instant(issue.due_at),
                          db_text(change->actor), db_text(change->reason)));
}

static result answer(struct db_tx *tx, str id, instant now, struct invoice *invoice)
{
    struct invoice_row row = {0};
    TRY(invoice_row_find(tx, id, &row));
    row.invoice.payment_status = payment_status(&row, now);
    *invoice = row.invoice;
    return OK;
}

result invoice_issue_once(struct db_tx *tx, str id, const struct change *change, bool *issued)
{
    struct invoice_row row = {0};
    TRY(invoice_row_lock(tx, id, &row));
    bool open = str_eq(row.invoice.status, STR("draft"));
    if (str_eq(row.invoice.status, STR("void")))
        return FAIL(CONFLICT, "The invoice is void.");
    if (open)
        TRY(issue_draft(tx, &row.invoice, change));
    *issued = open;
    return OK;
}

result invoice_issue(struct db_tx *tx, str id, const struct change *change, struct invoice *invoice)
{
    bool issued = false;
    TRY(invoice_issue_once(tx, id, change, &issued));
    return answer(tx, id, change->now, invoice);
}

// What the log says of a void: the bytes of the statement stay as they are.
static result print_void(struct arena *arena, const struct invoice *invoice,
                         const struct change *change, str *json)
{
    OWNED(json_release)
    json_t *adjustment = json_pack(
        "{s:s, s:o, s:o, s:o}", "action", "void", "invoice", json_from_str(invoice->id), "number",
        json_from_str(invoice->number), "reason", json_from_str(change->reason));
    if (adjustment == NULL)
        return FAIL(INTERNAL, "an adjustment cannot be written");
    return json_canonical(arena, adjustment, json);
}

result invoice_void(struct db_tx *tx, str id, const struct change *change, struct invoice *invoice)
{
    struct invoice_row row = {0};
    int64_t index = 0;
    str json = {0};
    TRY(invoice_row_lock(tx, id, &row));
    if (!str_eq(row.invoice.status, STR("issued")))
        return FAIL(CONFLICT, "Only an issued invoice can be voided.");
    TRY(print_void(db_arena(tx), &row.invoice, change, &json));
    TRY(append(tx, &row.invoice, ENTRY_adjustment, json, change, &index));
    TRY(invoice_tell(tx, OUTBOX_invoice_voided, change->now, &row.invoice));
    TRY(db_exec(tx, &invoicing_void_sql,
                PARAMS(db_text(id), db_instant(change->now), db_text(change->actor),
                       db_text(change->reason))));
    return answer(tx, id, change->now, invoice);
}
