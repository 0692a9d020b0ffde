// SPDX-License-Identifier: Apache-2.0
// rows.c - running statements, and reading what they yield by the columns' names.
#include "connection.h"
#include "db.sql.h"
#include "params.h"
#include "phial/util/owned.h"
#include "pipeline.h"
#include "wire.h"

#include <assert.h>
#include <string.h>

enum { COLUMNS_MAX = 40 };

enum oid {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_NAME = 19,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_VARCHAR = 1043,
    OID_TIMESTAMPTZ = 1184
};

// Where the columns asked for stand in a result.
struct places {
    int at[COLUMNS_MAX];
};

static bool reads_as(Oid type, const db_column *column)
{
    switch (column->kind) {
    case DB_INTO_BOOL:
        return type == OID_BOOL;
    case DB_INTO_BYTES:
        return type == OID_BYTEA;
    case DB_INTO_I64:
        return type == OID_INT2 || type == OID_INT4 || type == OID_INT8;
    case DB_INTO_INSTANT:
        return type == OID_TIMESTAMPTZ;
    case DB_INTO_TEXT:
        return type == OID_TEXT || type == OID_VARCHAR || type == OID_NAME;
    }
    return false;
}

static struct places find_columns(const PGresult *rows, struct db_columns columns)
{
    struct places places = {0};
    assert(columns.count <= COLUMNS_MAX);
    for (int i = 0; i < columns.count; i++) {
        int at = 0;
        while (at < PQnfields(rows) && strcmp(PQfname(rows, at), columns.items[i].name) != 0)
            at++;
        assert(at < PQnfields(rows));                           // no such column
        assert(reads_as(PQftype(rows, at), &columns.items[i])); // it needs a cast
        places.at[i] = at;
    }
    return places;
}

static void read_value(const db_column *column, str value)
{
    switch (column->kind) {
    case DB_INTO_BOOL:
        *(bool *)column->into = wire_read(value) != 0;
        return;
    case DB_INTO_BYTES:
    case DB_INTO_TEXT:
        *(str *)column->into = value;
        return;
    case DB_INTO_I64:
        if (value.len == 2)
            *(int64_t *)column->into = (int16_t)wire_read(value);
        else if (value.len == 4)
            *(int64_t *)column->into = (int32_t)wire_read(value);
        else
            *(int64_t *)column->into = (int64_t)wire_read(value);
        return;
    case DB_INTO_INSTANT:
        *(instant *)column->into = wire_to_instant(wire_read(value));
        return;
    }
}

static result read_null(const db_column *column)
{
    bool is_text = column->kind == DB_INTO_TEXT || column->kind == DB_INTO_BYTES;
    if (column->present == NULL && !is_text)
        return FAIL(DB_FAILED, "a column is null");
    if (column->present != NULL)
        *column->present = false;
    static const char zeros[8] = {0};
    if (is_text)
        *(str *)column->into = STR("");
    else
        read_value(column, (str){zeros, sizeof zeros});
    return OK;
}

// Copies texts into the arena, or with none leaves them where the result holds them.
static result read_row(struct arena *arena, const PGresult *rows, int row,
                       const struct places *places, struct db_columns columns)
{
    for (int i = 0; i < columns.count; i++) {
        const db_column *column = &columns.items[i];
        int at = places->at[i];
        if (PQgetisnull(rows, row, at) == 1) {
            TRY(read_null(column));
            continue;
        }
        str value = {PQgetvalue(rows, row, at), (size_t)PQgetlength(rows, row, at)};
        bool is_text = column->kind == DB_INTO_TEXT || column->kind == DB_INTO_BYTES;
        read_value(column, arena != NULL && is_text ? str_copy(arena, value) : value);
        if (column->present != NULL)
            *column->present = true;
    }
    return OK;
}

static result ready_to_run(struct db_tx *tx, const struct db_stmt *stmt, struct db_params params,
                           struct wire_params *wire)
{
    assert(params.count == stmt->param_count);
    assert(!tx->streaming); // a row() of db_each may not use the transaction
    TRY(params_print(tx->arena, params, wire));
    if (statement_is_prepared(tx->db, stmt))
        return OK;
    TRY(pipeline_flush(tx));
    return statement_prepare(tx->db, stmt);
}

static result send(struct db_tx *tx, const struct db_stmt *stmt, struct db_params params)
{
    struct wire_params wire;
    TRY(ready_to_run(tx, stmt, params, &wire));
    if (!tx->has_begun)
        TRY(pipeline_open(tx));
    if (PQsendQueryPrepared(tx->db->connection, stmt->name, params.count, wire.values, wire.lengths,
                            wire.formats, 1) == 0)
        return answer_check(tx->db, NULL);
    return OK;
}

static result take_last(struct db_tx *tx, PGresult **rows)
{
    result outcome = pipeline_collect(tx);
    if (!failed(outcome)) {
        *rows = PQgetResult(tx->db->connection);
        outcome = answer_check(tx->db, *rows);
    }
    return pipeline_leave(tx, outcome);
}

static result run(struct db_tx *tx, const struct db_stmt *stmt, struct db_params params,
                  PGresult **rows)
{
    PGconn *connection = tx->db->connection;
    TRY(send(tx, stmt, params));
    if (tx->deferred_count != 0)
        return take_last(tx, rows);
    *rows = PQgetResult(connection);
    PQclear(PQgetResult(connection)); // NULL: a statement has one result
    return answer_check(tx->db, *rows);
}

result db_flush(struct db_tx *tx)
{
    return pipeline_flush(tx);
}

result db_defer(struct db_tx *tx, const struct db_stmt *stmt, struct db_params params,
                struct db_columns columns, result (*row)(void *context), void *context)
{
    struct wire_params wire;
    if (tx->deferred_count == DEFERRED_MAX)
        TRY(pipeline_flush(tx));
    TRY(ready_to_run(tx, stmt, params, &wire));
    TRY(pipeline_open(tx));
    assert(tx->deferred_count < DEFERRED_MAX);
    if (PQsendQueryPrepared(tx->db->connection, stmt->name, params.count, wire.values, wire.lengths,
                            wire.formats, 1) == 0)
        return answer_check(tx->db, NULL);
    db_column *kept = arena_array(tx->arena, db_column, (size_t)columns.count);
    for (int i = 0; i < columns.count; i++)
        kept[i] = columns.items[i];
    tx->deferred[tx->deferred_count++] =
        (struct deferred){.columns = {kept, columns.count}, .row = row, .context = context};
    return OK;
}

result deferred_read(const struct deferred *deferred, const PGresult *rows)
{
    if (deferred->row == NULL || PQntuples(rows) == 0)
        return OK;
    struct places places = find_columns(rows, deferred->columns);
    for (int i = 0; i < PQntuples(rows); i++) {
        TRY(read_row(NULL, rows, i, &places, deferred->columns));
        TRY(deferred->row(deferred->context));
    }
    return OK;
}

result db_exec(struct db_tx *tx, const struct db_stmt *stmt, struct db_params params)
{
    OWNED(rows_release) PGresult *rows = NULL;
    return run(tx, stmt, params, &rows);
}

result db_one(struct db_tx *tx, const struct db_stmt *stmt, struct db_params params,
              struct db_columns columns)
{
    OWNED(rows_release) PGresult *rows = NULL;
    TRY(run(tx, stmt, params, &rows));
    if (PQntuples(rows) == 0)
        return FAIL(NOT_FOUND, "no such row");
    struct places places = find_columns(rows, columns);
    return read_row(tx->arena, rows, 0, &places, columns);
}

struct stream {
    struct db_columns columns;
    result (*row)(void *context);
    void *context;
    struct places places;
    bool placed;
};

static result take_row(const struct db *db, const PGresult *rows, struct stream *stream)
{
    TRY(answer_check(db, rows));
    if (PQresultStatus(rows) != PGRES_SINGLE_TUPLE)
        return OK; // the end
    if (!stream->placed)
        stream->places = find_columns(rows, stream->columns);
    stream->placed = true;
    TRY(read_row(NULL, rows, 0, &stream->places, stream->columns));
    return stream->row(stream->context);
}

// Reads to the end even after a failure: the connection must be free for the next statement.
static result take_rows(struct db *db, struct stream *stream)
{
    result outcome = OK;
    for (;;) {
        OWNED(rows_release) PGresult *rows = PQgetResult(db->connection);
        if (rows == NULL)
            return outcome;
        if (!failed(outcome))
            outcome = take_row(db, rows, stream);
    }
}

result db_each(struct db_tx *tx, const struct db_stmt *stmt, struct db_params params,
               struct db_columns columns, result (*row)(void *context), void *context)
{
    TRY(send(tx, stmt, params));
    bool in_pipeline = tx->deferred_count != 0;
    result before = in_pipeline ? pipeline_collect(tx) : OK;
    if (failed(before))
        return pipeline_leave(tx, before);
    int single = PQsetSingleRowMode(tx->db->connection);
    assert(single == 1); // nothing has been read yet
    (void)single;

    struct stream stream = {.columns = columns, .row = row, .context = context};
    tx->streaming = true;
    result outcome = take_rows(tx->db, &stream);
    tx->streaming = false;
    return in_pipeline ? pipeline_leave(tx, outcome) : outcome;
}

result db_telling_setting(struct db_tx *tx, str *setting)
{
    return db_one(tx, &db_find_telling_setting_sql, NO_PARAMS,
                  COLUMNS(db_into_text("setting", setting)));
}
