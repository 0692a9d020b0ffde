// SPDX-License-Identifier: Apache-2.0
#include "phial/ledger/publish.h"

#include <string.h>

struct turn {
    struct publication *publication;
    struct epoch epoch;
    int64_t entered;
    bool fresh;
};

static result enter(struct db_tx *tx, void *context)
{
    struct turn *turn = context;
    return heads_enter(tx, &turn->epoch, turn->publication->now, &turn->entered);
}

static result find_kept(struct db_tx *tx, void *context)
{
    struct turn *turn = context;
    struct publication *publication = turn->publication;
    turn->fresh = false;
    result found = heads_checkpoint_last(tx, turn->epoch.number, &publication->checkpoint);
    if (found.code == ERR_NOT_FOUND)
        return OK;
    TRY(found);
    int64_t age = publication->now.us - publication->checkpoint.at.us;
    turn->fresh = age >= 0 && age < publication->fresh_us;
    return OK;
}

// In a transaction of its own: what is signed is committed.
static result sign(struct db_tx *tx, void *context)
{
    const struct turn *turn = context;
    struct publication *publication = turn->publication;
    struct heads_checkpoint *checkpoint = &publication->checkpoint;
    struct head head;
    TRY(heads_head(tx, turn->epoch.number, &head));
    result kept = heads_checkpoint_last(tx, turn->epoch.number, checkpoint);
    if (kept.code != ERR_NOT_FOUND)
        TRY(kept);
    if (!failed(kept) && checkpoint->size == head.size)
        return OK;
    *checkpoint = (struct heads_checkpoint){.epoch = turn->epoch.number, .at = publication->now};
    TRY(signer_heads_checkpoint(publication->signer, tx, &checkpoint->note, &checkpoint->size));
    return heads_checkpoint_keep(tx, checkpoint);
}

result heads_publish(struct db *db, struct arena *arena, struct publication *publication)
{
    struct turn turn = {
        .publication = publication,
        .epoch = {signer_epoch(publication->signer), signer_server(publication->signer)}};
    TRY(db_transact(db, arena, find_kept, &turn));
    if (turn.fresh)
        return OK;
    do {
        struct arena scratch = {0};
        result entered = db_transact(db, &scratch, enter, &turn);
        if (failed(entered))
            entered.detail = error_info(entered.code)->meaning; // its own may lie in the arena
        arena_reset(&scratch);
        TRY(entered);
    } while (turn.entered == HEADS_A_TURN);
    return db_transact(db, arena, sign, &turn);
}
