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
        .answer = {201, STR("application/json"), STR("{\"id\":1}"), STR("ETag: \"x\"\n")},
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

static void replays(struct db *db, str name)
{
    struct attempt again = attempt_of(name, STR("a"));
    struct attempt other = attempt_of(name, STR("b"));
    again.answer = (struct kept_answer){0};
    ck_assert_ok(db_transact(db, &arena, begin, &again));
    ck_assert(again.found);
    ck_assert_int_eq(again.answer.status, 201);
    ck_assert(str_eq(again.answer.body, STR("{\"id\":1}")));
    ck_assert(str_eq(again.answer.headers, STR("ETag: \"x\"\n")));
    ck_assert_fails(KEY_REUSED, db_transact(db, &arena, begin, &other));
}

START_TEST(replays_the_first_answer)
{
    struct db *db = test_database();
    struct db *elsewhere = test_database();
    struct attempt first = attempt_of(STR("once"), STR("a"));
    struct attempt again = attempt_of(STR("once"), STR("a"));
    struct attempt another = attempt_of(STR("another"), STR("a"));
    ck_assert_ok(db_hold(db, &arena, begin, &first));
    ck_assert(!first.found);
    ck_assert_fails(KEY_RUNNING, db_transact(elsewhere, &arena, begin, &again));
    ck_assert_ok(db_transact(elsewhere, &arena, begin, &another));
    ck_assert(!another.found);
    ck_assert_ok(db_let_go(db, true, keep, &first));
    replays(elsewhere, STR("once"));
    arena_reset(&arena);
    db_close(elsewhere);
    db_close(db);
}
END_TEST

START_TEST(lets_a_failed_request_be_tried_again)
{
    struct db *db = test_database();
    struct db *elsewhere = test_database();
    struct attempt first = attempt_of(STR("failed"), STR("a"));
    struct attempt other = attempt_of(STR("failed"), STR("b"));
    ck_assert_ok(db_hold(db, &arena, begin, &first));
    db_drop(db);
    ck_assert_ok(db_transact(elsewhere, &arena, begin, &other));
    ck_assert(!other.found);
    ck_assert_ok(db_hold(db, &arena, begin, &first));
    db_close(db); // as of a daemon that was killed
    result outcome = FAIL(KEY_RUNNING, "");
    for (int i = 0; i < 1000 && outcome.code == ERR_KEY_RUNNING; i++) {
        (void)usleep(5000);
        outcome = db_transact(elsewhere, &arena, begin, &other);
    }
    ck_assert_ok(outcome);
    ck_assert(!other.found);
    arena_reset(&arena);
    db_close(elsewhere);
}
END_TEST

START_TEST(claims_by_a_session_beyond_a_transaction)
{
    struct db *db = test_database();
    struct db *elsewhere = test_database();
    struct attempt first = attempt_of(STR("run"), STR("a"));
    struct attempt again = attempt_of(STR("run"), STR("a"));
    first.what.by_session = true;
    again.what.by_session = true;
    ck_assert_ok(db_transact(db, &arena, begin, &first));
    ck_assert_fails(KEY_RUNNING, db_transact(elsewhere, &arena, begin, &again));
    ck_assert_ok(db_transact(db, &arena, forget, &first));
    ck_assert_ok(db_transact(elsewhere, &arena, begin, &again));
    ck_assert(!again.found);
    ck_assert_ok(db_transact(elsewhere, &arena, keep, &again));
    ck_assert_ok(db_transact(elsewhere, &arena, forget, &again));
    ck_assert_ok(db_transact(db, &arena, begin, &first));
    ck_assert(first.found);
    replays(db, STR("run"));
    arena_reset(&arena);
    db_close(elsewhere);
    db_close(db);
}
END_TEST

static const struct db_stmt age_sql = {
    "t_age", "UPDATE idempotency SET created_at = created_at - interval '25 hours'", 0};

static result age(struct db_tx *tx, void *context)
{
    (void)context;
    return db_exec(tx, &age_sql, NO_PARAMS);
}

START_TEST(forgets_after_a_day)
{
    struct db *db = test_database();
    struct attempt first = attempt_of(STR("old"), STR("a"));
    struct attempt other = attempt_of(STR("old"), STR("b"));
    struct db *owner = test_database_owner();
    ck_assert_ok(db_transact(db, &arena, keep, &first));
    replays(db, STR("old"));
    ck_assert_ok(db_transact(owner, &arena, age, NULL));
    ck_assert_ok(db_transact(db, &arena, begin, &other));
    ck_assert(!other.found);
    ck_assert_ok(db_transact(db, &arena, keep, &first));
    replays(db, STR("old"));
    arena_reset(&arena);
    db_close(owner);
    db_close(db);
}
END_TEST

TEST_MAIN("idempotency", replays_the_first_answer, lets_a_failed_request_be_tried_again,
          claims_by_a_session_beyond_a_transaction, forgets_after_a_day)
