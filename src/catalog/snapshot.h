// SPDX-License-Identifier: Apache-2.0
// snapshot.h - what has been read of the catalog at one revision, for all threads that share it.
// What is read is added, and nothing is taken out before the last who holds the snapshot lets go.
#pragma once

#include "phial/catalog/catalog.h"
#include "phial/util/lock.h"

enum cached_kind {
    CACHED_API_KEY,
    CACHED_CROSSWALK_KEY,
    CACHED_CUSTOMER,
    CACHED_EVENT_TYPE,
    CACHED_TOKEN_KEY,
    CACHED_ZONE
};

// Codes of surrogates met lately; a new one takes the place of whichever stood at its own.
struct code_memory {
    struct code_slot *slots; // NULL before the first
};
void code_memory_free(struct code_memory *memory); // wiped

enum { SNAPSHOT_BUCKETS = 4096 };

struct cached;
struct snapshot {
    int64_t revision;   // 0 before the first refresh
    int64_t made_us;    // as elapsed_us
    int64_t filling_us; // what it took to take over what it began with
    _Atomic size_t holders;
    _Atomic(struct cached *) buckets[SNAPSHOT_BUCKETS];
    _Atomic size_t count;
    pthread_mutex_t lock; // held by who adds; of what follows
    struct arena arena;
    json_t *documents; // the declarations that event types borrow from
    struct code_memory codes;
};

// NULL when it is not there. Nobody has to hold the lock.
const void *snapshot_find(const struct snapshot *snapshot, enum cached_kind kind, int64_t number,
                          str name);
// Under the lock; `what` is in the snapshot's arena, and is not changed any more.
void snapshot_keep(struct snapshot *snapshot, enum cached_kind kind, int64_t number, str name,
                   const void *what);

// For what it has of the kind, in no order.
void snapshot_each(const struct snapshot *snapshot, enum cached_kind kind,
                   void (*each)(void *context, int64_t number, str name, const void *what),
                   void *context);

// Those who share: the snapshot that was taken last.
struct snapshots;
struct snapshots *snapshots_new(void);
void snapshots_hold(struct snapshots *shared);
void snapshots_release(struct snapshots *shared); // freed with the last

// The latest one; lets go of `held`, which may be NULL, where that is another.
struct snapshot *snapshots_latest(struct snapshots *shared, struct snapshot *held);
// *held becomes one at that revision. Where there is none, or it is full, a new one is filled with
// what of the one before still holds, while others wait for it; but for one that did not live ten
// times as long as its own filling took (where changes follow each other, a new one is made empty),
// or has more than 20,000 entries.
struct snapshot_filling {
    result (*fill)(void *context, const struct snapshot *before, struct snapshot *next);
    void *context;
};
result snapshots_at(struct snapshots *shared, struct snapshot **held, int64_t revision,
                    const struct snapshot_filling *filling);
void snapshot_release(struct snapshot *held);
