// SPDX-License-Identifier: Apache-2.0
// sums.h - usage folded from the ledger, and answered from what is folded and the entries behind.
//
// Invariants: sums and the position up to which the log is folded change in one transaction, under
// the lock of the customer's mark; whatever is answered is exact at the log's size; nothing but the
// entries is needed to make all of it again.
#pragma once

#include "phial/db/db.h"

// Folds every log that has grown, one customer and at most 50,000 entries a transaction, and at
// most four of these a customer, until none is left or goes_on() says no. Any number of daemons may
// do so at once.
struct sums_run {
    bool (*goes_on)(void *context);
    void *context;
    int64_t least;   // entries that a log must have grown by; a new metric is folded in any case
    int64_t entries; // an answer: folded by this run, once for each set of metrics
};
// A failure names the first customer whose log could not be folded, in the arena.
result sums_fold(struct db *db, struct arena *arena, struct sums_run *run);

// How far a version of a metric is folded.
struct sums_progress {
    int64_t customers; // with a log
    int64_t customers_folded;
    int64_t entries;
    int64_t entries_folded;
};
result sums_progress(struct db_tx *tx, str metric, int64_t version, struct sums_progress *progress);

// A quarter of an hour of some customers, at random, counted again from the entries.
struct sums_sample {
    int64_t customers; // at most 100
    void (*differs)(void *context, str subject);
    void *context;
    int64_t compared; // an answer
};
result sums_check(struct db *db, struct arena *arena, struct sums_sample *sample);
