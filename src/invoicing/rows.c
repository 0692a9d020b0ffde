// SPDX-License-Identifier: Apache-2.0
#include "rows.h"

#include "invoicing.sql.h"
#include "phial/crypto/crypto.h"
#include "phial/util/array.h"

#include <assert.h>
#include <string.h>

enum { LIST_MAX = 500 };

static struct db_columns columns_of(struct arena *arena, struct invoice_row *row)
{
    struct invoice *invoice = &row->invoice;
    const db_column columns[] = {
        db_into_text("invoice_id", &invoice->id),
        db_into_text("customer", &invoice->customer),
        db_into_i64("customer_id", &invoice->customer_id),
        db_into_text("subscription_id", &invoice->subscription),
        db_into_i64("period_number", &invoice->period_number),
        db_into_instant("period_start", &invoice->period_start),
        db_into_instant("period_end", &invoice->period_end),
        db_into_text("status", &invoice->status),
        db_into_text("number", &invoice->number),
        db_into_text("total", &invoice->total),
        db_into_text("currency", &invoice->currency),
        db_if_present(db_into_i64("ledger_index", &invoice->ledger_index),
                      &invoice->has_ledger_index),
        db_into_i64("ledger_size", &row->ledger_size),
        db_if_present(db_into_instant("due_at", &row->due_at), &row->has_due),
        db_if_present(db_into_instant("voided_at", &row->voided_at), &row->has_voided),
        db_into_bytes("statement", &row->statement),
        db_into_bool("same_customer", &row->same_customer),
        db_into_bytes("customer_sha256", &row->customer_sha256),
        db_into_text("due", &row->due),
        db_into_i64("paid", &row->paid),
        db_into_i64("credited", &row->credited),
    };
    db_column *kept = arena_array(arena, db_column, COUNT_OF(columns));
    memcpy(kept, columns, sizeof columns);
    return (struct db_columns){kept, (int)COUNT_OF(columns)};
}

result invoice_row_find(struct db_tx *tx, str id, struct invoice_row *row)
{
    struct invoice_row read = {0};
    if (!crypto_is_id(id))
        return FAIL(NOT_FOUND, "No such resource.");
    TRY(db_one(tx, &invoicing_find_sql, PARAMS(db_text(id)), columns_of(db_arena(tx), &read)));
    *row = read;
    return OK;
}

// Read when it is locked: what is paid and credited would else be as of before the wait.
result invoice_row_lock(struct db_tx *tx, str id, struct invoice_row *row)
{
    str locked = {0};
    if (!crypto_is_id(id))
        return FAIL(NOT_FOUND, "No such resource.");
    TRY(db_one(tx, &invoicing_lock_sql, PARAMS(db_text(id)),
               COLUMNS(db_into_text("invoice_id", &locked))));
    return invoice_row_find(tx, id, row);
}

struct listing {
    struct arena *arena;
    struct invoice_row row;
    struct invoice_row *rows;
    size_t count;
};

static result keep_row(void *context)
{
    struct listing *listing = context;
    struct invoice_row kept = listing->row;
    kept.invoice.id = str_copy(listing->arena, kept.invoice.id);
    kept.invoice.customer = str_copy(listing->arena, kept.invoice.customer);
    kept.invoice.subscription = str_copy(listing->arena, kept.invoice.subscription);
    kept.invoice.status = str_copy(listing->arena, kept.invoice.status);
    kept.invoice.number = str_copy(listing->arena, kept.invoice.number);
    kept.invoice.total = str_copy(listing->arena, kept.invoice.total);
    kept.invoice.currency = str_copy(listing->arena, kept.invoice.currency);
    kept.customer_sha256 = str_copy(listing->arena, kept.customer_sha256);
    kept.statement = STR("");
    kept.due = str_copy(listing->arena, kept.due);
    assert(listing->count <= LIST_MAX);
    listing->rows[listing->count++] = kept;
    return OK;
}

result invoice_rows_list(struct db_tx *tx, const struct invoice_filter *filter,
                         struct invoice_row **rows, size_t *count)
{
    // One more than a page holds tells the caller that there is a next one.
    int64_t limit = filter->limit > LIST_MAX + 1 ? LIST_MAX + 1 : filter->limit;
    struct listing listing = {
        .arena = db_arena(tx),
        .rows = arena_array(db_arena(tx), struct invoice_row, LIST_MAX + 1),
    };
    TRY(db_each(tx, &invoicing_list_sql,
                PARAMS(db_i64(filter->customer_id), db_text_or_null(filter->status),
                       filter->has_from ? db_instant(filter->from) : db_null(),
                       filter->has_to ? db_instant(filter->to) : db_null(), db_text(filter->after),
                       db_i64(limit)),
                columns_of(db_arena(tx), &listing.row), keep_row, &listing));
    *rows = listing.rows;
    *count = listing.count;
    return OK;
}

result remaining_of(const struct invoice_row *row, money *remaining)
{
    money left = {0};
    TRY(currency_parse(row->invoice.currency, &left.currency));
    if (row->due.len > 0 && str_eq(row->invoice.status, STR("issued"))) {
        TRY(money_parse(row->due, left.currency, &left));
        TRY(money_sub(left, (money){row->paid, left.currency}, &left));
        TRY(money_sub(left, (money){row->credited, left.currency}, &left));
    }
    *remaining = left.minor > 0 ? left : (money){0, left.currency};
    return OK;
}

str payment_status(const struct invoice_row *row, instant now)
{
    money remaining = {0};
    if (!str_eq(row->invoice.status, STR("issued")))
        return STR("");
    result known = remaining_of(row, &remaining);
    assert(!failed(known)); // both texts are our own
    (void)known;
    if (remaining.minor == 0)
        return STR("paid");
    if (row->has_due && row->due_at.us < now.us)
        return STR("overdue");
    return row->paid > 0 ? STR("partially_paid") : STR("unpaid");
}
