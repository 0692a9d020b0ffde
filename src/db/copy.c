// SPDX-License-Identifier: Apache-2.0
// copy.c - COPY ... FROM STDIN (FORMAT BINARY), the fastest way in.
#include "connection.h"
#include "phial/util/buf.h"
#include "phial/util/owned.h"
#include "wire.h"

#include <assert.h>

enum { STEP_BYTES = 65536 };

// The connection stays in COPY until its end is sent, so that is done in any case.
static result send_rows(struct db *db, str rows)
{
    bool sent = true;
    for (size_t at = 0; sent && at < rows.len; at += STEP_BYTES) {
        str step = str_slice(rows, at, at + STEP_BYTES);
        sent = PQputCopyData(db->connection, step.ptr, (int)step.len) == 1;
    }
    if (PQputCopyEnd(db->connection, sent ? NULL : "cannot send") != 1)
        return answer_check(db, NULL);
    return OK;
}

result db_copy(struct db_tx *tx, const char *copy_sql, str rows)
{
    assert(!tx->streaming);
    struct db *db = tx->db;
    TRY(command_run(db, copy_sql));
    result outcome = send_rows(db, rows);
    for (;;) {
        OWNED(rows_release) PGresult *answer = PQgetResult(db->connection);
        if (answer == NULL)
            return outcome;
        if (!failed(outcome))
            outcome = answer_check(db, answer);
        if (PQresultStatus(answer) == PGRES_COPY_IN)
            return outcome; // the end could not be sent: the transaction is lost
    }
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
