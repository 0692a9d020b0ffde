// SPDX-License-Identifier: Apache-2.0
#include "phial/catalog/idempotency.h"
#include "test_database.h"
#include "test_keyring.h"

static struct arena arena;

struct attempt {
    struct idempotency what;
    bool found;
    struct kept_answer answer;
};

static struct attempt attempt_of(str name, str request)
{
    return (struct attempt){
        .what = {.key_id = STR("k"),
                 .name = sha256_of(name),
                 .fingerprint = sha256_of(request),
                 .keyring = test_keyring()},
    };
}

static result begin(struct db_tx *tx, void *context)
{
    struct attempt *attempt = context;
    return idempotency_begin(tx, &attempt->what, &attempt->found, &attempt->answer);
}

static result keep(struct db_tx *tx, void *context)
{
    struct attempt *attempt = context;
    return idempotency_keep(tx, &attempt->what, &attempt->answer);
}

static result forget(struct db_tx *tx, void *context)
{
    struct attempt *attempt = context;
    return idempotency_release(tx, &attempt->what);
}

START_TEST(replays_the_first_answer)
{
    struct db *db = test_database();
    struct attempt first = attempt_of(STR("once"), STR("a"));
    struct attempt again = attempt_of(STR("once"), STR("a"));
    struct attempt other = attempt_of(STR("once"), STR("b"));
    ck_assert_ok(db_transact(db, &arena, begin, &first));
    ck_assert(!first.found);
    ck_assert_fails(KEY_RUNNING, db_transact(db, &arena, begin, &again));
    ck_assert_fails(KEY_REUSED, db_transact(db, &arena, begin, &other));
    first.answer =
        (struct kept_answer){201, STR("application/json"), STR("{\"id\":1}"), STR("ETag: \"x\"\n")};
    ck_assert_ok(db_transact(db, &arena, keep, &first));
    ck_assert_ok(db_transact(db, &arena, begin, &again));
    ck_assert(again.found);
    ck_assert_int_eq(again.answer.status, 201);
    ck_assert(str_eq(again.answer.body, STR("{\"id\":1}")));
    ck_assert(str_eq(again.answer.headers, STR("ETag: \"x\"\n")));
    ck_assert_fails(KEY_REUSED, db_transact(db, &arena, begin, &other));
    arena_reset(&arena);
    db_close(db);
}
END_TEST

START_TEST(lets_a_failed_request_be_tried_again)
{
    struct db *db = test_database();
    struct attempt first = attempt_of(STR("failed"), STR("a"));
    struct attempt other = attempt_of(STR("failed"), STR("b"));
    ck_assert_ok(db_transact(db, &arena, begin, &first));
    ck_assert_ok(db_transact(db, &arena, forget, &first));
    ck_assert_ok(db_transact(db, &arena, begin, &other));
    ck_assert(!other.found);
    arena_reset(&arena);
    db_close(db);
}
END_TEST

TEST_MAIN("idempotency", replays_the_first_answer, lets_a_failed_request_be_tried_again)
