// SPDX-License-Identifier: Apache-2.0
// scratch.h - a table for tests of transactions, and work that runs into trouble.
#pragma once

#include "test_database.h"

// A scratch table beside the schema's own; statements written out, as the generated ones are.
static const struct db_stmt make_sql = {
    "t_make",
    "CREATE TABLE scratch (id bigint PRIMARY KEY, small smallint, flag boolean, at timestamptz,"
    " body bytea, note text)",
    0};
static const struct db_stmt clear_sql = {"t_clear", "DELETE FROM scratch", 0};
static const struct db_stmt put_sql = {
    "t_put", "INSERT INTO scratch (id, small, flag, at, body, note) VALUES ($1,$2,$3,$4,$5,$6)", 6};
static const struct db_stmt count_sql = {"t_count", "SELECT count(*) AS n FROM scratch", 0};
static inline result make(struct db_tx *tx, void *context)
{
    (void)context;
    return db_exec(tx, &make_sql, NO_PARAMS);
}

static inline result clear(struct db_tx *tx, void *context)
{
    (void)context;
    return db_exec(tx, &clear_sql, NO_PARAMS);
}

static inline struct db *scratch(struct arena *arena)
{
    struct db *db = test_database_owner();
    if (failed(db_transact(db, arena, clear, NULL)))
        ck_assert_ok(db_transact(db, arena, make, NULL));
    return db;
}

static inline result put(struct db_tx *tx, void *context)
{
    const int64_t *id = context;
    return db_exec(tx, &put_sql,
                   PARAMS(db_i64(*id), db_i64(-7), db_bool(true), db_instant((instant){1}),
                          db_bytes(STR("a\0b")), db_text(STR("note"))));
}

static inline result count(struct db_tx *tx, void *context)
{
    return db_one(tx, &count_sql, NO_PARAMS, COLUMNS(db_into_i64("n", context)));
}

static inline int64_t count_of(struct db *db, struct arena *arena)
{
    int64_t n = -1;
    ck_assert_ok(db_transact(db, arena, count, &n));
    return n;
}

static inline result put_and_fail(struct db_tx *tx, void *context)
{
    TRY(put(tx, context));
    return FAIL(CONFLICT, "no");
}

static const struct db_stmt die_sql = {"t_die",
                                       "SELECT pg_terminate_backend(pg_backend_pid()) AS gone", 0};
static const struct db_stmt clash_sql = {
    "t_clash", "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001', MESSAGE = 'x'; END $$", 0};

struct trouble {
    const struct db_stmt *stmt;
    int times; // it comes up this often
    int runs;
};

struct trouble_case {
    const struct db_stmt *stmt;
    int times;
    enum error_code code; // what it comes to
    int runs;
};

static inline result run_into(struct db_tx *tx, void *context)
{
    struct trouble *trouble = context;
    int64_t id = 1;
    trouble->runs++;
    TRY(put(tx, &id));
    return trouble->runs <= trouble->times ? db_exec(tx, trouble->stmt, NO_PARAMS) : OK;
}
