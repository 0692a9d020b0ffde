// SPDX-License-Identifier: Apache-2.0
#include "connection.h"

#include "phial/util/array.h"
#include "phial/util/owned.h"

#include <assert.h>
#include <string.h>

// What a SQLSTATE that begins like this means to us; the first row that fits. The rest is
// DB_FAILED.
static const struct {
    const char *begins;
    enum error_code code;
} states[] = {
    {"08", ERR_DB_AWAY},         // connection exception
    {"23505", ERR_DB_DUPLICATE}, // unique violation
    {"25006", ERR_DB_AWAY},      // read-only: the primary has moved
    {"25P03", ERR_DB_AWAY},      // idle in transaction for too long
    {"26000", ERR_DB_AWAY},      // a pooler gave us another session
    {"40001", ERR_DB_CONFLICT},  // serialization failure
    {"40P01", ERR_DB_CONFLICT},  // deadlock
    {"42P05", ERR_DB_AWAY},      // the same: what we prepare is there already
    {"53", ERR_DB_AWAY},         // disk full, out of memory, too many connections
    {"55P03", ERR_DB_CONFLICT},  // lock not available
    {"57014", ERR_DB_AWAY},      // cancelled, by an operator or for taking too long
    {"57P", ERR_DB_AWAY},        // shutdown, crash, starting up
    {"58030", ERR_DB_AWAY},      // input/output error
    {"PH001", ERR_HEAD_MOVED},   // ours: phial_require
    {"PH002", ERR_CATALOG_CHANGED},
};

void rows_release(PGresult **rows)
{
    PQclear(*rows);
}

static enum error_code meaning_of(const char *state)
{
    for (size_t i = 0; i < COUNT_OF(states); i++) {
        if (strncmp(state, states[i].begins, strlen(states[i].begins)) == 0)
            return states[i].code;
    }
    return ERR_DB_FAILED;
}

static bool answered(ExecStatusType status)
{
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
           status == PGRES_SINGLE_TUPLE || status == PGRES_COPY_IN;
}

result answer_check(const struct db *db, const PGresult *rows)
{
    if (rows != NULL && answered(PQresultStatus(rows)))
        return OK;

    const char *state = PQresultErrorField(rows, PG_DIAG_SQLSTATE);
    enum error_code code = state == NULL ? ERR_DB_FAILED : meaning_of(state);
    if (code == ERR_DB_DUPLICATE)
        return FAIL(DB_DUPLICATE, "such a row exists");
    if (code == ERR_DB_CONFLICT)
        return FAIL(DB_CONFLICT, "serialization failure or deadlock");
    if (code == ERR_HEAD_MOVED)
        return FAIL(HEAD_MOVED, "");
    if (code == ERR_CATALOG_CHANGED)
        return FAIL(CATALOG_CHANGED, "");
    if (code == ERR_DB_AWAY || PQstatus(db->connection) != CONNECTION_OK)
        return FAIL(DB_AWAY, "the database does not answer");
    return FAIL(DB_FAILED, "statement failed");
}

result command_run(struct db *db, const char *sql)
{
    OWNED(rows_release) PGresult *rows = PQexec(db->connection, sql);
    return answer_check(db, rows);
}

static size_t slot_of(const struct db *db, const char *name)
{
    uint64_t hash = 14695981039346656037U; // FNV-1a
    for (const char *c = name; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211U;
    size_t slot = hash & (PREPARED_SLOTS - 1);
    while (db->prepared[slot] != NULL && strcmp(db->prepared[slot], name) != 0)
        slot = (slot + 1) & (PREPARED_SLOTS - 1);
    return slot;
}

bool statement_is_prepared(const struct db *db, const struct db_stmt *stmt)
{
    return db->prepared[slot_of(db, stmt->name)] != NULL;
}

result statement_prepare(struct db *db, const struct db_stmt *stmt)
{
    size_t slot = slot_of(db, stmt->name);
    if (db->prepared[slot] != NULL)
        return OK;
    assert(db->prepared_count < PREPARED_SLOTS / 2);

    OWNED(rows_release)
    PGresult *rows = PQprepare(db->connection, stmt->name, stmt->sql, stmt->param_count, NULL);
    TRY(answer_check(db, rows));
    db->prepared[slot] = stmt->name;
    db->prepared_count++;
    return OK;
}
