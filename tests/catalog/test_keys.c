// SPDX-License-Identifier: Apache-2.0
#include "catalog_fixture.h"
#include "phial/catalog/keys.h"

static struct arena arena;

struct key_ask {
    struct ask ask;
    struct api_key key;
    str secret;
    instant now;
};

static result create(struct db_tx *tx, void *context)
{
    struct key_ask *keys = context;
    struct change change = test_change();
    return key_create(tx, ask_document(&keys->ask, tx), &change, &keys->key, &keys->secret);
}

static result authenticate(struct db_tx *tx, void *context)
{
    struct key_ask *keys = context;
    return key_authenticate(tx, keys->secret, keys->now, &keys->key);
}

static result revoke_key(struct db_tx *tx, void *context)
{
    struct key_ask *keys = context;
    struct change change = test_change();
    return key_revoke(tx, keys->key.id, &change);
}

START_TEST(lets_in_the_very_key_and_nothing_near_it)
{
    struct db *db = test_database();
    struct key_ask keys = {
        .ask = {.document = "{\"name\": \"billing run\", \"scopes\": [\"billing:read\","
                            " \"events:write\"], \"expires\": \"2026-12-01T00:00:00Z\"}"},
        .now = NOW,
    };
    ck_assert_ok(db_transact(db, &arena, create, &keys));
    json_decref(keys.ask.json);
    str secret = keys.secret;
    ck_assert(str_starts_with(secret, STR("phk_")));
    ck_assert_ok(db_transact(db, &arena, authenticate, &keys));
    ck_assert(key_may(&keys.key, SCOPE_billing_read));
    ck_assert(key_may(&keys.key, SCOPE_events_write));
    ck_assert(!key_may(&keys.key, SCOPE_billing_write));
    ck_assert_int_eq(keys.key.customer_id, 0);

    for (size_t i = 0; i < secret.len; i++) {
        char *other = arena_array(&arena, char, secret.len);
        memcpy(other, secret.ptr, secret.len);
        other[i] = other[i] == 'a' ? 'b' : 'a';
        keys.secret = (str){other, secret.len};
        ck_assert_fails(UNAUTHENTICATED, db_transact(db, &arena, authenticate, &keys));
    }
    keys.secret = STR("");
    ck_assert_fails(UNAUTHENTICATED, db_transact(db, &arena, authenticate, &keys));
    keys.secret = secret;
    keys.now.us += INT64_C(40) * 86400 * 1000000;
    ck_assert_fails(UNAUTHENTICATED, db_transact(db, &arena, authenticate, &keys));
    keys.now = NOW;
    ck_assert_ok(db_transact(db, &arena, revoke_key, &keys));
    ck_assert_fails(UNAUTHENTICATED, db_transact(db, &arena, authenticate, &keys));
    ck_assert_fails(NOT_FOUND, db_transact(db, &arena, revoke_key, &keys));
    arena_reset(&arena);
    db_close(db);
}
END_TEST

START_TEST(refuses_keys_that_could_do_nothing_or_say_too_much)
{
    static const struct {
        const char *document;
        const char *pointer;
        const char *code;
    } cases[] = {
        {"{\"name\": \"a\", \"scopes\": []}", "/scopes", "invalid"},
        {"{\"name\": \"a\", \"scopes\": [\"root\"]}", "/scopes/0", "invalid"},
        {"{\"name\": \"\", \"scopes\": [\"admin\"]}", "/name", "invalid"},
        {"{\"name\": \"for 123-45-6789\", \"scopes\": [\"admin\"]}", "/name", "phi_detected"},
        {"{\"name\": \"a\", \"scopes\": [\"admin\"], \"customer\": \"nobody\"}", "/customer",
         "unknown_customer"},
        {"{\"name\": \"a\", \"scopes\": [\"admin\"], \"expires\": \"2020-01-01T00:00:00Z\"}",
         "/expires", "invalid"},
    };
    struct db *db = test_database();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct key_ask keys = {.ask = {.document = cases[i].document}};
        ck_assert(failed(db_transact(db, &arena, create, &keys)));
        json_decref(keys.ask.json);
        ck_assert_uint_eq(keys.secret.len, 0);
        ck_assert(str_eq(keys.ask.faults.items[0].pointer, str_from(cases[i].pointer)));
        ck_assert_str_eq(keys.ask.faults.items[0].code, cases[i].code);
    }
    arena_reset(&arena);
    db_close(db);
}
END_TEST

static result create_admin(struct db_tx *tx, void *context)
{
    struct key_ask *keys = context;
    return key_create_admin(tx, STR("admin"), NOW, &keys->secret);
}

START_TEST(lets_an_admin_do_everything)
{
    struct db *db = test_database();
    struct key_ask keys = {.now = NOW};
    ck_assert_ok(db_transact(db, &arena, create_admin, &keys));
    ck_assert_ok(db_transact(db, &arena, authenticate, &keys));
    for (int scope = 0; scope < SCOPE_COUNT; scope++)
        ck_assert(key_may(&keys.key, (enum scope)scope));
    arena_reset(&arena);
    db_close(db);
}
END_TEST

TEST_MAIN("keys", lets_in_the_very_key_and_nothing_near_it,
          refuses_keys_that_could_do_nothing_or_say_too_much, lets_an_admin_do_everything)
