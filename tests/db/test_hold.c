// SPDX-License-Identifier: Apache-2.0
// One transaction of several: what db_hold keeps open.
#include "phial/util/array.h"
#include "scratch.h"

static result nothing(struct db_tx *tx, void *context)
{
    (void)tx;
    (void)context;
    return OK;
}

static struct db *holding(struct arena *arena)
{
    struct db *db = scratch(arena);
    ck_assert_ok(db_hold(db, arena, nothing, NULL));
    return db;
}

START_TEST(holds_what_is_done_until_it_is_let_go)
{
    struct arena arena = {0};
    int64_t ids[] = {1, 2, 3};
    struct db *other = test_database_owner();
    struct db *db = holding(&arena);
    ck_assert_ok(db_transact(db, &arena, put, &ids[0]));
    ck_assert_fails(CONFLICT, db_transact(db, &arena, put_and_fail, &ids[1]));
    ck_assert_fails(DB_DUPLICATE, db_transact(db, &arena, put, &ids[0]));
    ck_assert_int_eq(count_of(db, &arena), 1);
    ck_assert_int_eq(count_of(other, &arena), 0);
    ck_assert_ok(db_let_go(db, true, put, &ids[2]));
    ck_assert_int_eq(count_of(other, &arena), 2);
    ck_assert_ok(db_transact(db, &arena, put, &ids[1]));
    ck_assert_int_eq(count_of(other, &arena), 3);
    db_close(other);
    db_close(db);
    arena_reset(&arena);
}
END_TEST

START_TEST(undoes_what_it_holds)
{
    struct arena arena = {0};
    int64_t ids[] = {1, 2, 3};
    struct db *db = holding(&arena);
    ck_assert_ok(db_transact(db, &arena, put, &ids[0]));
    ck_assert_ok(db_let_go(db, false, put, &ids[1]));
    ck_assert_fails(DB_DUPLICATE, db_transact(db, &arena, put, &ids[1]));
    ck_assert_int_eq(count_of(db, &arena), 1);

    ck_assert_ok(db_hold(db, &arena, put, &ids[0]));
    ck_assert_ok(db_transact(db, &arena, put, &ids[2]));
    db_drop(db);
    ck_assert_int_eq(count_of(db, &arena), 1);

    ck_assert_ok(db_hold(db, &arena, nothing, NULL));
    ck_assert_ok(db_transact(db, &arena, put, &ids[2]));
    ck_assert_fails(CONFLICT, db_let_go(db, true, put_and_fail, &ids[0]));
    ck_assert_int_eq(count_of(db, &arena), 1);
    db_close(db);
    arena_reset(&arena);
}
END_TEST

// A lost connection takes everything with it: what follows must not be committed alone.
START_TEST(loses_all_that_it_holds_or_nothing)
{
    static const struct trouble_case cases[] = {
        {&clash_sql, 2, ERR_NONE, 3},
        {&clash_sql, 100, ERR_DB_CONFLICT, 5},
        {&die_sql, 1, ERR_DB_AWAY, 1},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct trouble trouble = {.stmt = cases[i].stmt, .times = cases[i].times};
        int64_t id = 2;
        struct db *db = holding(&arena);
        bool away = cases[i].code == ERR_DB_AWAY;
        ck_assert_int_eq(db_transact(db, &arena, run_into, &trouble).code, cases[i].code);
        ck_assert_int_eq(trouble.runs, cases[i].runs);
        ck_assert_int_eq(db_transact(db, &arena, put, &id).code, away ? ERR_DB_AWAY : ERR_NONE);
        ck_assert_int_eq(db_let_go(db, true, nothing, NULL).code, away ? ERR_DB_AWAY : ERR_NONE);
        ck_assert_int_eq(count_of(db, &arena), cases[i].code == ERR_NONE ? 2 : away ? 0 : 1);
        db_close(db);
    }
    struct trouble trouble = {.stmt = &die_sql, .times = 2};
    struct db *db = scratch(&arena);
    ck_assert_ok(db_hold(db, &arena, run_into, &trouble)); // nothing was there to be lost
    ck_assert_int_eq(trouble.runs, 3);
    ck_assert_ok(db_let_go(db, true, nothing, NULL));
    ck_assert_int_eq(count_of(db, &arena), 1);
    db_close(db);
    arena_reset(&arena);
}
END_TEST

struct seen {
    int begun;
    int ending;
    int committed;
};

static result see_begun(struct db_tx *tx, void *context)
{
    (void)tx;
    ((struct seen *)context)->begun++;
    return OK;
}

static result see_ending(struct db_tx *tx, void *context)
{
    (void)tx;
    ((struct seen *)context)->ending++;
    return OK;
}

static void see_committed(void *context)
{
    ((struct seen *)context)->committed++;
}

START_TEST(is_seen_as_one_transaction)
{
    struct arena arena = {0};
    int64_t ids[] = {1, 2, 3};
    struct seen seen = {0};
    const struct db_witness witness = {see_begun, see_ending, see_committed, &seen};
    struct db *db = holding(&arena);
    db_watch(db, &witness);
    ck_assert_fails(CONFLICT, db_transact(db, &arena, put_and_fail, &ids[0]));
    ck_assert_ok(db_transact(db, &arena, put, &ids[0]));
    ck_assert_ok(db_transact(db, &arena, put, &ids[1]));
    ck_assert(seen.begun == 2 && seen.ending == 0 && seen.committed == 0);
    ck_assert_ok(db_let_go(db, true, put, &ids[2]));
    ck_assert(seen.begun == 2 && seen.ending == 1 && seen.committed == 1);
    db_watch(db, NULL);
    db_close(db);
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("hold", holds_what_is_done_until_it_is_let_go, undoes_what_it_holds,
          loses_all_that_it_holds_or_nothing, is_seen_as_one_transaction)
