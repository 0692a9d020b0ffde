// SPDX-License-Identifier: Apache-2.0
// snapshot.c - a hash table that is read without a lock: an entry is whole before it is reachable.
#include "snapshot.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { ENTRIES_MAX = 200000 };

struct cached {
    struct cached *next;
    enum cached_kind kind;
    int64_t number; // the customer, of a token key
    str name;
    const void *what;
};

struct snapshots {
    _Atomic size_t holders;
    pthread_mutex_t lock; // of `latest` while it changes
    _Atomic(struct snapshot *) latest;
};

static size_t bucket_of(enum cached_kind kind, int64_t number, str name)
{
    uint64_t hash = 14695981039346656037U ^ (uint64_t)kind ^ ((uint64_t)number << 8);
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (unsigned char)name.ptr[i]) * 1099511628211U;
    return (size_t)((hash ^ (hash >> 32)) % SNAPSHOT_BUCKETS);
}

const void *snapshot_find(const struct snapshot *snapshot, enum cached_kind kind, int64_t number,
                          str name)
{
    size_t bucket = bucket_of(kind, number, name);
    const struct cached *one =
        atomic_load_explicit(&snapshot->buckets[bucket], memory_order_acquire);
    while (one != NULL && (one->kind != kind || one->number != number || !str_eq(one->name, name)))
        one = one->next;
    return one == NULL ? NULL : one->what;
}

void snapshot_keep(struct snapshot *snapshot, enum cached_kind kind, int64_t number, str name,
                   const void *what)
{
    _Atomic(struct cached *) *bucket = &snapshot->buckets[bucket_of(kind, number, name)];
    struct cached *one = arena_new(&snapshot->arena, struct cached);
    *one =
        (struct cached){atomic_load(bucket), kind, number, str_copy(&snapshot->arena, name), what};
    atomic_store_explicit(bucket, one, memory_order_release);
    snapshot->count++;
}

static struct snapshot *snapshot_new(int64_t revision)
{
    struct snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (snapshot == NULL || pthread_mutex_init(&snapshot->lock, NULL) != 0)
        abort();
    snapshot->revision = revision;
    snapshot->holders = 1;
    return snapshot;
}

void snapshot_release(struct snapshot *held)
{
    if (held == NULL || --held->holders != 0)
        return;
    json_decref(held->documents);
    code_memory_free(&held->codes);
    arena_reset(&held->arena);
    (void)pthread_mutex_destroy(&held->lock);
    free(held);
}

struct snapshots *snapshots_new(void)
{
    struct snapshots *shared = calloc(1, sizeof *shared);
    if (shared == NULL || pthread_mutex_init(&shared->lock, NULL) != 0)
        abort();
    shared->holders = 1;
    shared->latest = snapshot_new(0);
    return shared;
}

void snapshots_hold(struct snapshots *shared)
{
    shared->holders++;
}

void snapshots_release(struct snapshots *shared)
{
    if (--shared->holders != 0)
        return;
    snapshot_release(shared->latest);
    (void)pthread_mutex_destroy(&shared->lock);
    free(shared);
}

// Under the lock.
static struct snapshot *hold_latest(struct snapshots *shared)
{
    struct snapshot *latest = shared->latest;
    latest->holders++;
    return latest;
}

struct snapshot *snapshots_latest(struct snapshots *shared, struct snapshot *held)
{
    if (held == shared->latest) // held, so nothing else lies at its address
        return held;
    struct snapshot *latest = NULL;
    {
        HOLD(&shared->lock);
        latest = hold_latest(shared);
    }
    snapshot_release(held);
    return latest;
}

static bool serves(const struct snapshot *snapshot, int64_t revision)
{
    return snapshot->revision == revision && snapshot->count <= ENTRIES_MAX;
}

struct snapshot *snapshots_at(struct snapshots *shared, struct snapshot *held, int64_t revision)
{
    if (held != NULL && serves(held, revision))
        return held;
    struct snapshot *taken = NULL;
    struct snapshot *replaced = NULL;
    {
        HOLD(&shared->lock);
        if (!serves(shared->latest, revision)) {
            replaced = shared->latest;
            shared->latest = snapshot_new(revision);
        }
        taken = hold_latest(shared);
    }
    snapshot_release(replaced);
    snapshot_release(held);
    return taken;
}
