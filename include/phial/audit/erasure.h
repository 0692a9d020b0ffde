// SPDX-License-Identifier: Apache-2.0
// erasure.h - token keys and crosswalks are destroyed, and the customer's log says so.
//
// Invariants: once an erasure has committed no daemon makes a token by what it destroyed, and
// nothing that is stored later was made by it; what the log holds before the erasure's entry cannot
// be linked to anybody any more, and the log proves as before.
#pragma once

#include "phial/catalog/catalog.h"
#include "phial/json/json.h"

struct erased_key {
    str scope;         // "customer", "event" or a month
    bool is_crosswalk; // of surrogates
    int64_t generation;
    int64_t codes; // of a crosswalk
};

struct erasure {
    int64_t customer_id;
    str customer;
    str scope;    // "all", "customer", "event", "period"
    str period;   // "2026-11"; "" for every month
    bool replays; // one that the database has forgotten: no open backfill holds it up
    // answers
    int64_t index; // of the entry
    struct erased_key *keys;
    size_t key_count;
};
// The keys as the entry lists them; NULL when memory is short.
json_t *erasure_print_keys(const struct erasure *erasure);
// CONFLICT while an open backfill of the customer holds events: their tokens are not in the log
// yet. Where there is nothing to destroy the entry says that.
result erasure_run(struct db_tx *tx, struct erasure *erasure, const struct change *change);

// Destroys the keys of months that ended more than so many days ago, a customer's month in a
// transaction of its own. A customer with an open backfill waits.
result erasure_run_due(struct db *db, struct arena *arena, int64_t days, instant now,
                       int64_t *erased);
