// SPDX-License-Identifier: Apache-2.0
// copy.c - COPY ... FROM STDIN (FORMAT BINARY), the fastest way in.
#include "connection.h"
#include "phial/util/buf.h"
#include "phial/util/owned.h"
#include "pipeline.h"
#include "wire.h"

#include <assert.h>

enum { STEP_BYTES = 65536 };

result db_copy_start(struct db_tx *tx, const char *copy_sql)
{
    assert(!tx->streaming);
    TRY(pipeline_flush(tx));
    TRY(command_run(tx->db, copy_sql));
    tx->streaming = true;
    return OK;
}

result db_copy_send(struct db_tx *tx, str rows)
{
    assert(tx->streaming);
    for (size_t at = 0; at < rows.len; at += STEP_BYTES) {
        str step = str_slice(rows, at, at + STEP_BYTES);
        if (PQputCopyData(tx->db->connection, step.ptr, (int)step.len) != 1)
            return answer_check(tx->db, NULL);
    }
    return OK;
}

result db_copy_end(struct db_tx *tx, result so_far)
{
    PGconn *connection = tx->db->connection;
    assert(tx->streaming);
    tx->streaming = false;
    if (PQputCopyEnd(connection, failed(so_far) ? "given up" : NULL) != 1)
        return failed(so_far) ? so_far : answer_check(tx->db, NULL);
    result outcome = so_far;
    for (;;) {
        OWNED(rows_release) PGresult *answer = PQgetResult(connection);
        if (answer == NULL)
            return outcome;
        if (!failed(outcome))
            outcome = answer_check(tx->db, answer);
        if (PQresultStatus(answer) == PGRES_COPY_IN)
            return outcome; // the end could not be sent: the transaction is lost
    }
}

result db_copy(struct db_tx *tx, const char *copy_sql, str rows)
{
    TRY(db_copy_start(tx, copy_sql));
    return db_copy_end(tx, db_copy_send(tx, rows));
}

void db_copy_begin(struct buf *rows)
{
    buf_add(rows, STR("PGCOPY\n\377\r\n\0"));
    wire_add(rows, 0, 4); // flags
    wire_add(rows, 0, 4); // no extension
}

void db_copy_row(struct buf *rows, int columns)
{
    wire_add(rows, (uint64_t)columns, 2);
}

void db_copy_i64(struct buf *rows, int64_t number)
{
    wire_add(rows, 8, 4);
    wire_add(rows, (uint64_t)number, 8);
}

void db_copy_i16(struct buf *rows, int16_t number)
{
    wire_add(rows, 2, 4);
    wire_add(rows, (uint64_t)number, 2);
}

void db_copy_bytes(struct buf *rows, str bytes)
{
    assert(bytes.len <= INT32_MAX);
    wire_add(rows, bytes.len, 4);
    buf_add(rows, bytes);
}

char *db_copy_room(struct buf *rows, size_t len)
{
    assert(len <= INT32_MAX);
    wire_add(rows, len, 4);
    return buf_room(rows, len);
}

void db_copy_instant(struct buf *rows, instant at)
{
    wire_add(rows, 8, 4);
    wire_add(rows, wire_from_instant(at), 8);
}

void db_copy_null(struct buf *rows)
{
    wire_add(rows, UINT32_MAX, 4);
}

void db_copy_finish(struct buf *rows)
{
    wire_add(rows, UINT16_MAX, 2);
}
