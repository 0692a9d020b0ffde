// SPDX-License-Identifier: Apache-2.0
// libpq's pipeline mode is on only while something is deferred: it knows no COPY. After a failure
// the server skips to the end of the pipeline, so every result up to there is read in any case.
#include "pipeline.h"

#include "phial/util/owned.h"

#include <assert.h>

static const char begin_sql[] = "BEGIN ISOLATION LEVEL READ COMMITTED";

result pipeline_open(struct db_tx *tx)
{
    PGconn *connection = tx->db->connection;
    if (PQpipelineStatus(connection) == PQ_PIPELINE_OFF && PQenterPipelineMode(connection) == 0)
        return FAIL(DB_AWAY, "the database does not answer");
    if (tx->has_begun)
        return OK;
    if (PQsendQueryParams(connection, begin_sql, 0, NULL, NULL, NULL, NULL, 1) == 0)
        return answer_check(tx->db, NULL);
    tx->has_begun = true;
    tx->deferred[tx->deferred_count++] = (struct deferred){.row = NULL};
    return OK;
}

// To the NULL that ends a statement's results. They may come row by row: libpq keeps that mode from
// a db_each before, until the first statement of a pipeline has ended.
static result read_deferred(const struct db *db, const struct deferred *deferred)
{
    result outcome = OK;
    for (bool is_first = true;; is_first = false) {
        OWNED(rows_release) PGresult *rows = PQgetResult(db->connection);
        if (rows == NULL && !is_first)
            return outcome;
        if (!failed(outcome))
            outcome = answer_check(db, rows);
        if (!failed(outcome))
            outcome = deferred_read(deferred, rows);
        if (rows == NULL)
            return outcome; // there was none, which is a failure
    }
}

result pipeline_collect(struct db_tx *tx)
{
    int count = tx->deferred_count;
    tx->deferred_count = 0;
    if (PQpipelineSync(tx->db->connection) == 0)
        return answer_check(tx->db, NULL);
    result outcome = OK;
    for (int i = 0; i < count; i++) {
        result read = read_deferred(tx->db, &tx->deferred[i]);
        outcome = failed(outcome) ? outcome : read;
    }
    return outcome;
}

result pipeline_leave(struct db_tx *tx, result so_far)
{
    PGconn *connection = tx->db->connection;
    bool at_end = false;
    while (!at_end && PQstatus(connection) == CONNECTION_OK) {
        OWNED(rows_release) PGresult *rows = PQgetResult(connection);
        at_end = PQresultStatus(rows) == PGRES_PIPELINE_SYNC;
    }
    if (at_end && PQexitPipelineMode(connection) == 1)
        return so_far;
    return failed(so_far) ? so_far : FAIL(DB_AWAY, "the database does not answer");
}

result pipeline_flush(struct db_tx *tx)
{
    if (!tx->has_begun)
        TRY(pipeline_open(tx));
    if (tx->deferred_count == 0)
        return OK;
    return pipeline_leave(tx, pipeline_collect(tx));
}
