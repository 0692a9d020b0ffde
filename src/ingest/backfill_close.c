// SPDX-License-Identifier: Apache-2.0
// The two ends of a backfill. Rows are locked in one order: the backfill, then its customer's head.
#include "backfill_row.h"
#include "ingest.sql.h"
#include "phial/ledger/removed.h"

#include <string.h>

enum { CHUNK = 10000 }; // a commit takes no more memory than the largest request

struct committing {
    const struct backfill *backfill;
    const struct change *change;
    int64_t next; // the number of the first event that is not appended yet
    struct append *entries;
    size_t count; // of the chunk
    int64_t outcomes[APPEND_CONFLICT + 1];
    struct arena *arena;
    // the row that is being read
    int64_t number;
    str identity;
    instant time;
    str event;
};

static result keep_row(void *context)
{
    struct committing *committing = context;
    struct append *entry = &committing->entries[committing->count++];
    *entry = (struct append){
        .customer_id = committing->backfill->customer_id,
        .customer = committing->backfill->customer,
        .kind = ENTRY_usage,
        .has_identity = true,
        .has_time = true,
        .time = committing->time,
        .members = {{"event", str_copy(committing->arena, committing->event)}},
        .member_count = 1,
    };
    if (committing->identity.len != IDENTITY_BYTES)
        return FAIL(INTERNAL, "a staged identity is malformed");
    memcpy(entry->identity.bytes, committing->identity.ptr, IDENTITY_BYTES);
    committing->next = committing->number + 1;
    return OK;
}

static result append_chunk(struct db_tx *tx, void *context)
{
    struct committing *committing = context;
    const struct backfill *backfill = committing->backfill;
    committing->arena = db_arena(tx);
    committing->entries = arena_array(committing->arena, struct append, CHUNK);
    committing->count = 0;
    TRY(db_each(tx, &ingest_list_staged_sql,
                PARAMS(db_i64(backfill->customer_id), db_text(backfill->id),
                       db_i64(committing->next), db_i64(CHUNK)),
                COLUMNS(db_into_i64("number", &committing->number),
                        db_into_bytes("identity", &committing->identity),
                        db_into_instant("event_time", &committing->time),
                        db_into_bytes("event", &committing->event)),
                keep_row, committing));
    TRY(ledger_append(tx, committing->change->now, committing->change->actor, committing->entries,
                      committing->count));
    for (size_t i = 0; i < committing->count; i++)
        committing->outcomes[committing->entries[i].outcome]++;
    return OK;
}

static result drop_staged(struct db_tx *tx, const struct backfill *backfill)
{
    return db_exec(tx, &ingest_drop_staged_sql,
                   PARAMS(db_i64(backfill->customer_id), db_text(backfill->id)));
}

static result commit_open(struct db_tx *tx, const struct backfill *backfill,
                          const struct change *change)
{
    struct committing committing = {.backfill = backfill, .change = change};
    struct head head = {0};
    if (backfill->customer_archived)
        return FAIL(CONFLICT, "The customer is archived.");
    TRY(ledger_head_lock(tx, backfill->customer_id, &head));
    TRY(ledger_check_unsealed(tx, backfill->customer_id, backfill->from));
    do
        TRY(db_scratch(tx, append_chunk, &committing));
    while (committing.count == CHUNK);
    TRY(drop_staged(tx, backfill));
    int64_t accepted = committing.outcomes[APPEND_ACCEPTED];
    return db_exec(tx, &ingest_commit_backfill_sql,
                   PARAMS(db_text(backfill->id), db_instant(change->now), db_text(change->actor),
                          db_text(change->reason), db_i64(accepted),
                          db_i64(committing.outcomes[APPEND_DUPLICATE]),
                          db_i64(committing.outcomes[APPEND_CONFLICT]), db_i64(head.size),
                          db_i64(head.size + accepted)));
}

static result abandon_open(struct db_tx *tx, const struct backfill *backfill,
                           const struct change *change)
{
    TRY(drop_staged(tx, backfill));
    return db_exec(tx, &ingest_abandon_backfill_sql,
                   PARAMS(db_text(backfill->id), db_instant(change->now), db_text(change->actor),
                          db_text(change->reason)));
}

result backfill_commit(struct db_tx *tx, str id, int64_t only_customer, const struct change *change,
                       struct backfill *backfill)
{
    struct backfill found = {0};
    TRY(backfill_lock(tx, id, only_customer, &found));
    if (str_eq(found.status, STR("abandoned")))
        return FAIL(BACKFILL_CLOSED, "The backfill was abandoned.");
    if (!found.is_closed)
        TRY(commit_open(tx, &found, change));
    return backfill_get(tx, id, only_customer, backfill);
}

result backfill_abandon(struct db_tx *tx, str id, int64_t only_customer,
                        const struct change *change, struct backfill *backfill)
{
    struct backfill found = {0};
    TRY(backfill_lock(tx, id, only_customer, &found));
    if (found.is_committed)
        return FAIL(BACKFILL_CLOSED, "The backfill was committed.");
    if (!found.is_closed)
        TRY(abandon_open(tx, &found, change));
    return backfill_get(tx, id, only_customer, backfill);
}
