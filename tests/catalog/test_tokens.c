// SPDX-License-Identifier: Apache-2.0
// Keys of tokens, codes of surrogates and the master keys that wrap both, in a real database.
#include "cache_parts.h"
#include "catalog.sql.h"
#include "catalog_fixture.h"
#include "phial/catalog/idempotency.h"
#include "phial/catalog/tokens.h"
#include "test_keyring.h"
#include "token_keys.h"

static struct arena arena;

static int64_t example_customer(struct db *db)
{
    static int64_t id = 0;
    if (id != 0)
        return id;
    put_example(db, &arena);
    struct ask ask = {.key = "tokens",
                      .document = "{\"name\":\"C\",\"currency\":\"USD\",\"time_zone\":\"UTC\"}"};
    ck_assert_ok(ask_for(db, &arena, ask_put_customer, &ask));
    id = ask.customer.id;
    return id;
}

static sha256 mac_by(const struct token_key *key)
{
    struct sha256_state state;
    hmac_start(&key->hmac, &state);
    return hmac_end(&key->hmac, &state);
}

static sha256 mac_of(struct catalog_cache *cache, struct db *db, const struct token_use *use)
{
    const struct token_key *key = NULL;
    ck_assert_ok(cache_token_key(cache, db, use, &key));
    return mac_by(key);
}

// A statement of this test's, by a name of its own.
#define SQL(text) (&(struct db_stmt){STRINGIFY(__LINE__), (text), 0})

static result run(struct db_tx *tx, void *context)
{
    const struct db_stmt *stmt = context;
    return db_exec(tx, stmt, NO_PARAMS);
}

// What the daemon's role may not do.
static void as_owner(struct db_stmt *stmt)
{
    struct db *db = db_open(&(struct db_options){.url = test_database_url()});
    ck_assert_ok(db_transact(db, &arena, run, stmt));
    db_close(db);
}

struct counting {
    const struct db_stmt *stmt;
    int64_t count;
};

static result run_count(struct db_tx *tx, void *context)
{
    struct counting *counting = context;
    return db_one(tx, counting->stmt, NO_PARAMS, COLUMNS(db_into_i64("count", &counting->count)));
}

static int64_t count(struct db *db, const struct db_stmt *stmt)
{
    struct counting counting = {stmt, -1};
    ck_assert_ok(db_transact(db, &arena, run_count, &counting));
    return counting.count;
}

START_TEST(gives_every_cache_the_same_key_and_every_scope_another)
{
    struct db *db = test_database();
    int64_t customer = example_customer(db);
    const struct token_use uses[] = {{customer, STR("2026-11"), false},
                                     {customer, STR("2026-12"), false},
                                     {customer, STR("customer"), false},
                                     {customer, STR("event"), false},
                                     {customer, STR("customer"), true}};
    struct catalog_cache *caches[] = {cache_new(test_keyring()), cache_new(test_keyring())};
    sha256 macs[COUNT_OF(uses)];
    for (size_t i = 0; i < COUNT_OF(uses); i++) {
        macs[i] = mac_of(caches[0], db, &uses[i]);
        sha256 again = mac_of(caches[1], db, &uses[i]);
        ck_assert(sha256_eq(&macs[i], &again));
        for (size_t k = 0; k < i; k++)
            ck_assert(!sha256_eq(&macs[i], &macs[k]));
    }
    cache_free(caches[0]);
    cache_free(caches[1]);
    arena_reset(&arena);
    db_close(db);
}
END_TEST

START_TEST(follows_a_destroyed_key_by_another_one)
{
    struct db *db = test_database();
    const struct token_use use = {example_customer(db), STR("2025-01"), false};
    const struct token_key *key = NULL;
    struct catalog_cache *cache = cache_new(test_keyring());
    sha256 before = mac_of(cache, db, &use);
    ck_assert_ok(db_transact(db, &arena, run,
                             SQL("UPDATE token_key SET sealed = NULL WHERE scope = '2025-01'")));
    sha256 kept = mac_of(cache, db, &use); // until the revision moves
    ck_assert(sha256_eq(&before, &kept));
    cache_free(cache);
    cache = cache_new(test_keyring());
    ck_assert_ok(cache_token_key(cache, db, &use, &key));
    sha256 after = mac_by(key);
    ck_assert(!sha256_eq(&before, &after));
    ck_assert_int_eq(key->generation, 2);
    cache_free(cache);
    arena_reset(&arena);
    db_close(db);
}
END_TEST

// Without a connection nothing is found but what is kept.
static bool keeps(struct catalog_cache *cache, const struct token_use *use)
{
    const struct token_key *key = NULL;
    result found = cache_token_key(cache, NULL, use, &key);
    ck_assert(!failed(found) || found.code == ERR_WOULD_BLOCK);
    return !failed(found);
}

START_TEST(keeps_the_keys_that_a_change_leaves_as_they_were)
{
    struct db *db = test_database();
    int64_t customer = example_customer(db);
    const struct token_use stays = {customer, STR("2022-01"), false};
    const struct token_use finds = {customer, STR("2022-01"), true};
    const struct token_use destroyed = {customer, STR("2022-02"), false};
    const struct token_use replaced = {customer, STR("2022-03"), false};
    struct catalog_cache *cache = cache_new(test_keyring());
    ck_assert_ok(db_transact(db, &arena, refresh_cache, cache));
    sha256 before = mac_of(cache, db, &stays);
    (void)mac_of(cache, db, &finds);
    (void)mac_of(cache, db, &destroyed);
    (void)mac_of(cache, db, &replaced);
    ck_assert(keeps(cache, &stays) && keeps(cache, &finds) && keeps(cache, &destroyed));
    ck_assert_ok(db_transact(
        db, &arena, run,
        SQL("UPDATE token_key SET sealed = NULL WHERE scope IN ('2022-02', '2022-03')")));
    struct catalog_cache *elsewhere = cache_new(test_keyring());
    (void)mac_of(elsewhere, db, &replaced);
    cache_free(elsewhere);

    cache->snapshot->filling_us = 0; // however busy the machine was
    ck_assert_ok(db_transact(db, &arena, forget_catalog, NULL));
    ck_assert_ok(db_transact(db, &arena, refresh_cache, cache));
    ck_assert(keeps(cache, &stays) && keeps(cache, &finds));
    ck_assert(!keeps(cache, &destroyed));
    ck_assert(!keeps(cache, &replaced));
    sha256 after = mac_of(cache, NULL, &stays);
    ck_assert(sha256_eq(&before, &after));
    (void)mac_of(cache, db, &destroyed); // as the tests beside it expect
    cache_free(cache);
    arena_reset(&arena);
    db_close(db);
}
END_TEST

static struct token_code code_of(int64_t customer, int64_t generation, const char *value)
{
    return (struct token_code){.customer_id = customer,
                               .scope = STR("customer"),
                               .generation = generation,
                               .mac = sha256_of(str_from(value))};
}

static result find_codes(struct catalog_cache *cache, struct db *db, struct token_code *codes,
                         size_t code_count)
{
    return cache_find_codes(cache, db, &arena, &(struct token_codes){codes, code_count, false});
}

START_TEST(finds_or_makes_many_codes_at_once)
{
    enum { COUNT = 6000 }; // more than a statement takes
    struct db *db = test_database();
    int64_t customer = example_customer(db);
    struct catalog_cache *cache = cache_new(test_keyring());
    struct token_use use = {customer, STR("customer"), true};
    (void)mac_of(cache, db, &use);
    struct token_code *codes = arena_array(&arena, struct token_code, COUNT);
    for (int i = 0; i < COUNT; i++) // every value twice
        codes[i] = code_of(customer, 1, str_printf(&arena, "value %d", i / 2).ptr);
    ck_assert(!cache_knows_code(cache, &arena, &codes[0]));
    ck_assert_ok(find_codes(cache, db, codes, COUNT));
    for (int i = 0; i < COUNT; i += 2) {
        ck_assert(str_eq(codes[i].digits, codes[i + 1].digits));
        ck_assert(i == 0 || !str_eq(codes[i].digits, codes[i - 1].digits));
    }
    ck_assert_int_eq(count(db, SQL("SELECT count(*) FROM token_code")), COUNT / 2);

    struct token_code again = code_of(customer, 1, "value 2999");
    ck_assert(cache_knows_code(cache, &arena, &again));
    ck_assert(str_eq(again.digits, codes[COUNT - 1].digits));
    struct catalog_cache *other = cache_new(test_keyring());
    ck_assert(!cache_knows_code(other, &arena, &again));
    again.digits = STR("");
    ck_assert_ok(find_codes(other, db, &again, 1));
    ck_assert(str_eq(again.digits, codes[COUNT - 1].digits));
    // Nothing is stored for who only asks what would be.
    struct token_code unknown = code_of(customer, 1, "nobody's");
    struct token_codes dry = {&unknown, 1, true};
    ck_assert_ok(cache_find_codes(other, db, &arena, &dry));
    ck_assert_uint_eq(unknown.digits.len, 26);
    ck_assert(!cache_knows_code(other, &arena, &unknown));
    ck_assert_int_eq(count(db, SQL("SELECT count(*) FROM token_code")), COUNT / 2);
    cache_free(other);
    cache_free(cache);
    arena_reset(&arena);
    db_close(db);
}
END_TEST

START_TEST(makes_no_code_for_a_key_that_was_destroyed)
{
    struct db *db = test_database();
    int64_t customer = example_customer(db);
    struct catalog_cache *cache = cache_new(test_keyring());
    struct token_code code = code_of(customer, 7, "of another generation");
    int64_t before = count(db, SQL("SELECT count(*) FROM token_code"));
    ck_assert_fails(CATALOG_CHANGED, find_codes(cache, db, &code, 1));
    ck_assert_int_eq(count(db, SQL("SELECT count(*) FROM token_code")), before);
    cache_free(cache);
    arena_reset(&arena);
    db_close(db);
}
END_TEST

static result keep_answer(struct db_tx *tx, void *context)
{
    bool found = false;
    struct kept_answer answer = {201, STR("text/plain"), STR("secret"), STR("")};
    struct idempotency *what = context;
    TRY(idempotency_begin(tx, what, &found, &answer));
    if (found)
        return str_eq(answer.body, STR("secret")) ? OK : FAIL(INTERNAL, "another answer");
    return idempotency_keep(tx, what, &answer);
}

static void rewrap_all(struct db *db, const struct keyring *ring)
{
    int64_t some = 1;
    while (some != 0)
        ck_assert_ok(master_key_rewrap(db, &arena, ring, &some));
}

START_TEST(a_master_key_gives_way_to_another)
{
    struct db *db = test_database();
    const struct token_use use = {example_customer(db), STR("2024-01"), false};
    struct keyring one = keyring_of(MASTER_KEY_ONE, NULL);
    struct keyring two = keyring_of(MASTER_KEY_TWO, NULL);
    struct keyring both = keyring_of(MASTER_KEY_TWO, MASTER_KEY_ONE);
    struct keyring waits = keyring_of(MASTER_KEY_ONE, MASTER_KEY_TWO);
    both.replaced = 1;
    struct idempotency what = {.key_id = STR("k"), .keyring = &one};
    struct catalog_cache *cache = cache_new(&one);
    sha256 before = mac_of(cache, db, &use);
    ck_assert_ok(db_transact(db, &arena, keep_answer, &what));
    cache_free(cache);
    // More than one transaction's, and some as they were sealed before master keys had ids.
    for (int i = 0; i < TOKEN_REWRAP_MAX; i++) {
        cache = cache_new(&one);
        struct token_use month = {
            use.customer_id, str_printf(&arena, "%04d-%02d", 1990 + i / 12, i % 12 + 1), false};
        (void)mac_of(cache, db, &month);
        cache_free(cache);
    }
    ck_assert_ok(master_key_check(db, &arena, &one));
    ck_assert_ok(master_key_check(db, &arena, &waits));
    ck_assert_fails(BAD_CONFIG, master_key_check(db, &arena, &two));
    ck_assert_ok(master_key_check(db, &arena, &both));
    ck_assert_fails(BAD_CONFIG, master_key_check(db, &arena, &two)); // known now, but too early

    rewrap_all(db, &waits); // does nothing
    ck_assert_int_eq(count(db, SQL("SELECT count(DISTINCT wrapped_by) AS count FROM token_key")),
                     1);
    rewrap_all(db, &both);
    ck_assert_int_eq(count(db, SQL("SELECT count(DISTINCT wrapped_by) AS count FROM token_key")),
                     1);
    ck_assert_ok(master_key_check(db, &arena, &two));
    ck_assert_fails(BAD_CONFIG, master_key_check(db, &arena, &one));
    cache = cache_new(&two);
    sha256 after = mac_of(cache, db, &use);
    ck_assert(sha256_eq(&before, &after));
    what.keyring = &two;
    ck_assert_ok(db_transact(db, &arena, keep_answer, &what));
    what.keyring = &one;
    ck_assert_fails(VERIFICATION_FAILED, db_transact(db, &arena, keep_answer, &what));
    cache_free(cache);
    cache = cache_new(&one);
    const struct token_key *none = NULL;
    ck_assert_fails(VERIFICATION_FAILED, cache_token_key(cache, db, &use, &none));
    ck_assert_ptr_null(none);
    cache_free(cache);
    as_owner(SQL("DELETE FROM master_key")); // as the tests beside it expect
    rewrap_all(db,
               &(struct keyring){.keys = {one.keys[0], two.keys[0]}, .count = 2, .replaced = 1});
    arena_reset(&arena);
    db_close(db);
}
END_TEST

// A row as it was written before there was a master key's id: bound to customer and period alone.
static result write_legacy(struct db_tx *tx, void *context)
{
    const int64_t *customer = context;
    str sealed = {0};
    struct token_key_row row = {
        .customer_id = *customer, .scope = STR("2023-01"), .wrapped_by = {0}};
    TRY(keyring_seal(db_arena(tx), test_keyring(), token_key_context(db_arena(tx), &row),
                     STR("0123456789abcdef0123456789abcdef"), &sealed));
    ck_assert(str_eq(token_key_context(db_arena(tx), &row),
                     str_printf(db_arena(tx), "%lld/2023-01", (long long)*customer)));
    return db_exec(tx, &catalog_insert_token_key_sql,
                   PARAMS(db_i64(*customer), db_text(row.scope), db_text(STR("token")),
                          db_bytes(sealed), db_null()));
}

START_TEST(keys_of_before_master_keys_had_ids_go_on)
{
    struct db *db = test_database();
    int64_t customer = example_customer(db);
    const struct token_use use = {customer, STR("2023-01"), false};
    struct keyring wrong = keyring_of(MASTER_KEY_TWO, NULL);
    ck_assert_ok(db_transact(db, &arena, write_legacy, &customer));
    as_owner(SQL("DELETE FROM master_key"));
    as_owner(SQL("DELETE FROM idempotency"));
    as_owner(SQL("DELETE FROM token_key WHERE wrapped_by IS NOT NULL"));
    ck_assert_fails(BAD_CONFIG, master_key_check(db, &arena, &wrong));
    ck_assert_ok(master_key_check(db, &arena, test_keyring()));
    struct catalog_cache *cache = cache_new(test_keyring());
    sha256 before = mac_of(cache, db, &use);
    cache_free(cache);
    rewrap_all(db, test_keyring());
    ck_assert_int_eq(count(db, SQL("SELECT count(*) FROM token_key WHERE wrapped_by IS NULL")), 0);
    cache = cache_new(test_keyring());
    sha256 after = mac_of(cache, db, &use);
    ck_assert(sha256_eq(&before, &after));
    cache_free(cache);
    arena_reset(&arena);
    db_close(db);
}
END_TEST

TEST_MAIN("tokens", gives_every_cache_the_same_key_and_every_scope_another,
          follows_a_destroyed_key_by_another_one, keeps_the_keys_that_a_change_leaves_as_they_were,
          finds_or_makes_many_codes_at_once, makes_no_code_for_a_key_that_was_destroyed,
          a_master_key_gives_way_to_another, keys_of_before_master_keys_had_ids_go_on)
