// SPDX-License-Identifier: Apache-2.0
// Several drafts of one customer in one transaction. Rows are locked as by one issue: invoices, the
// head, the series; that one last, when all statements are there, as everybody waits for it. Each
// statement is computed on the entries before its own, as if they were issued one after the other:
// the entries between are statements of other subscriptions, on which it does not depend.
#include "append.h"
#include "compute.h"
#include "invoicing.sql.h"
#include "issue.h"
#include "late.h"
#include "tell.h"

#include <assert.h>

enum { LINES_MAX = 10000 }; // of all statements: they are kept in memory

struct member {
    struct invoice invoice;
    json_t *statement; // NULL: it is not issued here
};

struct together {
    struct db_tx *tx;
    struct issuing_together *asked;
    struct head head;
    struct issue issue; // but for its number
    struct invoice row; // that is being read
    str corrected;      // as well: a subscription that has corrected periods
    struct member members[ISSUED_TOGETHER_MAX];
    size_t count;
    size_t lines;
    size_t made;
};

static void become(struct together *together, str id, enum issued_together became)
{
    for (size_t i = 0; i < together->asked->count; i++) {
        if (str_eq(together->asked->ids[i], id))
            together->asked->became[i] = became;
    }
}

// ---- which

static result keep_claimed(void *context)
{
    struct together *together = context;
    struct arena *arena = db_arena(together->tx);
    struct invoice invoice = together->row;
    assert(together->count < together->asked->count);
    invoice.id = str_copy(arena, invoice.id);
    invoice.customer = str_copy(arena, invoice.customer);
    invoice.subscription = str_copy(arena, invoice.subscription);
    become(together, invoice.id, TOGETHER_LEFT);
    together->members[together->count++] = (struct member){.invoice = invoice};
    return OK;
}

static result claim(struct together *together)
{
    struct invoice *row = &together->row;
    return db_each(together->tx, &invoicing_claim_many_sql,
                   PARAMS(db_text_array(together->asked->ids, together->asked->count)),
                   COLUMNS(db_into_text("invoice_id", &row->id),
                           db_into_text("customer", &row->customer),
                           db_into_i64("customer_id", &row->customer_id),
                           db_into_text("subscription_id", &row->subscription),
                           db_into_i64("period_number", &row->period_number),
                           db_into_instant("period_start", &row->period_start),
                           db_into_instant("period_end", &row->period_end)),
                   keep_claimed, together);
}

static void leave_out(struct together *together, size_t place)
{
    for (size_t i = place + 1; i < together->count; i++)
        together->members[i - 1] = together->members[i];
    together->count--;
}

static result leave_corrected(void *context)
{
    struct together *together = context;
    for (size_t i = together->count; i-- > 0;) {
        if (str_eq(together->members[i].invoice.subscription, together->corrected))
            leave_out(together, i);
    }
    return OK;
}

// What issues alone: all where the customer has discounts or prepaid credit, of which each takes
// what the one before has left; whoever has periods that may be owed a correction; a closing
// statement; a period that has not ended.
static result choose(struct together *together)
{
    struct db_tx *tx = together->tx;
    struct head *head = &together->head;
    bool has_standing = false;
    bool found = false;
    instant first = {0};
    TRY(db_one(tx, &invoicing_has_standing_sql, PARAMS(db_i64(head->customer_id)),
               COLUMNS(db_into_bool("has", &has_standing))));
    if (has_standing) {
        together->count = 0;
        return OK;
    }
    str *subscriptions = arena_array(db_arena(tx), str, together->count);
    for (size_t i = 0; i < together->count; i++)
        subscriptions[i] = together->members[i].invoice.subscription;
    TRY(late_first(tx, head, &found, &first));
    TRY(db_each(tx, &invoicing_list_corrected_sql,
                PARAMS(db_text_array(subscriptions, together->count), db_i64(head->size),
                       found ? db_instant(first) : db_null()),
                COLUMNS(db_into_text("subscription_id", &together->corrected)), leave_corrected,
                together));
    for (size_t i = together->count; i-- > 0;) {
        const struct invoice *invoice = &together->members[i].invoice;
        bool closing =
            invoice->period_number > 1 && invoice->period_start.us == invoice->period_end.us;
        if (closing || invoice->period_end.us > together->issue.issued_at.us)
            leave_out(together, i);
    }
    return OK;
}

// ---- statements

static result compute_all(struct together *together)
{
    OWNED(computing_release) struct computing computing = computing_new(together->tx);
    for (size_t i = 0; i < together->count && together->lines < LINES_MAX; i++) {
        struct member *member = &together->members[i];
        struct computation what = {
            .subscription = member->invoice.subscription,
            .number = member->invoice.period_number,
            .head = &together->head,
            .at = together->issue.issued_at,
        };
        TRY(statement_of_plain(together->tx, &what, &computing, &member->statement));
        together->lines += json_array_size(json_object_get(member->statement, "lines"));
        str total = json_str(json_object_get(member->statement, "total"));
        if (str_starts_with(total, STR("-"))) // a credit note, which has a series of its own
            json_release(&member->statement);
        together->made += member->statement != NULL;
    }
    return OK;
}

// ---- numbers, entries, rows

struct rows {
    str *ids;
    str *numbers;
    str *bytes;
    str *totals;
    str *dues;
    int64_t *indexes;
    struct append *entries;
    size_t count;
};

static struct rows rows_for(struct arena *arena, size_t count)
{
    return (struct rows){
        .ids = arena_array(arena, str, count),
        .numbers = arena_array(arena, str, count),
        .bytes = arena_array(arena, str, count),
        .totals = arena_array(arena, str, count),
        .dues = arena_array(arena, str, count),
        .indexes = arena_array(arena, int64_t, count),
        .entries = arena_array(arena, struct append, count),
    };
}

static result add_row(struct together *together, const struct member *member, struct rows *rows)
{
    struct arena *arena = db_arena(together->tx);
    const struct change *change = &together->asked->change;
    const struct invoice *invoice = &member->invoice;
    size_t n = rows->count++;
    together->issue.number = rows->numbers[n];
    TRY(statement_add_ledger(arena, invoice->customer, &together->head, member->statement));
    TRY(statement_complete(arena, invoice->id, &together->issue, member->statement));
    TRY(json_canonical(arena, member->statement, &rows->bytes[n]));
    rows->ids[n] = invoice->id;
    rows->totals[n] = json_str(json_object_get(member->statement, "total"));
    rows->dues[n] = json_str(json_object_get(member->statement, "amount_due"));
    rows->indexes[n] = together->head.size;
    rows->entries[n] = (struct append){
        .customer_id = invoice->customer_id,
        .customer = invoice->customer,
        .kind = ENTRY_invoice,
        .members = {{.name = "invoice", .json = rows->bytes[n]}},
        .member_count = 1,
    };
    return ledger_grow(arena, change->now, change->actor, &rows->entries[n], &together->head);
}

static result store(struct together *together, const struct rows *rows)
{
    struct db_tx *tx = together->tx;
    const struct change *change = &together->asked->change;
    TRY(ledger_append(tx, change->now, change->actor, rows->entries, rows->count));
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->entries[i].index != rows->indexes[i])
            return FAIL(INTERNAL, "a statement's entry is not where the statement says");
    }
    TRY(db_defer(
        tx, &invoicing_issue_many_sql,
        PARAMS(db_instant(together->issue.issued_at), db_instant(together->issue.due_at),
               db_text(change->actor), db_text(change->reason),
               db_text_array(rows->ids, rows->count), db_text_array(rows->numbers, rows->count),
               db_bytes_array(rows->bytes, rows->count), db_text_array(rows->totals, rows->count),
               db_text_array(rows->dues, rows->count), db_i64_array(rows->indexes, rows->count)),
        NO_COLUMNS, NULL, NULL));
    return db_defer(tx, &invoicing_watch_sql,
                    PARAMS(db_i64(together->head.customer_id), db_i64(rows->indexes[0] + 1)),
                    NO_COLUMNS, NULL, NULL);
}

static result tell_all(struct together *together)
{
    for (size_t i = 0; i < together->count; i++) {
        const struct member *member = &together->members[i];
        if (member->statement == NULL)
            continue;
        TRY(invoice_tell(together->tx, OUTBOX_invoice_issued, together->issue.issued_at,
                         &member->invoice));
        become(together, member->invoice.id, TOGETHER_ISSUED);
    }
    return OK;
}

static result issue_all(struct together *together)
{
    struct rows rows = rows_for(db_arena(together->tx), together->made);
    if (together->made == 0)
        return OK;
    TRY(tell_all(together));
    TRY(invoice_find_due(together->tx, together->head.customer_id, together->issue.issued_at,
                         &together->issue.due_at));
    TRY(numbers_take(together->tx, SERIES_INVOICE, together->issue.issued_at, rows.numbers,
                     together->made));
    for (size_t i = 0; i < together->count; i++) {
        if (together->members[i].statement != NULL)
            TRY(add_row(together, &together->members[i], &rows));
    }
    return store(together, &rows);
}

static void together_release(struct together **together)
{
    for (size_t i = 0; i < (*together)->count; i++)
        json_release(&(*together)->members[i].statement);
}

result invoices_issue_together(struct db_tx *tx, void *context)
{
    OWNED(together_release) struct together *together = arena_new(db_arena(tx), struct together);
    together->tx = tx;
    together->asked = context;
    const struct change *change = &together->asked->change;
    assert(together->asked->count <= ISSUED_TOGETHER_MAX);
    for (size_t i = 0; i < together->asked->count; i++)
        together->asked->became[i] = TOGETHER_NOT_CLAIMED;
    TRY(claim(together));
    if (together->count == 0)
        return OK;
    TRY(ledger_head_lock(tx, together->members[0].invoice.customer_id, &together->head));
    together->issue.issued_at =
        change->now.us > together->head.last_at.us ? change->now : together->head.last_at;
    TRY(choose(together));
    TRY(compute_all(together));
    return issue_all(together);
}
