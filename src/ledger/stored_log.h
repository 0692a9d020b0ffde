// SPDX-License-Identifier: Apache-2.0
// stored_log.h - an RFC 6962 log in the database: a customer's, or that of all heads. Roots and
// proofs at any size up to the head's.
#pragma once

#include "phial/ledger/ledger.h"

// A row of `leaves`, below.
struct stored_leaf {
    int64_t index;
    str bytes;
    str hash; // in place of bytes that are not there any more; "" else
};
#define STORED_LEAF_COLUMNS(leaf)                                                              \
    COLUMNS(db_into_i64("entry_index", &(leaf)->index), db_into_bytes("leaf", &(leaf)->bytes), \
            db_into_bytes("leaf_hash", &(leaf)->hash))
sha256 stored_leaf_hash(const struct stored_leaf *leaf);

struct stored_log {
    int64_t id;                   // $1 of each
    const struct db_stmt *head;   // size, nodes, last_at
    const struct db_stmt *leaves; // entry_index, leaf and leaf_hash of [$2, $3), in order
    const struct db_stmt *nodes;  // number and hash of the level $2, of [$3, $4), in order
};

struct stored_log customer_log(int64_t customer_id);
struct stored_log heads_stored_log(int64_t epoch);

result stored_log_head(struct db_tx *tx, const struct stored_log *log, struct head *head);
result stored_log_root(struct db_tx *tx, const struct stored_log *log, int64_t size, sha256 *root);
// The compact range over the first `size` leaves.
result stored_log_range(struct db_tx *tx, const struct stored_log *log, int64_t size,
                        struct merkle_range *range);
// Reads the leaves that follow the range, up to `to`, and hashes them into it.
// VERIFICATION_FAILED where one is missing.
result stored_log_rehash(struct db_tx *tx, const struct stored_log *log, int64_t to,
                         struct merkle_range *range);
// INVALID for sizes and indexes that the log does not have.
result stored_log_inclusion(struct db_tx *tx, const struct stored_log *log, int64_t index,
                            int64_t size, struct merkle_proof *proof);
result stored_log_consistency(struct db_tx *tx, const struct stored_log *log, int64_t from,
                              int64_t to, struct merkle_proof *proof);

// The subtree hashes of a log, for what merkle makes of them; what was read is kept.
struct tree {
    struct db_tx *tx;
    const struct stored_log *log;
    struct block *blocks;
};
result tree_subtree_hash(void *context, struct merkle_subtree subtree, sha256 *hash);
