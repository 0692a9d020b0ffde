// SPDX-License-Identifier: Apache-2.0
// Statements that are sent and waited for later, and COPY in pieces.
#include "phial/util/buf.h"
#include "test_database.h"

static const struct db_stmt make_sql = {"t_make", "CREATE TABLE later (id bigint PRIMARY KEY)", 0};
static const struct db_stmt clear_sql = {"t_clear", "DELETE FROM later", 0};
static const struct db_stmt put_sql = {"t_put", "INSERT INTO later (id) VALUES ($1)", 1};
static const struct db_stmt all_sql = {"t_all", "SELECT id FROM later ORDER BY id", 0};
static const struct db_stmt count_sql = {"t_count", "SELECT count(*) AS n FROM later", 0};
static const struct db_stmt broken_sql = {"t_broken", "SELECT 1 / 0 AS n", 0};
static const char copy_sql[] = "COPY later (id) FROM STDIN (FORMAT BINARY)";

static struct arena arena;

static result make(struct db_tx *tx, void *context)
{
    (void)context;
    return db_exec(tx, &make_sql, NO_PARAMS);
}

static result clear(struct db_tx *tx, void *context)
{
    (void)context;
    return db_exec(tx, &clear_sql, NO_PARAMS);
}

static struct db *later(void)
{
    struct db *db = test_database_owner();
    if (failed(db_transact(db, &arena, clear, NULL)))
        ck_assert_ok(db_transact(db, &arena, make, NULL));
    return db;
}

static result count(struct db_tx *tx, void *context)
{
    return db_one(tx, &count_sql, NO_PARAMS, COLUMNS(db_into_i64("n", context)));
}

static int64_t count_of(struct db *db)
{
    int64_t found = -1;
    ck_assert_ok(db_transact(db, &arena, count, &found));
    return found;
}

static result put_later(struct db_tx *tx, int64_t id)
{
    return db_defer(tx, &put_sql, PARAMS(db_i64(id)), NO_COLUMNS, NULL, NULL);
}

struct rows {
    int64_t id;
    int64_t sum;
    int64_t count;
    bool refuses;
};

static result take(void *context)
{
    struct rows *rows = context;
    rows->sum += rows->id;
    rows->count++;
    return rows->refuses ? FAIL(INVALID, "") : OK;
}

static result ask_all(struct db_tx *tx, struct rows *rows)
{
    return db_defer(tx, &all_sql, NO_PARAMS, COLUMNS(db_into_i64("id", &rows->id)), take, rows);
}

static result several(struct db_tx *tx, void *context)
{
    struct rows *rows = context;
    int64_t n = 0;
    *rows = (struct rows){0};
    TRY(put_later(tx, 3));
    TRY(put_later(tx, 4));
    TRY(ask_all(tx, rows));
    ck_assert_int_eq(rows->count, 0); // nothing has been waited for
    TRY(count(tx, &n));
    ck_assert_int_eq(n, 2);
    ck_assert_int_eq(rows->sum, 7);
    TRY(put_later(tx, 5));
    TRY(ask_all(tx, rows));
    TRY(db_flush(tx));
    ck_assert_int_eq(rows->count, 5);
    return put_later(tx, 6); // goes with the commit
}

START_TEST(runs_in_order_and_reads_with_the_next_answer)
{
    struct db *db = later();
    struct rows rows;
    ck_assert_ok(db_transact(db, &arena, several, &rows));
    ck_assert_int_eq(count_of(db), 4);
    ck_assert_ok(db_transact(db, &arena, clear, NULL));
    ck_assert_ok(db_transact(db, &arena, several, &rows)); // now that all is prepared
    ck_assert_int_eq(count_of(db), 4);
    db_close(db);
}
END_TEST

static result after_each(struct db_tx *tx, void *context)
{
    struct rows *rows = context;
    struct rows before = {0};
    TRY(put_later(tx, 100));
    TRY(put_later(tx, 101));
    TRY(db_flush(tx));
    TRY(db_each(tx, &all_sql, NO_PARAMS, COLUMNS(db_into_i64("id", &before.id)), take, &before));
    *rows = (struct rows){0};
    TRY(ask_all(tx, rows)); // several rows, first of its pipeline
    TRY(ask_all(tx, rows));
    TRY(db_flush(tx));
    ck_assert_int_eq(rows->count, 2 * before.count);
    return OK;
}

START_TEST(runs_behind_a_statement_that_was_read_row_by_row)
{
    struct db *db = later();
    struct rows rows;
    ck_assert_ok(db_transact(db, &arena, after_each, &rows));
    ck_assert_int_eq(count_of(db), 2);
    ck_assert_ok(db_transact(db, &arena, clear, NULL));
    ck_assert_ok(db_transact(db, &arena, after_each, &rows));
    db_close(db);
}
END_TEST

static result twice(struct db_tx *tx, void *context)
{
    (void)context;
    TRY(put_later(tx, 1));
    return put_later(tx, 1);
}

static result broken_before(struct db_tx *tx, void *context)
{
    TRY(put_later(tx, 2));
    TRY(db_defer(tx, &broken_sql, NO_PARAMS, NO_COLUMNS, NULL, NULL));
    return count(tx, context);
}

static result refused_row(struct db_tx *tx, void *context)
{
    struct rows *rows = context;
    rows->refuses = true;
    TRY(put_later(tx, 2));
    TRY(put_later(tx, 3));
    TRY(ask_all(tx, rows));
    return db_flush(tx);
}

static result gives_up(struct db_tx *tx, void *context)
{
    (void)context;
    TRY(put_later(tx, 2));
    return FAIL(NOT_FOUND, "");
}

START_TEST(a_deferred_failure_is_the_transactions)
{
    struct db *db = later();
    int64_t n = 7;
    struct rows rows = {0};
    for (int round = 0; round < 2; round++) {
        ck_assert_fails(DB_DUPLICATE, db_transact(db, &arena, twice, NULL));
        ck_assert_fails(DB_FAILED, db_transact(db, &arena, broken_before, &n));
        ck_assert_int_eq(n, 7);
        ck_assert_fails(INVALID, db_transact(db, &arena, refused_row, &rows));
        ck_assert_int_eq(rows.count, round + 1); // the first row ends it
        ck_assert_fails(NOT_FOUND, db_transact(db, &arena, gives_up, NULL));
        ck_assert_int_eq(count_of(db), 0);
    }
    db_close(db);
}
END_TEST

static result attempted(struct db_tx *tx, void *context)
{
    TRY(put_later(tx, 10));
    ck_assert_fails(DB_DUPLICATE, db_attempt(tx, twice, context));
    return put_later(tx, 11);
}

START_TEST(an_attempt_ends_with_what_it_deferred)
{
    struct db *db = later();
    ck_assert_ok(db_transact(db, &arena, attempted, NULL));
    ck_assert_int_eq(count_of(db), 2);
    db_close(db);
}
END_TEST

static result nothing(struct db_tx *tx, void *context)
{
    (void)tx;
    (void)context;
    return OK;
}

START_TEST(work_without_a_statement_is_no_transaction)
{
    struct db *db = later();
    ck_assert_ok(db_transact(db, &arena, nothing, NULL));
    ck_assert_int_eq(count_of(db), 0);
    db_close(db);
}
END_TEST

struct copying {
    int64_t from;
    int64_t to;
    bool gives_up;
};

static result send_rows(struct db_tx *tx, const struct copying *copying)
{
    struct buf rows = {.arena = db_arena(tx)};
    db_copy_begin(&rows);
    for (int64_t id = copying->from; id < copying->to; id++) {
        db_copy_row(&rows, 1);
        db_copy_i64(&rows, id);
        TRY(db_copy_send(tx, buf_str(&rows)));
        rows.len = 0;
    }
    if (copying->gives_up)
        return FAIL(CONFLICT, "");
    db_copy_finish(&rows);
    return db_copy_send(tx, buf_str(&rows));
}

static result copy(struct db_tx *tx, void *context)
{
    const struct copying *copying = context;
    int64_t n = 0;
    TRY(put_later(tx, 1000000 + copying->from));
    TRY(db_copy_start(tx, copy_sql));
    TRY(db_copy_end(tx, send_rows(tx, copying)));
    return count(tx, &n);
}

START_TEST(copies_in_pieces_or_not_at_all)
{
    struct db *db = later();
    ck_assert_ok(db_transact(db, &arena, copy, &(struct copying){0, 1000, false}));
    ck_assert_int_eq(count_of(db), 1001);
    ck_assert_fails(CONFLICT, db_transact(db, &arena, copy, &(struct copying){1000, 1100, true}));
    ck_assert_fails(DB_DUPLICATE,
                    db_transact(db, &arena, copy, &(struct copying){999, 1100, false}));
    ck_assert_int_eq(count_of(db), 1001);
    arena_reset(&arena);
    db_close(db);
}
END_TEST

TEST_MAIN("db defer", runs_in_order_and_reads_with_the_next_answer,
          runs_behind_a_statement_that_was_read_row_by_row, a_deferred_failure_is_the_transactions,
          an_attempt_ends_with_what_it_deferred, work_without_a_statement_is_no_transaction,
          copies_in_pieces_or_not_at_all)
