// SPDX-License-Identifier: Apache-2.0
#include "phial/catalog/tally.h"
#include "test_database.h"

static const int64_t hour_us = INT64_C(3600) * 1000000;

static void add(struct tally *tally, int64_t hour, const char *type, int64_t count)
{
    tally_add(tally,
              &(struct tally_row){.at = {hour * hour_us + 5},
                                  .type = str_from(type),
                                  .pointer = STR("/id"),
                                  .code = "phi_detected",
                                  .detector = "us_ssn"},
              count);
}

struct sums {
    struct refusal_filter filter;
    int64_t rows;
    int64_t refusals;
};

static result add_row(void *context, const struct refusal_count *count)
{
    struct sums *sums = context;
    sums->rows++;
    sums->refusals += count->refusals;
    return OK;
}

static result read_sums(struct db_tx *tx, void *context)
{
    struct sums *sums = context;
    sums->rows = 0;
    sums->refusals = 0;
    return refusals_each(tx, &sums->filter, add_row, sums);
}

static struct sums sums_of(struct db *db, int64_t from_hour, int64_t to_hour, const char *by)
{
    struct arena arena = {0};
    struct sums sums = {
        .filter = {{from_hour * hour_us}, {to_hour * hour_us}, by, 100000},
    };
    ck_assert_ok(db_transact(db, &arena, read_sums, &sums));
    arena_reset(&arena);
    return sums;
}

START_TEST(adds_up_by_hours_and_days)
{
    struct arena arena = {0};
    struct db *db = test_database();
    struct tally *tally = tally_new();
    add(tally, 48, "a", 2);
    add(tally, 48, "a", 3);
    add(tally, 49, "a", 1);
    add(tally, 49, "b", 1);
    ck_assert_ok(tally_flush(tally, db, &arena));
    add(tally, 48, "a", 4);
    ck_assert_ok(tally_flush(tally, db, &arena));
    ck_assert_ok(tally_flush(tally, db, &arena)); // nothing twice
    struct sums hours = sums_of(db, 48, 72, "hour");
    ck_assert_int_eq(hours.rows, 3);
    ck_assert_int_eq(hours.refusals, 11);
    ck_assert_int_eq(sums_of(db, 48, 72, "day").rows, 2);
    ck_assert_int_eq(sums_of(db, 48, 72, "").rows, 2);
    ck_assert_int_eq(sums_of(db, 49, 72, "").refusals, 2);
    ck_assert_int_eq(sums_of(db, 50, 72, "").rows, 0);
    tally_free(tally);
    db_close(db);
    arena_reset(&arena);
}
END_TEST

START_TEST(keeps_what_could_not_be_written)
{
    struct arena arena = {0};
    struct db *db = test_database();
    struct db *away = db_open(&(struct db_options){.url = "host=/nonexistent dbname=x"});
    struct tally *tally = tally_new();
    add(tally, 100, "a", 7);
    ck_assert(failed(tally_flush(tally, away, &arena)));
    add(tally, 100, "a", 1);
    ck_assert_ok(tally_flush(tally, db, &arena));
    ck_assert_int_eq(sums_of(db, 100, 101, "").refusals, 8);
    tally_free(tally);
    db_close(away);
    db_close(db);
    arena_reset(&arena);
}
END_TEST

START_TEST(is_bounded_and_loses_no_count)
{
    struct arena arena = {0};
    struct db *db = test_database();
    struct tally *tally = tally_new();
    for (int i = 0; i < 3000; i++) {
        add(tally, 200, str_printf(&arena, "type-%d", i).ptr, 1);
        add(tally, 201, str_printf(&arena, "type-%d", i).ptr, 1);
    }
    add(NULL, 200, "nobody", 1);
    ck_assert_ok(tally_flush(tally, db, &arena));
    struct sums sums = sums_of(db, 200, 202, "hour");
    ck_assert_int_eq(sums.refusals, 6000);
    ck_assert_int_le(sums.rows, 1024);
    tally_free(tally);
    db_close(db);
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("tally", adds_up_by_hours_and_days, keeps_what_could_not_be_written,
          is_bounded_and_loses_no_count)
