// SPDX-License-Identifier: Apache-2.0
// The ids of a reconciliation that come in parts.
#include "audit.sql.h"
#include "claims.h"
#include "phial/crypto/crypto.h"

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

// ---- a part, on its way into the table

enum { SENT_AT_ONCE = 65536 };

struct staging {
    struct db_tx *tx;
    struct staged_reconciliation *staged; // with what was taken so far
    struct arena scratch;                 // of the numbers' texts
    struct arena arena;                   // of the rows
    struct buf rows;
};

static void copy_text(struct buf *rows, bool present, str text)
{
    if (present)
        db_copy_bytes(rows, text);
    else
        db_copy_null(rows);
}

static void add_row(struct staging *staging, const struct claimed_event *event)
{
    struct buf *rows = &staging->rows;
    db_copy_row(rows, 7);
    db_copy_i64(rows, staging->staged->customer_id);
    db_copy_bytes(rows, staging->staged->id);
    db_copy_i64(rows, staging->staged->ids);
    db_copy_bytes(rows, event->id);
    copy_text(rows, !event->any_source, event->source);
    copy_text(rows, event->has_quantity,
              event->has_quantity ? decimal_print(&staging->scratch, event->quantity) : STR(""));
    if (event->has_time)
        db_copy_instant(rows, event->time);
    else
        db_copy_null(rows);
}

static result send_rows(struct staging *staging)
{
    result sent = db_copy_send(staging->tx, buf_str(&staging->rows));
    staging->rows.len = 0;
    arena_reset(&staging->scratch);
    return sent;
}

static result take_event(void *context, const struct claimed_event *event)
{
    struct staging *staging = context;
    if (staging->staged->ids == RECONCILED_IDS_MAX)
        return FAIL(CONFLICT, "A reconciliation compares at most 2,000,000 ids.");
    add_row(staging, event);
    staging->staged->ids++;
    return staging->rows.len < SENT_AT_ONCE ? OK : send_rows(staging);
}

static result stage(struct staging *staging, struct claim_sink *sink,
                    result (*read)(void *context, struct claim_sink *sink), void *context)
{
    db_copy_begin(&staging->rows);
    TRY(read(context, sink));
    db_copy_finish(&staging->rows);
    return send_rows(staging);
}

result reconciliation_add(struct db_tx *tx, struct staged_reconciliation *staged,
                          result (*read)(void *context, struct claim_sink *sink), void *context)
{
    struct staged_reconciliation grown = {0};
    struct staging staging = {.tx = tx, .staged = &grown};
    struct claim_sink sink = {.take = take_event, .context = &staging};
    staging.rows.arena = &staging.arena;
    TRY(read_one(tx, &audit_lock_reconciliation_sql, staged->id, staged->customer_id, &grown));
    TRY(db_copy_start(tx, copy_ids_sql));
    result outcome = db_copy_end(tx, stage(&staging, &sink, read, context));
    arena_reset(&staging.scratch);
    arena_reset(&staging.arena);
    TRY(outcome);
    grown.sent += sink.sent;
    TRY(db_exec(tx, &audit_grow_reconciliation_sql,
                PARAMS(db_text(grown.id), db_i64(grown.ids), db_i64(grown.sent))));
    *staged = grown;
    return OK;
}

// ---- out of it again

struct reading {
    result (*take)(void *context, const struct claimed_event *event);
    void *context;
    struct claimed_event event;
    str quantity;
    bool has_source;
};

static result take_id(void *context)
{
    struct reading *reading = context;
    struct claimed_event *event = &reading->event;
    event->any_source = !reading->has_source;
    if (event->has_quantity)
        TRY(decimal_parse(reading->quantity, &event->quantity));
    return reading->take(reading->context, event);
}

result staged_each(struct db_tx *tx, const struct staged_reconciliation *staged,
                   result (*take)(void *context, const struct claimed_event *event), void *context)
{
    struct reading reading = {.take = take, .context = context};
    struct staged_reconciliation held = {0};
    TRY(read_one(tx, &audit_hold_reconciliation_sql, staged->id, staged->customer_id, &held));
    return db_each(
        tx, &audit_list_reconciled_ids_sql,
        PARAMS(db_i64(staged->customer_id), db_text(staged->id), db_i64(staged->ids)),
        COLUMNS(
            db_into_text("id", &reading.event.id),
            db_if_present(db_into_text("source", &reading.event.source), &reading.has_source),
            db_if_present(db_into_text("quantity", &reading.quantity), &reading.event.has_quantity),
            db_if_present(db_into_instant("event_time", &reading.event.time),
                          &reading.event.has_time)),
        take_id, &reading);
}

struct naming {
    struct arena *arena;
    struct claimed_event *next;
    str id;
    str source;
};

static result take_name(void *context)
{
    struct naming *naming = context;
    *naming->next++ = (struct claimed_event){.id = str_copy(naming->arena, naming->id),
                                             .source = str_copy(naming->arena, naming->source)};
    return OK;
}

result staged_name(struct db_tx *tx, struct arena *arena,
                   const struct staged_reconciliation *staged, const int64_t *places, size_t count,
                   struct claimed_event *named)
{
    struct naming naming = {.arena = arena, .next = named};
    return db_each(
        tx, &audit_name_reconciled_ids_sql,
        PARAMS(db_i64(staged->customer_id), db_text(staged->id), db_i64_array(places, count)),
        COLUMNS(db_into_text("id", &naming.id), db_into_text("source", &naming.source)), take_name,
        &naming);
}

result reconciliation_drop(struct db_tx *tx, str id, int64_t only_customer)
{
    struct staged_reconciliation staged = {0};
    TRY(read_one(tx, &audit_lock_reconciliation_sql, id, only_customer, &staged));
    return drop(tx, staged.customer_id, staged.id);
}
