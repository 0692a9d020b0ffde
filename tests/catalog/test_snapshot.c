// SPDX-License-Identifier: Apache-2.0
// What threads share of the catalog, without a catalog.
#include "check_main.h"
#include "snapshot.h"

#include <pthread.h>
#include <time.h>

enum { FILLING_MS = 20, THREADS = 4, ENTRIES = 20000 };

static const int known = 1;

static struct snapshot *at(struct snapshots *shared, struct snapshot *held, int64_t revision,
                           const struct snapshot_filling *filling)
{
    ck_assert_ok(snapshots_at(shared, &held, revision, filling));
    ck_assert_int_eq(held->revision, revision);
    return held;
}

static void keep(struct snapshot *snapshot, const char *name)
{
    HOLD(&snapshot->lock);
    snapshot_keep(snapshot, CACHED_CUSTOMER, 0, str_from(name), &known);
}

static bool has(const struct snapshot *snapshot, const char *name)
{
    return snapshot_find(snapshot, CACHED_CUSTOMER, 0, str_from(name)) == &known;
}

static void sleep_ms(long ms)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static void carry(void *context, int64_t number, str name, const void *what)
{
    snapshot_keep(context, CACHED_CUSTOMER, number, name, what);
}

struct filled {
    int times;
    bool slowly;
    bool fails;
};

static result fill(void *context, const struct snapshot *before, struct snapshot *next)
{
    struct filled *filled = context;
    filled->times++;
    if (filled->fails)
        return FAIL(DB_AWAY, "");
    if (filled->slowly)
        sleep_ms(FILLING_MS);
    snapshot_each(before, CACHED_CUSTOMER, carry, next);
    return OK;
}

START_TEST(begins_with_what_the_one_before_knew)
{
    struct filled filled = {0};
    const struct snapshot_filling filling = {fill, &filled};
    struct snapshots *shared = snapshots_new();
    struct snapshot *held = snapshots_latest(shared, NULL);
    struct snapshot *other = snapshots_latest(shared, NULL);
    held = at(shared, held, 1, &filling);
    keep(held, "a");
    ck_assert_ptr_eq(at(shared, held, 1, &filling), held);
    ck_assert_int_eq(filled.times, 1);
    ck_assert_int_eq(other->revision, 0);
    ck_assert(!has(other, "a"));
    other = at(shared, other, 1, &filling);
    ck_assert_ptr_eq(other, held);
    ck_assert_int_eq(filled.times, 1);

    held->filling_us = 0; // however busy the machine was
    held = at(shared, held, 2, &filling);
    ck_assert_int_eq(filled.times, 2);
    ck_assert(has(held, "a") && has(other, "a"));
    keep(held, "b");
    ck_assert(!has(other, "b"));
    other = snapshots_latest(shared, other);
    ck_assert_ptr_eq(other, held);
    snapshot_release(held);
    snapshots_release(shared);
    ck_assert(has(other, "a") && has(other, "b")); // its last holder
    snapshot_release(other);
}
END_TEST

START_TEST(begins_empty_where_changes_follow_each_other)
{
    struct filled filled = {.slowly = true};
    const struct snapshot_filling filling = {fill, &filled};
    struct snapshots *shared = snapshots_new();
    struct snapshot *held = snapshots_latest(shared, NULL);
    keep(held, "a");
    held = at(shared, held, 1, &filling);
    ck_assert(has(held, "a"));
    ck_assert_int_eq(filled.times, 1);
    ck_assert_int_ge(held->filling_us, INT64_C(1000) * FILLING_MS);
    held->filling_us = INT64_C(3600) * 1000000;
    held = at(shared, held, 2, &filling);
    ck_assert_int_eq(filled.times, 1);
    ck_assert(!has(held, "a"));
    keep(held, "a");
    held = at(shared, held, 3, &filling); // an empty one was filled in no time
    ck_assert_int_eq(filled.times, 2);
    ck_assert(has(held, "a"));
    held->filling_us = 0;
    held = at(shared, held, 4, &filling);
    ck_assert_int_eq(filled.times, 3);
    ck_assert(has(held, "a"));
    snapshot_release(held);
    snapshots_release(shared);
}
END_TEST

static str name_of(char text[16], int number)
{
    int len = snprintf(text, 16, "c-%d", number);
    return (str){text, (size_t)len};
}

static void keep_many(struct snapshot *snapshot, int count)
{
    char text[16];
    HOLD(&snapshot->lock);
    for (int i = 0; i < count; i++)
        snapshot_keep(snapshot, CACHED_CUSTOMER, 0, name_of(text, i), &known);
}

START_TEST(begins_empty_after_one_that_is_large_or_full)
{
    struct filled filled = {0};
    const struct snapshot_filling filling = {fill, &filled};
    struct snapshots *shared = snapshots_new();
    struct snapshot *held = snapshots_latest(shared, NULL);
    keep_many(held, 20001);
    held = at(shared, held, 1, &filling);
    ck_assert_int_eq(filled.times, 0);
    ck_assert_uint_eq(held->count, 0);
    keep_many(held, 20000);
    held = at(shared, held, 2, &filling);
    ck_assert_int_eq(filled.times, 1);
    ck_assert_uint_eq(held->count, 20000);
    keep_many(held, 180001); // at the same revision
    held = at(shared, held, 2, &filling);
    ck_assert_int_eq(filled.times, 1);
    ck_assert_uint_eq(held->count, 0);
    snapshot_release(held);
    snapshots_release(shared);
}
END_TEST

START_TEST(stays_what_it_was_where_the_next_cannot_be_filled)
{
    struct filled filled = {.fails = true};
    const struct snapshot_filling filling = {fill, &filled};
    struct snapshots *shared = snapshots_new();
    struct snapshot *held = snapshots_latest(shared, NULL);
    keep(held, "a");
    ck_assert_fails(DB_AWAY, snapshots_at(shared, &held, 1, &filling));
    ck_assert_int_eq(held->revision, 0);
    ck_assert(has(held, "a"));
    filled.fails = false;
    held = at(shared, held, 1, &filling);
    ck_assert(has(held, "a"));
    snapshot_release(held);
    snapshots_release(shared);
}
END_TEST

struct adder {
    pthread_t thread;
    struct snapshot *snapshot;
    int first;
};

static void *add(void *context)
{
    const struct adder *adder = context;
    char text[16];
    for (int i = adder->first; i < ENTRIES; i += THREADS) {
        HOLD(&adder->snapshot->lock);
        snapshot_keep(adder->snapshot, CACHED_CUSTOMER, 0, name_of(text, i), &known);
    }
    return NULL;
}

START_TEST(is_read_while_others_add)
{
    struct snapshots *shared = snapshots_new();
    struct adder adders[THREADS];
    struct snapshot *held = snapshots_latest(shared, NULL);
    char text[16];
    for (int i = 0; i < THREADS; i++) {
        adders[i] = (struct adder){.snapshot = held, .first = i};
        ck_assert_int_eq(pthread_create(&adders[i].thread, NULL, add, &adders[i]), 0);
    }
    for (int found = 0; found < ENTRIES;)
        found += snapshot_find(held, CACHED_CUSTOMER, 0, name_of(text, found)) != NULL;
    for (int i = 0; i < THREADS; i++)
        (void)pthread_join(adders[i].thread, NULL);
    ck_assert_uint_eq(held->count, ENTRIES);
    ck_assert_ptr_null(snapshot_find(held, CACHED_CUSTOMER, 1, STR("c-1")));
    ck_assert_ptr_null(snapshot_find(held, CACHED_ZONE, 0, STR("c-1")));
    snapshot_release(held);
    snapshots_release(shared);
}
END_TEST

TEST_MAIN("snapshot", begins_with_what_the_one_before_knew,
          begins_empty_where_changes_follow_each_other,
          begins_empty_after_one_that_is_large_or_full,
          stays_what_it_was_where_the_next_cannot_be_filled, is_read_while_others_add)
