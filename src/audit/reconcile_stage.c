// SPDX-License-Identifier: Apache-2.0
// The ids of a reconciliation that come in parts.
#include "audit.sql.h"
#include "claims.h"
#include "phial/crypto/crypto.h"
#include "phial/util/array.h"

static const char copy_ids_sql[] =
    "COPY reconciled_id (customer_id, reconciliation_id, number, id, "
    "source, quantity, event_time) FROM STDIN (FORMAT BINARY)";

static const int64_t kept_us = INT64_C(7) * 86400 * 1000000;

static result drop(struct db_tx *tx, int64_t customer_id, str id)
{
    TRY(db_exec(tx, &audit_drop_reconciled_ids_sql, PARAMS(db_i64(customer_id), db_text(id))));
    return db_exec(tx, &audit_drop_reconciliation_sql, PARAMS(db_text(id)));
}

// The oldest of those that nobody has dropped.
struct old_ones {
    struct arena *arena;
    str id;
    int64_t customer_id;
    struct {
        str id;
        int64_t customer_id;
    } items[10];
    size_t count;
};

static result take_old(void *context)
{
    struct old_ones *old = context;
    old->items[old->count].id = str_copy(old->arena, old->id);
    old->items[old->count++].customer_id = old->customer_id;
    return OK;
}

static result drop_old(struct db_tx *tx, instant now)
{
    struct old_ones old = {.arena = db_arena(tx)};
    instant before = {now.us - kept_us};
    TRY(db_each(tx, &audit_find_old_reconciliations_sql, PARAMS(db_instant(before)),
                COLUMNS(db_into_text("reconciliation_id", &old.id),
                        db_into_i64("customer_id", &old.customer_id)),
                take_old, &old));
    for (size_t i = 0; i < old.count; i++)
        TRY(drop(tx, old.items[i].customer_id, old.items[i].id));
    return OK;
}

static result read_one(struct db_tx *tx, const struct db_stmt *stmt, str id, int64_t only_customer,
                       struct staged_reconciliation *staged)
{
    struct staged_reconciliation read = {0};
    if (!crypto_is_id(id))
        return FAIL(NOT_FOUND, "No such resource.");
    TRY(db_one(tx, stmt, PARAMS(db_text(id), db_i64(only_customer)),
               COLUMNS(db_into_text("reconciliation_id", &read.id),
                       db_into_i64("customer_id", &read.customer_id),
                       db_into_text("question", &read.question), db_into_i64("ids", &read.ids),
                       db_into_i64("sent", &read.sent),
                       db_into_instant("created_at", &read.created_at))));
    *staged = read;
    return OK;
}

result reconciliation_open(struct db_tx *tx, int64_t customer_id, str question,
                           const struct change *change, struct staged_reconciliation *opened)
{
    str id = crypto_id(db_arena(tx));
    TRY(drop_old(tx, change->now));
    TRY(db_exec(tx, &audit_insert_reconciliation_sql,
                PARAMS(db_text(id), db_i64(customer_id), db_text(question), db_instant(change->now),
                       db_text(change->actor))));
    return reconciliation_get(tx, id, customer_id, opened);
}

result reconciliation_get(struct db_tx *tx, str id, int64_t only_customer,
                          struct staged_reconciliation *staged)
{
    return read_one(tx, &audit_find_reconciliation_sql, id, only_customer, staged);
}

static void copy_text(struct buf *rows, bool present, str text)
{
    if (present)
        db_copy_bytes(rows, text);
    else
        db_copy_null(rows);
}

static str rows_of(struct arena *arena, const struct claims *part,
                   const struct staged_reconciliation *staged)
{
    struct buf rows = {.arena = arena};
    db_copy_begin(&rows);
    for (size_t i = 0; i < part->count; i++) {
        const struct claimed_event *event = &part->items[i].event;
        db_copy_row(&rows, 7);
        db_copy_i64(&rows, staged->customer_id);
        db_copy_bytes(&rows, staged->id);
        db_copy_i64(&rows, staged->ids + (int64_t)i);
        db_copy_bytes(&rows, event->id);
        copy_text(&rows, !event->any_source, event->source);
        copy_text(&rows, event->has_quantity,
                  event->has_quantity ? decimal_print(arena, event->quantity) : STR(""));
        if (event->has_time)
            db_copy_instant(&rows, event->time);
        else
            db_copy_null(&rows);
    }
    db_copy_finish(&rows);
    return buf_str(&rows);
}

result reconciliation_add(struct db_tx *tx, str id, int64_t only_customer,
                          const struct claims *part, struct staged_reconciliation *staged)
{
    struct staged_reconciliation grown = {0};
    TRY(read_one(tx, &audit_lock_reconciliation_sql, id, only_customer, &grown));
    if (grown.ids + (int64_t)part->count > RECONCILED_IDS_MAX)
        return FAIL(CONFLICT, "A reconciliation compares at most 2,000,000 ids.");
    if (part->count > 0)
        TRY(db_copy(tx, copy_ids_sql, rows_of(db_arena(tx), part, &grown)));
    grown.ids += (int64_t)part->count;
    grown.sent += part->sent;
    TRY(db_exec(tx, &audit_grow_reconciliation_sql,
                PARAMS(db_text(grown.id), db_i64(grown.ids), db_i64(grown.sent))));
    *staged = grown;
    return OK;
}

struct reading {
    struct claims *claims;
    struct claimed_event event;
    str quantity;
    bool has_source;
};

static result take_id(void *context)
{
    struct reading *reading = context;
    struct claims *claims = reading->claims;
    struct claimed_event *event = &reading->event;
    event->any_source = !reading->has_source;
    if (event->has_quantity) {
        TRY(decimal_parse(reading->quantity, &event->quantity));
        claims->total = exact_add(claims->arena, claims->total,
                                  exact_from_decimal(claims->arena, event->quantity));
    }
    claims->partial = claims->partial || !event->has_quantity;
    claims_add(claims, event, true);
    return OK;
}

result reconciliation_read_claims(struct db_tx *tx, const struct staged_reconciliation *staged,
                                  struct claims *claims)
{
    struct reading reading = {.claims = claims};
    claims_open(claims, db_arena(tx), (size_t)staged->ids);
    TRY(db_each(
        tx, &audit_list_reconciled_ids_sql,
        PARAMS(db_i64(staged->customer_id), db_text(staged->id), db_i64(staged->ids)),
        COLUMNS(
            db_into_text("id", &reading.event.id),
            db_if_present(db_into_text("source", &reading.event.source), &reading.has_source),
            db_if_present(db_into_text("quantity", &reading.quantity), &reading.event.has_quantity),
            db_if_present(db_into_instant("event_time", &reading.event.time),
                          &reading.event.has_time)),
        take_id, &reading));
    claims->sent = staged->sent;
    claims->refused = staged->sent - staged->ids;
    claims->partial = claims->partial || claims->refused > 0;
    return OK;
}

result reconciliation_drop(struct db_tx *tx, str id, int64_t only_customer)
{
    struct staged_reconciliation staged = {0};
    TRY(read_one(tx, &audit_lock_reconciliation_sql, id, only_customer, &staged));
    return drop(tx, staged.customer_id, staged.id);
}
