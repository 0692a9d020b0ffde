// SPDX-License-Identifier: Apache-2.0
// batch.h - the entries handed to the writer, sorted into the logs they go to, with entries of the
// same identity linked to the first of them.
#pragma once

#include "phial/ledger/ledger.h"

enum { NO_SLOT = -1 };

struct slot {
    struct append *entry;
    ptrdiff_t next_twin; // the next slot of the same identity, NO_SLOT at the last
    bool is_twin;        // an earlier slot has the identity
    bool is_stored;      // the identity is in the log already
};

// The entries of one customer: slots [begin, end).
struct part {
    int64_t customer_id;
    size_t begin;
    size_t end;
    int64_t size; // of the log before
    str nodes;
    instant at; // of the new entries
};

struct batch {
    struct arena *arena;
    struct slot *slots; // by customer, then in the order given
    size_t count;
    struct part *parts;
    size_t part_count;
    size_t identity_count; // different identities
    size_t suspect_count;  // of these, those to be looked up before
    bool has_void;
};

void batch_plan(struct batch *batch, struct arena *arena, struct append *const *entries,
                size_t count);
// Every identity is to be looked up.
void batch_suspect_all(struct batch *batch);
// What batch and log know about an identity decides over all its slots.
void batch_settle_stored(struct batch *batch, size_t first, int64_t index, str event);
// The same for one whose body is removed: whatever is said of it now is a duplicate.
void batch_settle_removed(struct batch *batch, size_t first, int64_t index);
void batch_settle_twins(struct batch *batch); // those of the entries that were accepted

static inline bool slot_is_new(const struct slot *slot)
{
    return !slot->is_twin && !slot->is_stored;
}
