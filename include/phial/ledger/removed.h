// SPDX-License-Identifier: Apache-2.0
// removed.h - entries of which retention has removed the body: their positions, identities and leaf
// hashes are there, so the log proves as before.
//
// Invariants: only usage, void and amend entries are removed, an event together with what was done
// to it; an entry of the same log says so; the database removes nothing younger than the shortest
// class, and nothing that is held.
#pragma once

#include "phial/ledger/ledger.h"

// A position of a log, with what is left there.
struct position {
    struct entry entry; // its leaf is "" when removed
    bool removed;
    sha256 hash;             // of a removed leaf
    instant made_at;         // what its `at` said
    int64_t retention_index; // of the entry that says so
};
sha256 position_hash(const struct position *position); // removed or not
result ledger_position(struct db_tx *tx, int64_t customer_id, int64_t index,
                       struct position *position);
result ledger_each_position(struct db_tx *tx, int64_t customer_id, int64_t from, int64_t to,
                            result (*row)(void *context, const struct position *position),
                            void *context);
// The last removed one below a position; NO_INDEX when there is none.
result ledger_last_removed(struct db_tx *tx, int64_t customer_id, int64_t below, int64_t *index);

// What lies before cannot be measured from entries any more.
struct seal {
    bool any;
    instant before;
};
result ledger_seal(struct db_tx *tx, int64_t customer_id, struct seal *seal);
// ENTRY_REMOVED for what begins before the seal.
result ledger_check_unsealed(struct db_tx *tx, int64_t customer_id, instant from);

// Removes the bodies of these events, and of what was done to them, and seals what lies before; the
// entry at said_at tells of it. The head is locked. DB_FAILED for what may not be removed.
struct removal {
    int64_t customer_id;
    const int64_t *events;
    size_t event_count;
    int64_t said_at;
    instant before;
};
result ledger_remove(struct db_tx *tx, const struct removal *removal, int64_t *removed);
