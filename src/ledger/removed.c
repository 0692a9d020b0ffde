// SPDX-License-Identifier: Apache-2.0
#include "phial/ledger/removed.h"

#include "ledger.sql.h"

#include <assert.h>
#include <string.h>

struct position_row {
    struct position position;
    int64_t kind;
    str hash;
    result (*row)(void *context, const struct position *position);
    void *context;
};

#define POSITION_COLUMNS(into)                                         \
    COLUMNS(db_into_i64("entry_index", &(into)->position.entry.index), \
            db_into_i64("kind", &(into)->kind),                        \
            db_into_bytes("leaf", &(into)->position.entry.leaf),       \
            db_into_bytes("leaf_hash", &(into)->hash),                 \
            db_into_instant("made_at", &(into)->position.made_at),     \
            db_into_i64("retention_index", &(into)->position.retention_index))

static result take(struct position_row *read)
{
    struct position *position = &read->position;
    assert(read->kind >= 0 && read->kind < ENTRY_KIND_COUNT);
    position->entry.kind = (enum entry_kind)read->kind;
    position->removed = position->entry.leaf.len == 0;
    if (!position->removed)
        return OK;
    if (read->hash.len != SHA256_BYTES)
        return FAIL(VERIFICATION_FAILED, "an entry has neither bytes nor a hash");
    memcpy(position->hash.bytes, read->hash.ptr, SHA256_BYTES);
    return OK;
}

static result hand_over(void *context)
{
    struct position_row *read = context;
    TRY(take(read));
    return read->row(read->context, &read->position);
}

sha256 position_hash(const struct position *position)
{
    return position->removed ? position->hash : merkle_leaf(position->entry.leaf);
}

result ledger_position(struct db_tx *tx, int64_t customer_id, int64_t index,
                       struct position *position)
{
    struct position_row read = {0};
    TRY(db_one(tx, &ledger_position_sql, PARAMS(db_i64(customer_id), db_i64(index)),
               POSITION_COLUMNS(&read)));
    TRY(take(&read));
    *position = read.position;
    return OK;
}

result ledger_each_position(struct db_tx *tx, int64_t customer_id, int64_t from, int64_t to,
                            result (*row)(void *context, const struct position *position),
                            void *context)
{
    struct position_row read = {.row = row, .context = context};
    return db_each(tx, &ledger_each_position_sql,
                   PARAMS(db_i64(customer_id), db_i64(from), db_i64(to)), POSITION_COLUMNS(&read),
                   hand_over, &read);
}

result ledger_last_removed(struct db_tx *tx, int64_t customer_id, int64_t below, int64_t *index)
{
    return db_one(tx, &ledger_last_removed_sql, PARAMS(db_i64(customer_id), db_i64(below)),
                  COLUMNS(db_into_i64("entry_index", index)));
}

result ledger_seal(struct db_tx *tx, int64_t customer_id, struct seal *seal)
{
    struct seal read = {.any = true};
    result found = db_one(tx, &ledger_seal_sql, PARAMS(db_i64(customer_id)),
                          COLUMNS(db_into_instant("before", &read.before)));
    *seal = (struct seal){0};
    if (found.code == ERR_NOT_FOUND)
        return OK;
    TRY(found);
    *seal = read;
    return OK;
}

result ledger_check_unsealed(struct db_tx *tx, int64_t customer_id, instant from)
{
    struct seal seal;
    TRY(ledger_seal(tx, customer_id, &seal));
    return seal.any && from.us < seal.before.us
               ? FAIL(ENTRY_REMOVED, "Retention has removed entries of that time.")
               : OK;
}

result ledger_remove(struct db_tx *tx, const struct removal *removal, int64_t *removed)
{
    return db_one(tx, &ledger_remove_sql,
                  PARAMS(db_i64(removal->customer_id),
                         db_i64_array(removal->events, removal->event_count),
                         db_i64(removal->said_at), db_instant(removal->before)),
                  COLUMNS(db_into_i64("removed", removed)));
}
