// SPDX-License-Identifier: Apache-2.0
// heads.h - the log of all customers' heads: whoever holds one of its checkpoints holds them all.
//
// A leaf is the canonical JSON of {"origin", "root", "size"} of a customer's log; or the {"key":
// ...} of a change of keys or epochs, as it stands in every customer's log. What changed is found
// by looking, not by those who write: it costs ingest nothing. Each epoch has a log of its own.
#pragma once

#include "phial/ledger/ledger.h"

// Under which name the installation signs: the configured one until an epoch is begun.
struct epoch {
    int64_t number; // from 1 on
    str server;
};
result epoch_read(struct db_tx *tx, str name, struct epoch *epoch);

// Enters every head that has changed since it was entered last; in the order of customers, at most
// HEADS_A_TURN of them. HEAD_REFUSED where a log is shorter than what was entered of it.
enum { HEADS_A_TURN = 2000 };
result heads_enter(struct db_tx *tx, const struct epoch *epoch, instant now, int64_t *entered);
// Leaves that name no customer.
result heads_append_leaf(struct db_tx *tx, const struct epoch *epoch, instant now, str leaf);

result heads_head(struct db_tx *tx, int64_t epoch, struct head *head); // size 0 before the first
result heads_root(struct db_tx *tx, int64_t epoch, int64_t size, sha256 *root);
result heads_inclusion(struct db_tx *tx, int64_t epoch, int64_t index, int64_t size,
                       struct merkle_proof *proof);
result heads_consistency(struct db_tx *tx, int64_t epoch, int64_t from, int64_t to,
                         struct merkle_proof *proof);

struct heads_leaf {
    int64_t index;
    str leaf;
};
result heads_leaf(struct db_tx *tx, int64_t epoch, int64_t index, struct heads_leaf *leaf);
// The last one of a customer below `size`; NOT_FOUND.
result heads_latest(struct db_tx *tx, int64_t epoch, int64_t customer_id, int64_t size,
                    struct heads_leaf *leaf);
result heads_each(struct db_tx *tx, int64_t epoch, int64_t from, int64_t to,
                  result (*row)(void *context, const struct heads_leaf *leaf), void *context);

// What was published of the log, and what others said of it.
struct heads_checkpoint {
    int64_t epoch;
    int64_t size;
    str note; // as signed
    instant at;
};
result heads_checkpoint_keep(struct db_tx *tx, const struct heads_checkpoint *checkpoint);
// The last one, with its cosignatures' lines in the note; NOT_FOUND.
result heads_checkpoint_last(struct db_tx *tx, int64_t epoch, struct heads_checkpoint *checkpoint);
result heads_cosigned(struct db_tx *tx, const struct heads_checkpoint *checkpoint, str witness,
                      str line);
result heads_stamped(struct db_tx *tx, const struct heads_checkpoint *checkpoint, str reply);
result heads_timestamp(struct db_tx *tx, int64_t epoch, int64_t size, str *reply); // NOT_FOUND
// Those beyond a size, in order, at most 1000.
result heads_each_checkpoint(struct db_tx *tx, int64_t epoch, int64_t beyond,
                             result (*row)(void *context,
                                           const struct heads_checkpoint *checkpoint),
                             void *context);
// The largest size that the witness has cosigned; 0 for none.
result heads_witnessed(struct db_tx *tx, int64_t epoch, str witness, int64_t *size);
result heads_last_timestamp(struct db_tx *tx, bool *present, instant *at);
