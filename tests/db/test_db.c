// SPDX-License-Identifier: Apache-2.0
#include "db.sql.h"
#include "phial/util/array.h"
#include "phial/util/buf.h"
#include "scratch.h"

static const struct db_stmt get_sql = {
    "t_get", "SELECT note, body, at, flag, small, id FROM scratch WHERE id = $1", 1};
static const struct db_stmt all_sql = {"t_all", "SELECT id, note FROM scratch ORDER BY id", 0};
static const struct db_stmt some_sql = {
    "t_some",
    "SELECT count(*) AS n FROM scratch WHERE id = ANY($1::bigint[]) OR body = ANY($2::bytea[])"
    " OR note = ANY($3::text[])",
    3};
static const struct db_stmt broken_sql = {"t_broken", "SELECT 1 / 0 AS n", 0};

static const struct row {
    int64_t id;
    int64_t small;
    bool flag;
    instant at;
    str body;
    str note;
} rows[] = {
    {1, 1, true, {0}, {"\0\377", 2}, {"plain", 5}},
    {-9223372036854775807 - 1, -32768, false, {-62135596800000000}, {"", 0}, {"", 0}},
    {9223372036854775807, 32767, true, {253402300799999999}, {"x", 1}, {"\303\244\"\\'{}", 7}},
    {4, 0, false, {946684800000000}, {"\\x00", 4}, {"NULL", 4}},
};

static result round_trip(struct db_tx *tx, void *context)
{
    const struct row *row = context;
    struct row back = {0};
    TRY(db_exec(tx, &put_sql,
                PARAMS(db_i64(row->id), db_i64(row->small), db_bool(row->flag), db_instant(row->at),
                       db_bytes(row->body), db_text(row->note))));
    TRY(db_one(tx, &get_sql, PARAMS(db_i64(row->id)),
               COLUMNS(db_into_i64("id", &back.id), db_into_i64("small", &back.small),
                       db_into_bool("flag", &back.flag), db_into_instant("at", &back.at),
                       db_into_bytes("body", &back.body), db_into_text("note", &back.note))));
    ck_assert_int_eq(back.id, row->id);
    ck_assert_int_eq(back.small, row->small);
    ck_assert_int_eq(back.flag, row->flag);
    ck_assert_int_eq(back.at.us, row->at.us);
    ck_assert(str_eq(back.body, row->body));
    ck_assert(str_eq(back.note, row->note));
    return OK;
}

START_TEST(gives_back_what_was_stored)
{
    struct arena arena = {0};
    struct db *db = scratch(&arena);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct row row = rows[i];
        ck_assert_ok(db_transact(db, &arena, round_trip, &row));
    }
    db_close(db);
    arena_reset(&arena);
}
END_TEST

static result put_nulls(struct db_tx *tx, void *context)
{
    (void)context;
    TRY(db_exec(
        tx, &put_sql,
        PARAMS(db_i64(5), db_null(), db_null(), db_null(), db_null(), db_text_or_null(STR("")))));
    int64_t small = 9;
    bool has_small = true;
    instant at = {9};
    bool has_at = true;
    str note = STR("before");
    str body = STR("before");
    TRY(db_one(tx, &get_sql, PARAMS(db_i64(5)),
               COLUMNS(db_if_present(db_into_i64("small", &small), &has_small),
                       db_if_present(db_into_instant("at", &at), &has_at),
                       db_into_text("note", &note), db_into_bytes("body", &body))));
    ck_assert(!has_small && !has_at);
    ck_assert_int_eq(small, 0);
    ck_assert_uint_eq(note.len + body.len, 0);
    ck_assert_fails(DB_FAILED,
                    db_one(tx, &get_sql, PARAMS(db_i64(5)), COLUMNS(db_into_i64("small", &small))));
    ck_assert_fails(NOT_FOUND,
                    db_one(tx, &get_sql, PARAMS(db_i64(6)), COLUMNS(db_into_i64("small", &small))));
    ck_assert_fails(INVALID, db_exec(tx, &put_sql,
                                     PARAMS(db_i64(6), db_null(), db_null(), db_null(), db_null(),
                                            db_text(STR("a\0b")))));
    return OK;
}

START_TEST(reads_nulls)
{
    struct arena arena = {0};
    struct db *db = scratch(&arena);
    ck_assert_ok(db_transact(db, &arena, put_nulls, NULL));
    db_close(db);
    arena_reset(&arena);
}
END_TEST

static result match_arrays(struct db_tx *tx, void *context)
{
    static const int64_t ids[] = {1, 4, -5};
    static const str bodies[] = {{"x", 1}, {"\0\377", 2}};
    static const str notes[] = {{"\303\244\"\\'{}", 7}, {"NULL", 4}, {"a,b", 3}};
    int64_t n = 0;
    (void)context;
    TRY(db_one(tx, &some_sql,
               PARAMS(db_i64_array(ids, 3), db_bytes_array(bodies, 0), db_text_array(notes, 0)),
               COLUMNS(db_into_i64("n", &n))));
    ck_assert_int_eq(n, 2);
    TRY(db_one(tx, &some_sql,
               PARAMS(db_i64_array(ids, 0), db_bytes_array(bodies, 2), db_text_array(notes, 0)),
               COLUMNS(db_into_i64("n", &n))));
    ck_assert_int_eq(n, 2);
    TRY(db_one(tx, &some_sql,
               PARAMS(db_i64_array(ids, 0), db_bytes_array(bodies, 0), db_text_array(notes, 3)),
               COLUMNS(db_into_i64("n", &n))));
    ck_assert_int_eq(n, 2);
    return OK;
}

START_TEST(matches_arrays)
{
    struct arena arena = {0};
    struct db *db = scratch(&arena);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct row row = rows[i];
        ck_assert_ok(db_transact(db, &arena, round_trip, &row));
    }
    ck_assert_ok(db_transact(db, &arena, match_arrays, NULL));
    db_close(db);
    arena_reset(&arena);
}
END_TEST

// A statement fails, and the work says that all is well.
static result swallow(struct db_tx *tx, void *context)
{
    int64_t n = 0;
    TRY(put(tx, context));
    (void)failed(db_one(tx, &broken_sql, NO_PARAMS, COLUMNS(db_into_i64("n", &n))));
    return OK;
}

START_TEST(keeps_nothing_of_what_failed)
{
    struct arena arena = {0};
    struct db *db = scratch(&arena);
    int64_t id = 1;
    ck_assert_fails(CONFLICT, db_transact(db, &arena, put_and_fail, &id));
    ck_assert_fails(DB_FAILED, db_transact(db, &arena, swallow, &id));
    ck_assert_int_eq(count_of(db, &arena), 0);
    ck_assert_ok(db_transact(db, &arena, put, &id));
    ck_assert_fails(DB_DUPLICATE, db_transact(db, &arena, put, &id));
    ck_assert_int_eq(count_of(db, &arena), 1);
    db_close(db);
    arena_reset(&arena);
}
END_TEST

static result put_twice(struct db_tx *tx, void *context)
{
    TRY(put(tx, context));
    ck_assert_fails(DB_DUPLICATE, db_attempt(tx, put, context));
    int64_t other = 2;
    ck_assert_fails(CONFLICT, db_attempt(tx, put_and_fail, &other));
    other = 3;
    return db_attempt(tx, put, &other);
}

START_TEST(an_attempt_leaves_the_transaction_alive)
{
    struct arena arena = {0};
    struct db *db = scratch(&arena);
    int64_t id = 1;
    ck_assert_ok(db_transact(db, &arena, put_twice, &id));
    ck_assert_int_eq(count_of(db, &arena), 2);
    db_close(db);
    arena_reset(&arena);
}
END_TEST

struct each {
    int64_t id;
    str note;
    int64_t seen;
    int64_t stop_at;
};

static result see(void *context)
{
    struct each *each = context;
    each->seen++;
    ck_assert_int_eq(each->id, each->seen);
    ck_assert(each->id % 2 == 0 ? str_eq(each->note, STR("even")) : each->note.len == 0);
    return each->seen == each->stop_at ? FAIL(INVALID, "enough") : OK;
}

static result copy_and_read(struct db_tx *tx, void *context)
{
    enum { ROWS = 5000 };
    struct each *each = context;
    struct buf copy = {.arena = db_arena(tx)};
    db_copy_begin(&copy);
    for (int64_t i = 1; i <= ROWS; i++) {
        db_copy_row(&copy, 6);
        db_copy_i64(&copy, i);
        db_copy_i16(&copy, (int16_t)i);
        db_copy_null(&copy);
        db_copy_instant(&copy, (instant){i});
        db_copy_bytes(&copy, STR("body"));
        if (i % 2 == 0)
            db_copy_bytes(&copy, STR("even"));
        else
            db_copy_null(&copy);
    }
    db_copy_finish(&copy);
    TRY(db_copy(tx, "COPY scratch (id, small, flag, at, body, note) FROM STDIN (FORMAT BINARY)",
                buf_str(&copy)));

    *each = (struct each){.stop_at = 10};
    struct db_columns columns =
        COLUMNS(db_into_i64("id", &each->id), db_into_text("note", &each->note));
    ck_assert_fails(INVALID, db_each(tx, &all_sql, NO_PARAMS, columns, see, each));
    ck_assert_int_eq(each->seen, 10);
    each->seen = 0;
    each->stop_at = 0;
    TRY(db_each(tx, &all_sql, NO_PARAMS, columns, see, each));
    ck_assert_int_eq(each->seen, ROWS);
    return OK;
}

static result copy_rubbish(struct db_tx *tx, void *context)
{
    (void)context;
    return db_copy(tx, "COPY scratch (id) FROM STDIN (FORMAT BINARY)", STR("rubbish"));
}

START_TEST(copies_in_and_reads_row_by_row)
{
    struct arena arena = {0};
    struct each each = {0};
    struct db *db = scratch(&arena);
    ck_assert_ok(db_transact(db, &arena, copy_and_read, &each));
    ck_assert_fails(DB_DUPLICATE, db_transact(db, &arena, copy_and_read, &each));
    ck_assert_fails(DB_FAILED, db_transact(db, &arena, copy_rubbish, NULL));
    ck_assert_int_eq(count_of(db, &arena), 5000);
    db_close(db);
    arena_reset(&arena);
}
END_TEST

START_TEST(runs_again_after_a_conflict_or_a_lost_connection)
{
    struct arena arena = {0};
    static const struct trouble_case cases[] = {
        {&clash_sql, 2, ERR_NONE, 3},
        {&clash_sql, 100, ERR_DB_CONFLICT, 5},
        {&die_sql, 2, ERR_NONE, 3},
        {&die_sql, 100, ERR_DB_AWAY, 5},
    };
    struct db *db = NULL;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct trouble trouble = {.stmt = cases[i].stmt, .times = cases[i].times};
        db = scratch(&arena);
        result outcome = db_transact(db, &arena, run_into, &trouble);
        ck_assert_int_eq(outcome.code, cases[i].code);
        ck_assert_int_eq(trouble.runs, cases[i].runs);
        ck_assert_int_eq(count_of(db, &arena), cases[i].code == ERR_NONE ? 1 : 0);
        db_close(db);
    }
    arena_reset(&arena);
}
END_TEST

// Whatever passes by itself, or by what an operator does, is worth another attempt; what is our own
// mistake is not.
START_TEST(tells_trouble_that_passes_from_mistakes)
{
    static const struct {
        const char *state;
        enum error_code code;
    } cases[] = {
        {"23505", ERR_DB_DUPLICATE}, {"25006", ERR_DB_AWAY},     {"40001", ERR_DB_CONFLICT},
        {"40P01", ERR_DB_CONFLICT},  {"53100", ERR_DB_AWAY},     {"53200", ERR_DB_AWAY},
        {"53300", ERR_DB_AWAY},      {"55P03", ERR_DB_CONFLICT}, {"57014", ERR_DB_AWAY},
        {"57P01", ERR_DB_AWAY},      {"57P03", ERR_DB_AWAY},     {"58030", ERR_DB_AWAY},
        {"26000", ERR_DB_AWAY},      {"42P05", ERR_DB_AWAY},     {"22012", ERR_DB_FAILED},
        {"42501", ERR_DB_FAILED},    {"XX000", ERR_DB_FAILED},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        str sql = str_printf(&arena, "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '%s'; END $$",
                             cases[i].state);
        const struct db_stmt raise_sql = {"t_raise", sql.ptr, 0};
        struct trouble trouble = {.stmt = &raise_sql, .times = 100};
        struct db *db = scratch(&arena);
        result outcome = db_transact(db, &arena, run_into, &trouble);
        ck_assert_msg(outcome.code == cases[i].code, "%s: %s", cases[i].state,
                      error_info(outcome.code)->slug);
        db_close(db);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(says_when_nobody_answers)
{
    struct arena arena = {0};
    int64_t n = 7;
    struct db *db = db_open(&(struct db_options){.url = "host=/nonexistent dbname=none"});
    ck_assert_fails(DB_AWAY, db_ping(db));
    ck_assert_fails(DB_AWAY, db_transact(db, &arena, count, &n));
    ck_assert_int_eq(n, 7);
    db_close(db);
    db = test_database();
    ck_assert_ok(db_ping(db));
    db_close(db);
    arena_reset(&arena);
}
END_TEST

struct scratching {
    struct arena *own;
    struct arena *lent;
};

static result take_a_lot(struct db_tx *tx, void *context)
{
    struct scratching *scratching = context;
    scratching->lent = db_arena(tx);
    (void)arena_array(db_arena(tx), char, 1000000);
    return FAIL(CONFLICT, "for the caller");
}

static result scratch_twice(struct db_tx *tx, void *context)
{
    struct scratching *scratching = context;
    scratching->own = db_arena(tx);
    ck_assert_fails(CONFLICT, db_scratch(tx, take_a_lot, scratching));
    ck_assert_ptr_ne(scratching->lent, scratching->own);
    ck_assert_ptr_eq(db_arena(tx), scratching->own);
    return OK;
}

START_TEST(scratch_lends_an_arena_and_takes_it_back)
{
    struct arena arena = {0};
    struct db *db = test_database();
    struct scratching scratching = {0};
    ck_assert_ok(db_transact(db, &arena, scratch_twice, &scratching));
    ck_assert_ptr_eq(scratching.own, &arena);
    ck_assert_ptr_null(arena.newest);
    db_close(db);
    arena_reset(&arena);
}
END_TEST

static const struct db_stmt deface_sql = {"t_deface", "UPDATE ledger_entry SET leaf = leaf", 0};

static result deface(struct db_tx *tx, void *context)
{
    (void)context;
    return db_exec(tx, &deface_sql, NO_PARAMS);
}

static result find_telling(struct db_tx *tx, void *context)
{
    return db_telling_setting(tx, context);
}

START_TEST(says_by_what_the_log_would_repeat_parameters)
{
    static const struct {
        const char *settings;
        const char *tells;
    } cases[] = {
        {NULL, ""},
        {"SET log_parameter_max_length_on_error = -1", "log_parameter_max_length_on_error"},
        {"SET log_parameter_max_length = -1", ""}, // nothing is logged
        {"SET log_parameter_max_length = 64; SET log_min_duration_statement = 1000",
         "log_parameter_max_length"},
        {"SET log_parameter_max_length = -1; SET log_statement = 'mod'",
         "log_parameter_max_length"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct db_options options = {.url = test_database_url(), .settings = cases[i].settings};
        struct db *db = db_open(&options);
        str setting = STR("none");
        ck_assert_ok(db_transact(db, &arena, find_telling, &setting));
        ck_assert_msg(str_eq(setting, str_from(cases[i].tells)), "case %zu", i);
        db_close(db);
    }
    arena_reset(&arena);
}
END_TEST

static const struct db_stmt compiles_sql = {"t_compiles", "SELECT pg_jit_available() AS c", 0};

static result ask_whether_compiled(struct db_tx *tx, void *context)
{
    return db_one(tx, &compiles_sql, NO_PARAMS, COLUMNS(db_into_bool("c", context)));
}

// The server of the tests would, as it comes.
START_TEST(no_plan_is_compiled)
{
    struct arena arena = {0};
    struct db *db = test_database();
    bool compiles = true;
    ck_assert_ok(db_transact(db, &arena, ask_whether_compiled, &compiles));
    ck_assert(!compiles);
    db_close(db);
    arena_reset(&arena);
}
END_TEST

START_TEST(the_daemon_may_not_change_the_ledger)
{
    struct arena arena = {0};
    struct db *db = test_database();
    ck_assert_fails(DB_FAILED, db_transact(db, &arena, deface, NULL));
    db_close(db);
    arena_reset(&arena);
}
END_TEST

START_TEST(every_statement_fits_the_schema)
{
    struct db *db = test_database_owner();
    for (size_t i = 0; db_statements[i] != NULL; i++)
        ck_assert_ok(db_check(db, db_statements[i]));
    static const struct db_stmt typo_sql = {"t_typo", "SELECT nothing FROM nowhere", 0};
    ck_assert_fails(DB_FAILED, db_check(db, &typo_sql));
    static const struct db_stmt miscounted_sql = {"t_miscounted", "SELECT $1::text AS t", 2};
    ck_assert_fails(DB_FAILED, db_check(db, &miscounted_sql));
    db_close(db);
}
END_TEST

TEST_MAIN("db", gives_back_what_was_stored, reads_nulls, matches_arrays,
          keeps_nothing_of_what_failed, an_attempt_leaves_the_transaction_alive,
          copies_in_and_reads_row_by_row, runs_again_after_a_conflict_or_a_lost_connection,
          tells_trouble_that_passes_from_mistakes, says_when_nobody_answers,
          scratch_lends_an_arena_and_takes_it_back, says_by_what_the_log_would_repeat_parameters,
          no_plan_is_compiled, the_daemon_may_not_change_the_ledger,
          every_statement_fits_the_schema)
