// SPDX-License-Identifier: Apache-2.0
#include "phial/audit/holds.h"

#include "append.h"
#include "audit.sql.h"
#include "phial/crypto/crypto.h"
#include "phial/util/array.h"

#include <string.h>

static struct db_columns columns_of(struct arena *arena, struct hold *into)
{
    const db_column columns[] = {
        db_into_text("hold_id", &into->id),
        db_into_i64("customer_id", &into->customer_id),
        db_into_text("customer", &into->customer),
        db_into_text("event_types", &into->event_types),
        db_if_present(db_into_instant("from_time", &into->from), &into->has_from),
        db_if_present(db_into_instant("to_time", &into->to), &into->has_to),
        db_into_text("matter", &into->matter),
        db_into_i64("made_index", &into->made_index),
        db_into_instant("created_at", &into->created_at),
        db_into_text("created_by", &into->created_by),
        db_into_text("reason", &into->reason),
        db_if_present(db_into_i64("released_index", &into->released_index), &into->released),
        db_if_present(db_into_instant("released_at", &into->released_at), &into->released),
        db_into_text("released_by", &into->released_by),
        db_into_text("release_reason", &into->release_reason),
    };
    db_column *kept = arena_array(arena, db_column, COUNT_OF(columns));
    memcpy(kept, columns, sizeof columns);
    return (struct db_columns){kept, (int)COUNT_OF(columns)};
}

static json_t *instant_or_none(struct arena *arena, bool has, instant at)
{
    return has ? json_from_str(instant_print_canonical(arena, at)) : NULL;
}

static result print_hold(struct arena *arena, const struct hold *hold, str reason, json_t **member)
{
    json_t *types = NULL;
    TRY(json_parse(hold->event_types, &types));
    *member = json_pack("{s:s, s:o, s:o, s:o*, s:o*, s:o, s:o}", "action", "hold", "hold",
                        json_from_str(hold->id), "event_types", types, "from",
                        instant_or_none(arena, hold->has_from, hold->from), "to",
                        instant_or_none(arena, hold->has_to, hold->to), "matter",
                        json_from_str(hold->matter), "reason", json_from_str(reason));
    return OK;
}

result hold_create(struct db_tx *tx, const struct hold *wanted, const struct change *change,
                   struct hold *made)
{
    struct arena *arena = db_arena(tx);
    struct hold hold = *wanted;
    OWNED(json_release) json_t *member = NULL;
    hold.id = crypto_id(arena);
    TRY(print_hold(arena, &hold, change->reason, &member));
    struct document_entry entry = {hold.customer_id, hold.customer, ENTRY_retention, member};
    TRY(document_append(tx, &entry, change, &hold.made_index));
    TRY(db_exec(tx, &audit_insert_hold_sql,
                PARAMS(db_text(hold.id), db_i64(hold.customer_id), db_text(hold.event_types),
                       hold.has_from ? db_instant(hold.from) : db_null(),
                       hold.has_to ? db_instant(hold.to) : db_null(), db_text(hold.matter),
                       db_i64(hold.made_index), db_instant(change->now), db_text(change->actor),
                       db_text(change->reason))));
    return hold_get(tx, hold.id, made);
}

result hold_get(struct db_tx *tx, str id, struct hold *hold)
{
    struct hold read = {0};
    if (!crypto_is_id(id))
        return FAIL(NOT_FOUND, "No such resource.");
    TRY(db_one(tx, &audit_find_hold_sql, PARAMS(db_text(id)), columns_of(db_arena(tx), &read)));
    *hold = read;
    return OK;
}

// The head is locked first: whoever removes holds it.
result hold_release(struct db_tx *tx, str id, const struct change *change, struct hold *hold)
{
    struct head head;
    int64_t index = 0;
    TRY(hold_get(tx, id, hold));
    TRY(ledger_head_lock(tx, hold->customer_id, &head));
    TRY(hold_get(tx, id, hold));
    if (hold->released)
        return FAIL(CONFLICT, "The hold has been released.");
    OWNED(json_release)
    json_t *member = json_pack("{s:s, s:o, s:o}", "action", "release", "hold", json_from_str(id),
                               "reason", json_from_str(change->reason));
    struct document_entry entry = {hold->customer_id, hold->customer, ENTRY_retention, member};
    TRY(document_append(tx, &entry, change, &index));
    TRY(db_exec(tx, &audit_release_hold_sql,
                PARAMS(db_text(id), db_i64(index), db_instant(change->now), db_text(change->actor),
                       db_text(change->reason))));
    return hold_get(tx, id, hold);
}

struct listing {
    struct hold hold;
    result (*row)(void *context, const struct hold *hold);
    void *context;
};

static result hand_over(void *context)
{
    struct listing *listing = context;
    return listing->row(listing->context, &listing->hold);
}

result hold_each(struct db_tx *tx, const struct hold_filter *filter,
                 result (*row)(void *context, const struct hold *hold), void *context)
{
    struct listing listing = {.row = row, .context = context};
    return db_each(tx, &audit_list_holds_sql,
                   PARAMS(db_i64(filter->customer_id), db_bool(filter->active),
                          db_text(filter->after), db_i64(filter->limit)),
                   columns_of(db_arena(tx), &listing.hold), hand_over, &listing);
}
