// SPDX-License-Identifier: Apache-2.0
#include "phial/ingest/backfill.h"

#include "backfill_row.h"
#include "ingest.sql.h"
#include "phial/crypto/crypto.h"
#include "phial/util/array.h"

static struct db_columns columns_of(struct arena *arena, struct backfill *into)
{
    const db_column columns[] = {
        db_into_text("backfill_id", &into->id),
        db_into_i64("customer_id", &into->customer_id),
        db_into_text("customer", &into->customer),
        db_into_bool("archived", &into->customer_archived),
        db_into_instant("from_time", &into->from),
        db_into_instant("to_time", &into->to),
        db_into_text("reason", &into->reason),
        db_into_text("status", &into->status),
        db_into_i64("events", &into->events),
        db_into_instant("created_at", &into->created_at),
        db_into_text("created_by", &into->created_by),
        db_if_present(db_into_instant("closed_at", &into->closed_at), &into->is_closed),
        db_into_text("closed_by", &into->closed_by),
        db_into_text("closing_reason", &into->closing_reason),
        db_if_present(db_into_i64("accepted", &into->accepted), &into->is_committed),
        db_if_present(db_into_i64("duplicates", &into->duplicates), &into->is_committed),
        db_if_present(db_into_i64("conflicts", &into->conflicts), &into->is_committed),
        db_if_present(db_into_i64("from_index", &into->from_index), &into->is_committed),
        db_if_present(db_into_i64("to_index", &into->to_index), &into->is_committed),
    };
    db_column *kept = arena_array(arena, db_column, COUNT_OF(columns));
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        kept[i] = columns[i];
    return (struct db_columns){kept, (int)COUNT_OF(columns)};
}

static result read_row(struct db_tx *tx, const struct db_stmt *stmt, struct db_params params,
                       struct backfill *backfill)
{
    struct backfill read = {0};
    TRY(db_one(tx, stmt, params, columns_of(db_arena(tx), &read)));
    *backfill = read;
    return OK;
}

result backfill_open(struct db_tx *tx, const struct backfill *wanted, const struct change *change,
                     struct backfill *opened)
{
    str id = crypto_id(db_arena(tx));
    TRY(db_exec(tx, &ingest_insert_backfill_sql,
                PARAMS(db_text(id), db_i64(wanted->customer_id), db_instant(wanted->from),
                       db_instant(wanted->to), db_text(wanted->reason), db_instant(change->now),
                       db_text(change->actor))));
    return backfill_get(tx, id, wanted->customer_id, opened);
}

result backfill_get(struct db_tx *tx, str id, int64_t only_customer, struct backfill *backfill)
{
    if (!crypto_is_id(id))
        return FAIL(NOT_FOUND, "No such resource.");
    return read_row(tx, &ingest_find_backfill_sql, PARAMS(db_text(id), db_i64(only_customer)),
                    backfill);
}

result backfill_lock(struct db_tx *tx, str id, int64_t only_customer, struct backfill *backfill)
{
    if (!crypto_is_id(id))
        return FAIL(NOT_FOUND, "No such resource.");
    return read_row(tx, &ingest_lock_backfill_to_close_sql,
                    PARAMS(db_text(id), db_i64(only_customer)), backfill);
}

struct listing {
    struct backfill row;
    result (*each)(void *context, const struct backfill *backfill);
    void *context;
};

static result hand_over(void *context)
{
    struct listing *listing = context;
    return listing->each(listing->context, &listing->row);
}

result backfill_each(struct db_tx *tx, const struct backfill_filter *filter,
                     result (*row)(void *context, const struct backfill *backfill), void *context)
{
    struct listing listing = {.each = row, .context = context};
    return db_each(tx, &ingest_list_backfills_sql,
                   PARAMS(db_i64(filter->customer_id), db_text_or_null(filter->status),
                          db_text(filter->after), db_i64(filter->limit)),
                   columns_of(db_arena(tx), &listing.row), hand_over, &listing);
}
