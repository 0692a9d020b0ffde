// SPDX-License-Identifier: Apache-2.0
// The backfill's row is locked first, so what is looked up among its events cannot change before
// the transaction ends. The unique constraint remains the judge.
#include "stage.h"

#include "ingest.sql.h"
#include "phial/util/buf.h"

#include <assert.h>

static const char copy_staged_sql[] =
    "COPY staged_event (customer_id, backfill_id, number, identity, event_time, event) "
    "FROM STDIN (FORMAT BINARY)";

enum { ROW_BYTES = 160 }; // of a row in COPY's format, without the event

static str event_of(const struct append *append)
{
    assert(append->kind == ENTRY_usage && append->member_count == 1);
    return append->members[0].json;
}

// Whether the ledger does not know it, be it the first of its identity here or not.
static bool is_unstored(const struct append *append)
{
    return append->index == NO_INDEX;
}

static result lock_open(struct db_tx *tx, str id, int64_t *events)
{
    str status = {0};
    TRY(db_one(tx, &ingest_lock_backfill_sql, PARAMS(db_text(id)),
               COLUMNS(db_into_text("status", &status), db_into_i64("events", events))));
    return str_eq(status, STR("open")) ? OK : FAIL(BACKFILL_CLOSED, "");
}

struct staged_rows {
    struct append **asked;
    int64_t place; // from 1
    str event;
};

static result take_staged(void *context)
{
    struct staged_rows *rows = context;
    struct append *append = rows->asked[rows->place - 1];
    append->outcome = str_eq(event_of(append), rows->event) ? APPEND_DUPLICATE : APPEND_CONFLICT;
    append->first_is_new = false;
    return OK;
}

static result find_staged(struct db_tx *tx, const struct backfill *backfill, struct append *appends,
                          size_t count)
{
    struct arena *arena = db_arena(tx);
    str *identities = arena_array(arena, str, count);
    struct staged_rows rows = {.asked = arena_array(arena, struct append *, count)};
    size_t asked = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_unstored(&appends[i]))
            continue;
        identities[asked] = (str){(const char *)appends[i].identity.bytes, IDENTITY_BYTES};
        rows.asked[asked++] = &appends[i];
    }
    if (asked == 0)
        return OK;
    return db_each(tx, &ingest_find_staged_sql,
                   PARAMS(db_i64(backfill->customer_id), db_text(backfill->id),
                          db_bytes_array(identities, asked)),
                   COLUMNS(db_into_i64("place", &rows.place), db_into_bytes("event", &rows.event)),
                   take_staged, &rows);
}

static void print_row(struct buf *rows, const struct backfill *backfill, int64_t number,
                      const struct append *append)
{
    db_copy_row(rows, 6);
    db_copy_i64(rows, backfill->customer_id);
    db_copy_bytes(rows, backfill->id);
    db_copy_i64(rows, number);
    db_copy_bytes(rows, (str){(const char *)append->identity.bytes, IDENTITY_BYTES});
    db_copy_instant(rows, append->time);
    db_copy_bytes(rows, event_of(append));
}

// Numbered from `next` on in the order given.
static result copy_new(struct db_tx *tx, const struct backfill *backfill, int64_t next,
                       const struct append *appends, size_t count)
{
    size_t bytes = ROW_BYTES;
    for (size_t i = 0; i < count; i++)
        bytes += event_of(&appends[i]).len + ROW_BYTES;
    struct buf rows = {db_arena(tx), arena_array(db_arena(tx), char, bytes), 0, bytes};
    db_copy_begin(&rows);
    for (size_t i = 0; i < count; i++) {
        if (appends[i].outcome == APPEND_ACCEPTED)
            print_row(&rows, backfill, next++, &appends[i]);
    }
    db_copy_finish(&rows);
    TRY(db_copy(tx, copy_staged_sql, buf_str(&rows)));
    return db_exec(tx, &ingest_count_staged_sql, PARAMS(db_text(backfill->id), db_i64(next)));
}

result stage_events(struct db_tx *tx, const struct backfill *backfill, bool dry,
                    struct append *appends, size_t count)
{
    int64_t staged = 0;
    int64_t fresh = 0;
    TRY(lock_open(tx, backfill->id, &staged));
    TRY(ledger_probe(tx, appends, count));
    TRY(find_staged(tx, backfill, appends, count));
    for (size_t i = 0; i < count; i++)
        fresh += appends[i].outcome == APPEND_ACCEPTED;
    if (fresh > BACKFILL_EVENTS_MAX - staged)
        return FAIL(BACKFILL_FULL, "");
    return fresh == 0 || dry ? OK : copy_new(tx, backfill, staged, appends, count);
}
