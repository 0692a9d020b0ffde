// SPDX-License-Identifier: Apache-2.0
#include "credit.h"

#include "append.h"
#include "compute.h"
#include "invoicing.sql.h"
#include "phial/crypto/crypto.h"
#include "tell.h"

// What `credit_note` keeps of one.
struct kept_note {
    str id;
    int64_t customer_id;
    str invoice;
    const json_t *document;
    str subscription; // "" unless it corrects a period's usage
    int64_t period;
    bool own_statement;
    int64_t index;
    instant issued_at;
};

static result keep_note(struct db_tx *tx, const struct kept_note *note, const struct change *change)
{
    enum currency currency = CURRENCY_USD;
    money total = {0};
    str currency_name = json_str(json_object_get(note->document, "currency"));
    str text = json_print(db_arena(tx), note->document);
    bool corrects = note->subscription.len > 0;
    TRY(currency_parse(currency_name, &currency));
    TRY(money_parse(json_str(json_object_get(note->document, "total")), currency, &total));
    TRY(db_exec(tx, &invoicing_insert_credit_note_sql,
                PARAMS(db_text(note->id), db_i64(note->customer_id), db_text(note->invoice),
                       db_text(json_str(json_object_get(note->document, "number"))), db_text(text),
                       db_text(currency_name), db_i64(total.minor),
                       db_text_or_null(note->subscription),
                       corrects ? db_i64(note->period) : db_null(), db_bool(note->own_statement),
                       db_i64(note->index), db_instant(note->issued_at), db_text(change->actor),
                       db_text(change->reason))));
    return db_exec(tx, &invoicing_insert_credit_note_lines_sql,
                   PARAMS(db_text(note->id), db_text(text)));
}

// The members of a statement that its note repeats.
result credit_note_of_statement(struct db_tx *tx, int64_t customer_id, const json_t *statement,
                                int64_t index, const struct change *change)
{
    static const char *const members[] = {"id",        "number",       "status", "customer",
                                          "issued_at", "subscription", "period"};
    OWNED(json_release) json_t *note = NULL;
    str id = json_str(json_object_get(statement, "id"));
    struct kept_note kept = {.id = id, .customer_id = customer_id, .invoice = id, .index = index};
    TRY(credit_of_statement(db_arena(tx), statement, &note));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        TRY(statement_set(note, members[i], json_incref(json_object_get(statement, members[i]))));
    TRY(statement_set(note, "invoice", json_from_str(id)));
    TRY(statement_set(note, "reason_code", json_string("statement")));
    TRY(instant_parse(json_str(json_object_get(statement, "issued_at")), &kept.issued_at));
    kept.document = note;
    kept.own_statement = true;
    return keep_note(tx, &kept, change);
}

struct earlier_notes {
    struct arena *arena;
    str document;
    json_t *held;
    struct creditable *left;
};

static result take_earlier(void *context)
{
    struct earlier_notes *notes = context;
    json_t *note = NULL;
    TRY(json_parse(notes->document, &note));
    if (json_array_append_new(notes->held, note) != 0)
        return FAIL(INTERNAL, "out of memory");
    return creditable_take(notes->arena, note, notes->left);
}

result credit_open(struct db_tx *tx, const struct invoice_row *row, json_t *held,
                   struct creditable *left)
{
    json_t *statement = NULL;
    struct earlier_notes notes = {.arena = db_arena(tx), .held = held, .left = left};
    TRY(json_parse(row->statement, &statement));
    if (json_array_append_new(held, statement) != 0)
        return FAIL(INTERNAL, "out of memory");
    TRY(creditable_open(db_arena(tx), statement, left));
    return db_each(tx, &invoicing_list_credit_notes_of_sql, PARAMS(db_text(row->invoice.id)),
                   COLUMNS(db_into_text("document", &notes.document)), take_earlier, &notes);
}

static result complete(struct arena *arena, const struct crediting *crediting, str id,
                       const struct change *change, json_t *note)
{
    const struct invoice *invoice = &crediting->row->invoice;
    TRY(statement_set(note, "id", json_from_str(id)));
    TRY(statement_set(note, "status", json_string("issued")));
    TRY(statement_set(note, "customer", json_from_str(invoice->customer)));
    TRY(statement_set(note, "invoice", json_from_str(invoice->id)));
    TRY(statement_set(note, "invoice_number", json_from_str(invoice->number)));
    TRY(statement_set(note, "reason_code", json_from_str(crediting->reason_code)));
    if (change->reason.len > 0)
        TRY(statement_set(note, "reason", json_from_str(change->reason)));
    if (crediting->period.number == 0)
        return OK;
    str start = instant_print_canonical(arena, crediting->period.start);
    str end = instant_print_canonical(arena, crediting->period.end);
    return statement_set(note, "corrects",
                         json_pack("{s:o, s:I, s:o, s:o}", "subscription",
                                   json_from_str(crediting->subscription), "number",
                                   (json_int_t)crediting->period.number, "start",
                                   json_from_str(start), "end", json_from_str(end)));
}

// A note may be all that remained due.
static result tell(struct db_tx *tx, const struct crediting *crediting,
                   const struct kept_note *note)
{
    const struct invoice *invoice = &crediting->row->invoice;
    money remaining = {0};
    money total = {0};
    TRY(credit_note_tell(tx, note->issued_at, note->id, invoice));
    TRY(remaining_of(crediting->row, &remaining));
    TRY(money_parse(json_str(json_object_get(note->document, "total")), remaining.currency,
                    &total));
    if (remaining.minor > 0 && total.minor >= remaining.minor)
        TRY(invoice_tell(tx, OUTBOX_invoice_paid, note->issued_at, invoice));
    return OK;
}

result credit_issue(struct db_tx *tx, const struct crediting *crediting,
                    const struct change *change, struct credit_note *note)
{
    struct arena *arena = db_arena(tx);
    const struct invoice *invoice = &crediting->row->invoice;
    struct owner owner = {invoice->customer_id, invoice->customer};
    OWNED(json_release) json_t *made = NULL;
    struct head head = {0};
    str number = {0};
    str bytes = {0};
    struct kept_note kept = {
        .id = crypto_id(arena),
        .customer_id = invoice->customer_id,
        .invoice = invoice->id,
        .subscription = crediting->period.number == 0 ? STR("") : crediting->subscription,
        .period = crediting->period.number,
    };
    TRY(ledger_head_lock(tx, invoice->customer_id, &head));
    kept.issued_at = change->now.us > head.last_at.us ? change->now : head.last_at;
    TRY(credit_print(arena, crediting->left, &crediting->lines, &made));
    TRY(complete(arena, crediting, kept.id, change, made));
    TRY(statement_set(made, "issued_at",
                      json_from_str(instant_print_canonical(arena, kept.issued_at))));
    TRY(number_take(tx, SERIES_CREDIT_NOTE, kept.issued_at, &number));
    TRY(statement_set(made, "number", json_from_str(number)));
    TRY(json_canonical(arena, made, &bytes));
    TRY(entry_append(tx, owner, ENTRY_credit_note, bytes, change, &kept.index));
    kept.document = made;
    TRY(keep_note(tx, &kept, change));
    TRY(tell(tx, crediting, &kept));
    *note = (struct credit_note){
        .id = kept.id, .customer_id = invoice->customer_id, .document = json_print(arena, made)};
    return OK;
}
