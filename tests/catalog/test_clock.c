// SPDX-License-Identifier: Apache-2.0
#include "phial/catalog/clock.h"
#include "test_database.h"

static struct arena arena;

static result set(struct db_tx *tx, void *context)
{
    return clock_set(tx, *(const instant *)context);
}

static result read_test_clock(struct db_tx *tx, void *context)
{
    return clock_now(tx, true, context);
}

static result read_machine(struct db_tx *tx, void *context)
{
    return clock_now(tx, false, context);
}

START_TEST(stands_still_once_set_and_never_goes_back)
{
    struct db *db = test_database();
    instant machine = {0};
    instant first = {0};
    ck_assert_ok(db_transact(db, &arena, read_machine, &machine));
    ck_assert_ok(db_transact(db, &arena, read_test_clock, &first));
    ck_assert_int_ge(first.us, machine.us);

    instant now = {machine.us + 1000000};
    instant earlier = {now.us - 1};
    instant read = {0};
    ck_assert_ok(db_transact(db, &arena, set, &now));
    ck_assert_ok(db_transact(db, &arena, read_test_clock, &read));
    ck_assert_int_eq(read.us, now.us);
    ck_assert_ok(db_transact(db, &arena, set, &now)); // the same instant again
    ck_assert_fails(CLOCK_BACKWARDS, db_transact(db, &arena, set, &earlier));
    ck_assert_ok(db_transact(db, &arena, read_test_clock, &read));
    ck_assert_int_eq(read.us, now.us);
    arena_reset(&arena);
    db_close(db);
}
END_TEST

TEST_MAIN("clock", stands_still_once_set_and_never_goes_back)
