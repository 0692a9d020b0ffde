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

result pipeline_collect(struct db_tx *tx)
{
    PGconn *connection = tx->db->connection;
    int count = tx->deferred_count;
    tx->deferred_count = 0;
    if (PQpipelineSync(connection) == 0)
        return answer_check(tx->db, NULL);
    result outcome = OK;
    for (int i = 0; i < count; i++) {
        OWNED(rows_release) PGresult *rows = PQgetResult(connection);
        if (!failed(outcome))
            outcome = answer_check(tx->db, rows);
        if (!failed(outcome))
            outcome = deferred_read(&tx->deferred[i], rows);
        PQclear(PQgetResult(connection)); // each ends with a NULL
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
