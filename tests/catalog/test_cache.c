// SPDX-License-Identifier: Apache-2.0
#include "cache_parts.h"
#include "catalog_fixture.h"
#include "phial/catalog/cache.h"
#include "test_keyring.h"

#include <pthread.h>

static struct arena arena;

struct look {
    struct catalog_cache *cache;
    const struct cached_customer *customer;
    const struct event_type *type;
    const struct event_type *none;
};

static result look_up(struct db_tx *tx, void *context)
{
    struct look *look = context;
    TRY(cache_refresh(look->cache, tx));
    TRY(cache_customer(look->cache, tx, STR("clinic"), &look->customer));
    TRY(cache_event_type(look->cache, tx, STR("image.analyzed"), &look->type));
    return cache_event_type(look->cache, tx, STR("nothing"), &look->none);
}

static result archive_type(struct db_tx *tx, void *context)
{
    (void)context;
    struct change change = test_change();
    return catalog_archive(tx, CATALOG_EVENT_TYPE, STR("image.analyzed"), &change);
}

static result archive_customer(struct db_tx *tx, void *context)
{
    (void)context;
    struct change change = test_change();
    return customer_archive(tx, STR("clinic"), &change);
}

START_TEST(keeps_what_it_read_until_the_catalog_changes)
{
    struct db *db = test_database();
    put_example(db, &arena);
    struct look look = {.cache = cache_new(test_keyring())};
    ck_assert_ok(db_transact(db, &arena, look_up, &look));
    ck_assert_ptr_nonnull(look.customer);
    ck_assert_ptr_nonnull(look.type);
    ck_assert_ptr_null(look.none);
    const struct cached_customer *before = look.customer;
    ck_assert_ok(db_transact(db, &arena, look_up, &look));
    ck_assert_ptr_eq(look.customer, before);
    ck_assert_ptr_nonnull(event_type_property(look.type, STR("modality")));

    ck_assert_ok(db_transact(db, &arena, archive_type, NULL));
    ck_assert_ok(db_transact(db, &arena, look_up, &look));
    ck_assert_ptr_nonnull(look.customer);
    ck_assert_ptr_null(look.type);
    cache_free(look.cache);
    arena_reset(&arena);
    db_close(db);
}
END_TEST

struct key_keeping {
    struct catalog_cache *cache;
    str secret;
    sha256 hash;
    struct api_key key;
};

static result keep_key(struct db_tx *tx, void *context)
{
    struct key_keeping *ring = context;
    struct change change = test_change();
    TRY(key_create_admin(tx, STR("kept"), change.now, &ring->secret));
    ring->secret = str_copy(&arena, ring->secret);
    ring->hash = sha256_of(ring->secret);
    TRY(cache_refresh(ring->cache, tx));
    TRY(key_authenticate(tx, ring->secret, change.now, &ring->key));
    cache_keep_api_key(ring->cache, &ring->hash, &ring->key);
    cache_keep_api_key(ring->cache, &ring->hash, &ring->key); // known already
    return OK;
}

static result revoke_key(struct db_tx *tx, void *context)
{
    const struct key_keeping *ring = context;
    struct change change = test_change();
    return key_revoke(tx, ring->key.id, &change);
}

static result refresh(struct db_tx *tx, void *context)
{
    const struct key_keeping *ring = context;
    int64_t revision = 0;
    TRY(catalog_ask_revision(tx, &revision));
    TRY(cache_refresh(ring->cache, tx));
    ck_assert_int_eq(cache_revision(ring->cache), revision);
    return OK;
}

START_TEST(knows_a_key_until_it_is_revoked)
{
    struct db *db = test_database();
    struct key_keeping ring = {.cache = cache_new(test_keyring())};
    sha256 other = sha256_of(STR("phk_other"));
    ck_assert_int_eq(cache_revision(ring.cache), 0);
    ck_assert_ok(db_transact(db, &arena, keep_key, &ring));
    ck_assert_ok(db_transact(db, &arena, refresh, &ring));
    const struct api_key *known = cache_api_key(ring.cache, &ring.hash);
    ck_assert_ptr_nonnull(known);
    ck_assert(str_eq(known->id, ring.key.id));
    ck_assert_ptr_null(cache_api_key(ring.cache, &other));
    ck_assert_ok(db_transact(db, &arena, revoke_key, &ring));
    ck_assert_ok(db_transact(db, &arena, refresh, &ring));
    ck_assert_ptr_null(cache_api_key(ring.cache, &ring.hash));
    cache_free(ring.cache);
    arena_reset(&arena);
    db_close(db);
}
END_TEST

START_TEST(finds_what_another_has_read)
{
    struct db *db = test_database();
    put_example(db, &arena);
    struct look look = {.cache = cache_new(test_keyring())};
    struct catalog_cache *other = cache_share(look.cache);
    const struct cached_customer *customer = NULL;
    const struct event_type *type = NULL;
    ck_assert_ok(db_transact(db, &arena, look_up, &look));
    ck_assert_int_eq(cache_revision(other), 0);
    ck_assert(!cache_knows_customer(other, STR("clinic"), &customer));
    cache_catch_up(other);
    ck_assert_int_eq(cache_revision(other), cache_revision(look.cache));
    ck_assert(cache_knows_customer(other, STR("clinic"), &customer));
    ck_assert_ptr_eq(customer, look.customer);

    ck_assert_ok(db_transact(db, &arena, archive_type, NULL));
    ck_assert_ok(db_transact(db, &arena, look_up, &look));
    ck_assert(cache_knows_event_type(other, STR("image.analyzed"), &type)); // until it looks
    cache_catch_up(other);
    ck_assert_int_eq(cache_revision(other), cache_revision(look.cache));
    ck_assert(!cache_knows_event_type(other, STR("image.analyzed"), &type));
    ck_assert(cache_knows_customer(other, STR("clinic"), &customer));
    cache_free(look.cache);
    ck_assert(cache_knows_customer(other, STR("clinic"), &customer));
    cache_free(other);
    arena_reset(&arena);
    db_close(db);
}
END_TEST

enum { THREADS = 6, TURNS = 300 };

struct reader {
    pthread_t thread;
    struct db *db;
    struct catalog_cache *cache;
};

static result look_and_read(struct db_tx *tx, void *context)
{
    struct look look = {.cache = context};
    TRY(look_up(tx, &look));
    ck_assert(str_eq(look.customer->key, STR("clinic")));
    ck_assert_ptr_nonnull(event_type_property(look.type, STR("modality")));
    return OK;
}

static void *read_again_and_again(void *context)
{
    struct reader *reader = context;
    struct arena scratch = {0};
    for (int turn = 0; turn < TURNS; turn++) {
        ck_assert_ok(db_transact(reader->db, &scratch, look_and_read, reader->cache));
        cache_catch_up(reader->cache);
        arena_reset(&scratch);
    }
    return NULL;
}

// Looks the clinic up, has it changed, and looks again without asking for it.
static struct cached_customer after_change(struct db *db, result (*change)(struct db_tx *, void *),
                                           void *context)
{
    struct look look = {.cache = cache_new(test_keyring())};
    const struct cached_customer *after = NULL;
    ck_assert_ok(db_transact(db, &arena, look_up, &look));
    const struct cached_customer before = *look.customer;
    look.cache->snapshot->filling_us = 0; // however busy the machine was
    ck_assert_ok(db_transact(db, &arena, change, context));
    ck_assert_ok(db_transact(db, &arena, refresh_cache, look.cache));
    ck_assert(cache_knows_customer(look.cache, STR("clinic"), &after));
    struct cached_customer copy = {.archived = true};
    if (after != NULL) {
        copy = *after;
        ck_assert_int_eq(copy.id, before.id);
        ck_assert_uint_eq(copy.partition, before.partition);
        ck_assert_int_eq(zone_offset(copy.zone, NOW), 3600);
    }
    cache_free(look.cache);
    return copy;
}

START_TEST(knows_customers_as_a_change_left_them)
{
    struct db *db = test_database();
    put_example(db, &arena);
    struct ask ask = {.key = "clinic",
                      .document =
                          "{\"name\":\"C\",\"currency\":\"EUR\",\"time_zone\":\"Europe/Berlin\"}"};
    ask.precondition.if_match = STR("*");
    struct cached_customer moved = after_change(db, ask_put_customer, &ask);
    json_decref(ask.json);
    ck_assert_int_eq(moved.currency, CURRENCY_EUR);
    ck_assert(!moved.archived);
    ck_assert(after_change(db, archive_customer, NULL).archived);
    arena_reset(&arena);
    db_close(db);
}
END_TEST

// What one reads another may be letting go of.
START_TEST(is_shared_by_threads_while_the_catalog_changes)
{
    struct db *db = test_database();
    put_example(db, &arena);
    struct catalog_cache *first = cache_new(test_keyring());
    struct reader readers[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        readers[i] = (struct reader){.db = test_database(), .cache = cache_share(first)};
        ck_assert_int_eq(
            pthread_create(&readers[i].thread, NULL, read_again_and_again, &readers[i]), 0);
    }
    cache_free(first);
    for (int turn = 0; turn < TURNS / 10; turn++)
        ck_assert_ok(db_transact(db, &arena, forget_catalog, NULL));
    for (size_t i = 0; i < THREADS; i++) {
        (void)pthread_join(readers[i].thread, NULL);
        cache_free(readers[i].cache);
        db_close(readers[i].db);
    }
    arena_reset(&arena);
    db_close(db);
}
END_TEST

TEST_MAIN("cache", keeps_what_it_read_until_the_catalog_changes, knows_a_key_until_it_is_revoked,
          finds_what_another_has_read, knows_customers_as_a_change_left_them,
          is_shared_by_threads_while_the_catalog_changes)
