// SPDX-License-Identifier: Apache-2.0
// lanes.h - where admitted events wait for a writer, and what waits together commits together.
//
// A lane is a partition of the ledger. A writer takes the lane that has waited longest, and more of
// them while they hold little; nobody else writes from a lane that is taken, so writers seldom wait
// for each other's heads. Under load events of many requests share a commit; without load an event
// does not wait.
//
// Invariants: entries of one customer are written in the order of their hand-over; a submission is
// done when each of its entries is settled or has failed; done means committed.
#pragma once

#include "phial/ledger/ledger.h"

#include <stdatomic.h>

struct lanes;

struct lanes_options {
    struct db_options database;
    int writers;        // threads, each with a connection
    size_t waiting_max; // entries; who hands over more waits
};
result lanes_start(const struct lanes_options *options, struct lanes **lanes);
void lanes_stop(struct lanes *lanes); // writes what waits first

// Entries of one request. It, the entries and what they point to live until done() is called.
struct submission {
    struct append **entries; // each with its partition and its actor
    size_t count;            // at least 1
    int64_t revision;        // of the catalog that they were admitted under
    instant now;
    void (*done)(void *context); // once, on another thread
    void *context;
    // answers. CATALOG_CHANGED where the revision is another one now, DB_AWAY, ...: entries that
    // are not `settled` are not written, as far as anybody knows.
    result outcome;
    _Atomic size_t parcels_left;
};
// Where too much waits already it waits too, or without `may_wait` does nothing and answers false.
// The outcome is STOPPING once the lanes stop. Makes what it needs in the arena.
bool lanes_submit(struct lanes *lanes, struct arena *arena, bool may_wait,
                  struct submission *submission);

struct lanes_figures {
    uint64_t commits;  // transactions of writers
    uint64_t entries;  // handed to them
    uint64_t repeated; // transactions that met an identity they did not expect
    uint64_t waiting;  // entries, now
};
void lanes_figures_read(struct lanes *lanes, struct lanes_figures *figures);
