// SPDX-License-Identifier: Apache-2.0
// scrub.h - the stored bytes of a log, hashed again piece by piece, against all that is said of
// them: the nodes kept, every head that was entered into the log of heads, the head.
#pragma once

#include "phial/ledger/ledger.h"

struct scrub {
    int64_t customer_id;
    bool whole;   // else what the log's last day brought
    int64_t size; // to be reached
    // so far
    struct merkle_range range;
    const char *fault; // NULL: none
    int64_t fault_index;
};

// Logs that are new are due in so many seconds: what has just been written is still growing.
result scrub_notice(struct db_tx *tx, int64_t due_s);
// Claims the log that was looked at the longest ago, for this daemon: one whose whole was not for
// `whole_s` seconds, or, where there is none, one that has grown since `since` and was not looked
// at for `recent_s`. NOT_FOUND when nothing is due of those that were noticed.
struct scrub_terms {
    int64_t whole_s;
    int64_t recent_s;
    instant since;
};
result scrub_claim(struct db_tx *tx, const struct scrub_terms *terms, struct scrub *scrub);
// Hashes at most `count` more leaves. Done once the size is reached, or something is wrong.
enum { SCRUB_LEAVES_MAX = 4096 };
result scrub_step(struct db_tx *tx, int64_t count, struct scrub *scrub);
static inline bool scrub_is_done(const struct scrub *scrub)
{
    return scrub->fault != NULL || (int64_t)scrub->range.size >= scrub->size;
}
result scrub_settle(struct db_tx *tx, const struct scrub *scrub);

struct scrub_state {
    int64_t unsound;  // logs
    int64_t oldest_s; // since the whole of every log was looked at
};
result scrub_state(struct db_tx *tx, struct scrub_state *state);
