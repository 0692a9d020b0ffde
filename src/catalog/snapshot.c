// SPDX-License-Identifier: Apache-2.0
// snapshot.c - a hash table that is read without a lock: an entry is whole before it is reachable.
#include "snapshot.h"

#include "phial/util/elapsed.h"

#include <stdatomic.h>
#include <stdlib.h>

// A thread that rests holds the snapshot of its last request: a larger one is not copied each time.
enum { ENTRIES_MAX = 200000, CARRIED_MAX = 20000, LIVES_FILLINGS = 10 };

struct cached {
    struct cached *next;
    enum cached_kind kind;
    int64_t number; // the customer, of a token key
    str name;
    const void *what;
};

struct snapshots {
    _Atomic size_t holders;
    pthread_mutex_t filling; // held by who makes the next
    pthread_mutex_t lock;    // of `latest` while it changes
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

void snapshot_each(const struct snapshot *snapshot, enum cached_kind kind,
                   void (*each)(void *context, int64_t number, str name, const void *what),
                   void *context)
{
    for (size_t i = 0; i < SNAPSHOT_BUCKETS; i++) {
        const struct cached *one =
            atomic_load_explicit(&snapshot->buckets[i], memory_order_acquire);
        for (; one != NULL; one = one->next) {
            if (one->kind == kind)
                each(context, one->number, one->name, one->what);
        }
    }
}

static struct snapshot *snapshot_new(int64_t revision)
{
    struct snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (snapshot == NULL || pthread_mutex_init(&snapshot->lock, NULL) != 0)
        abort();
    snapshot->revision = revision;
    snapshot->made_us = elapsed_us();
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
    if (shared == NULL || pthread_mutex_init(&shared->lock, NULL) != 0 ||
        pthread_mutex_init(&shared->filling, NULL) != 0)
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
    (void)pthread_mutex_destroy(&shared->filling);
    free(shared);
}

static struct snapshot *hold_latest(struct snapshots *shared)
{
    HOLD(&shared->lock);
    struct snapshot *latest = shared->latest;
    latest->holders++;
    return latest;
}

struct snapshot *snapshots_latest(struct snapshots *shared, struct snapshot *held)
{
    if (held == shared->latest) // held, so nothing else lies at its address
        return held;
    struct snapshot *latest = hold_latest(shared);
    snapshot_release(held);
    return latest;
}

static bool serves(const struct snapshot *snapshot, int64_t revision)
{
    return snapshot->revision == revision && snapshot->count <= ENTRIES_MAX;
}

static void put_latest(struct snapshots *shared, struct snapshot *next)
{
    struct snapshot *before = NULL;
    {
        HOLD(&shared->lock);
        before = shared->latest;
        shared->latest = next;
    }
    snapshot_release(before);
}

static bool is_worth_filling_from(const struct snapshot *before)
{
    return before->count <= CARRIED_MAX &&
           elapsed_us() - before->made_us >= before->filling_us * LIVES_FILLINGS;
}

// By who holds `filling`: nobody else puts another.
static result make_next(struct snapshots *shared, int64_t revision,
                        const struct snapshot_filling *filling)
{
    struct snapshot *next = snapshot_new(revision);
    result filled = OK;
    if (is_worth_filling_from(shared->latest)) {
        int64_t began_us = elapsed_us();
        filled = filling->fill(filling->context, shared->latest, next);
        next->made_us = elapsed_us();
        next->filling_us = next->made_us - began_us;
    }
    if (failed(filled))
        snapshot_release(next);
    else
        put_latest(shared, next);
    return filled;
}

result snapshots_at(struct snapshots *shared, struct snapshot **held, int64_t revision,
                    const struct snapshot_filling *filling)
{
    if (serves(*held, revision))
        return OK;
    HOLD(&shared->filling);
    if (!serves(shared->latest, revision))
        TRY(make_next(shared, revision, filling));
    *held = snapshots_latest(shared, *held);
    return OK;
}
