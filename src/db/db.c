// SPDX-License-Identifier: Apache-2.0
// db.c - connecting, and the one retry loop.
#include "phial/db/db.h"

#include "connection.h"
#include "db.sql.h"
#include "phial/util/elapsed.h"
#include "phial/util/owned.h"
#include "pipeline.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ATTEMPTS_MAX = 5, AWAY_MS_MAX = 2000, PAUSE_MS = 20 };

// The time zone and the silence are ours to choose; the last two rows take effect where the login
// is a superuser, as it is on the embedded cluster: statements and parameters stay out of its log.
// A server that acknowledges before it flushes is told not to. No plan is compiled: where scans are
// forbidden (ledger_settings) one of a table without an index is said to cost ten billion, and
// compiling it takes longer than the transaction.
static const char session_settings[] = "SET client_min_messages = 'error';"
                                       "SET TimeZone = 'UTC';"
                                       "SET DateStyle = 'ISO, YMD';"
                                       "SET bytea_output = 'hex';"
                                       "SET standard_conforming_strings = on;"
                                       "SET jit = off;"
                                       "SET statement_timeout = '10min';"
                                       "SET idle_in_transaction_session_timeout = '5min';"
                                       "SET log_parameter_max_length_on_error = 0;"
                                       "SELECT set_config('synchronous_commit', 'on', false)"
                                       " WHERE current_setting('synchronous_commit') = 'off';"
                                       "SELECT set_config('log_parameter_max_length', '0', false),"
                                       " set_config('log_statement', 'none', false),"
                                       " set_config('log_min_error_statement', 'panic', false),"
                                       " set_config('log_error_verbosity', 'terse', false)"
                                       " WHERE current_setting('is_superuser') = 'on'";

struct db *db_open(const struct db_options *options)
{
    struct db *db = calloc(1, sizeof *db);
    if (db == NULL)
        abort(); // as an arena does
    db->options = *options;
    return db;
}

static void disconnect(struct db *db)
{
    PQfinish(db->connection);
    db->connection = NULL;
    memset(db->prepared, 0, sizeof db->prepared);
    db->prepared_count = 0;
}

void db_close(struct db *db)
{
    if (db == NULL)
        return;
    disconnect(db);
    free(db);
}

static void ignore_notice(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

static result take_role(struct db *db)
{
    if (db->options.role == NULL || *db->options.role == '\0')
        return OK;
    const char *values[] = {db->options.role};
    OWNED(rows_release)
    PGresult *rows = PQexecParams(db->connection, "SELECT set_config('role', $1, false)", 1, NULL,
                                  values, NULL, NULL, 1);
    return answer_check(db, rows);
}

static result set_up(struct db *db)
{
    if (PQstatus(db->connection) != CONNECTION_OK)
        return FAIL(DB_AWAY, "cannot connect to the database");
    (void)PQsetNoticeReceiver(db->connection, ignore_notice, NULL);
    TRY(command_run(db, session_settings));
    if (db->options.settings != NULL)
        TRY(command_run(db, db->options.settings));
    return take_role(db);
}

static result connect_once(struct db *db)
{
    if (db->connection != NULL)
        return OK;
    // What follows dbname wins over what the URL says.
    const char *const names[] = {"connect_timeout",
                                 "keepalives_idle",
                                 "tcp_user_timeout",
                                 "dbname",
                                 "application_name",
                                 "client_encoding",
                                 NULL};
    const char *const values[] = {"2", "10", "20000", db->options.url, "phial", "UTF8", NULL};
    db->connection = PQconnectdbParams(names, values, 1);
    result outcome = set_up(db);
    if (failed(outcome))
        disconnect(db);
    return outcome;
}

result db_ping(struct db *db)
{
    TRY(connect_once(db));
    result outcome = command_run(db, "SELECT 1");
    if (failed(outcome))
        disconnect(db);
    return outcome;
}

// The answer to COMMIT, which may go together with what was deferred.
static result send_commit(struct db_tx *tx, PGresult **rows)
{
    PGconn *connection = tx->db->connection;
    if (tx->deferred_count == 0) {
        *rows = PQexec(connection, "COMMIT");
        return answer_check(tx->db, *rows);
    }
    if (PQsendQueryParams(connection, "COMMIT", 0, NULL, NULL, NULL, NULL, 1) == 0)
        return answer_check(tx->db, NULL);
    result collected = pipeline_collect(tx);
    if (!failed(collected)) {
        *rows = PQgetResult(connection);
        collected = answer_check(tx->db, *rows);
    }
    return pipeline_leave(tx, collected);
}

void db_once(struct db_tx *tx)
{
    tx->once = true;
}

static result commit(struct db_tx *tx)
{
    if (!tx->has_begun)
        return OK;
    // COMMIT of a failed transaction is answered with success and the word ROLLBACK.
    if (PQtransactionStatus(tx->db->connection) == PQTRANS_INERROR)
        return FAIL(DB_FAILED, "the transaction had failed before its end");
    if (tx->once)
        TRY(db_one(tx, &db_find_own_id_sql, NO_PARAMS, COLUMNS(db_into_i64("id", &tx->id))));
    OWNED(rows_release) PGresult *rows = NULL;
    TRY(send_commit(tx, &rows));
    return strcmp(PQcmdStatus(rows), "COMMIT") == 0 ? OK : FAIL(DB_FAILED, "not committed");
}

static void undo(struct db_tx *tx, result why)
{
    struct db *db = tx->db;
    if (!tx->has_begun && why.code != ERR_DB_AWAY)
        return;
    bool lost = why.code == ERR_DB_AWAY;
    if (!lost && tx->deferred_count != 0)
        lost = pipeline_flush(tx).code == ERR_DB_AWAY;
    lost = lost || PQpipelineStatus(db->connection) != PQ_PIPELINE_OFF ||
           PQtransactionStatus(db->connection) == PQTRANS_ACTIVE ||
           failed(command_run(db, "ROLLBACK"));
    if (lost)
        disconnect(db);
}

void db_watch(struct db *db, const struct db_witness *witness)
{
    db->witness = witness;
}

const struct db_witness *db_watched(const struct db_tx *tx)
{
    return tx->db->witness;
}

static result tell_begun(struct db_tx *tx)
{
    const struct db_witness *witness = tx->db->witness;
    return witness == NULL ? OK : witness->begun(tx, witness->context);
}

static result tell_ending(struct db_tx *tx)
{
    const struct db_witness *witness = tx->db->witness;
    return witness == NULL || !tx->has_begun ? OK : witness->ending(tx, witness->context);
}

static void tell_committed(const struct db *db)
{
    if (db->witness != NULL)
        db->witness->committed(db->witness->context);
}

// What is to be done in a transaction.
struct work {
    result (*run)(struct db_tx *, void *);
    void *context;
    bool holds; // the transaction stays open
};

static result hold(struct db_tx *tx)
{
    TRY(pipeline_flush(tx));
    TRY(command_run(tx->db, "SAVEPOINT held"));
    tx->db->held = *tx;
    tx->db->holds = true;
    tx->db->held_work = false;
    return OK;
}

static result run_whole(struct db_tx *tx, const struct work *work)
{
    if (work->holds) {
        TRY(work->run(tx, work->context));
        return hold(tx);
    }
    TRY(tell_begun(tx));
    TRY(work->run(tx, work->context));
    TRY(tell_ending(tx));
    return commit(tx);
}

// doubtful: the transaction that nobody knows of whether it has been committed; 0: it is known.
static result transact_once(struct db *db, struct arena *arena, const struct work *work,
                            int64_t *doubtful)
{
    TRY(connect_once(db));
    struct db_tx tx = {.db = db, .arena = arena};
    result outcome = run_whole(&tx, work);
    *doubtful = outcome.code == ERR_DB_AWAY ? tx.id : 0;
    if (failed(outcome))
        undo(&tx, outcome);
    else if (tx.has_begun && !work->holds)
        tell_committed(db);
    return outcome;
}

// Longer with every attempt, and never as long as the rival's.
static void pause_before(int attempt)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    long least_ms = (long)PAUSE_MS << attempt;
    long ns = least_ms / 2 * 1000000 + now.tv_nsec % (least_ms * 1000000);
    struct timespec wait = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    (void)nanosleep(&wait, NULL);
}

enum fate { FATE_UNKNOWN, FATE_COMMITTED, FATE_ABORTED };

static enum fate ask_fate(struct db *db, int64_t id)
{
    char text[24];
    const char *const values[] = {text};
    (void)snprintf(text, sizeof text, "%lld", (long long)id);
    if (failed(connect_once(db)))
        return FATE_UNKNOWN;
    OWNED(rows_release)
    PGresult *rows = PQexecParams(db->connection, "SELECT pg_xact_status($1::xid8)", 1, NULL,
                                  values, NULL, NULL, 0);
    if (failed(answer_check(db, rows))) {
        disconnect(db);
        return FATE_UNKNOWN;
    }
    if (strcmp(PQgetvalue(rows, 0, 0), "committed") == 0)
        return FATE_COMMITTED;
    return strcmp(PQgetvalue(rows, 0, 0), "aborted") == 0 ? FATE_ABORTED : FATE_UNKNOWN;
}

// The server may not have noticed yet that nobody is there any more.
static enum fate find_fate(struct db *db, int64_t id)
{
    int64_t deadline = elapsed_ms() + AWAY_MS_MAX;
    enum fate fate = ask_fate(db, id);
    for (int attempt = 1; fate == FATE_UNKNOWN && elapsed_ms() < deadline; attempt++) {
        pause_before(attempt < ATTEMPTS_MAX ? attempt : ATTEMPTS_MAX);
        fate = ask_fate(db, id);
    }
    return fate;
}

static result transact(struct db *db, struct arena *arena, const struct work *work)
{
    int64_t deadline = elapsed_ms() + AWAY_MS_MAX;
    for (int attempt = 1;; attempt++) {
        int64_t doubtful = 0;
        result outcome = transact_once(db, arena, work, &doubtful);
        enum fate fate = doubtful == 0 ? FATE_ABORTED : find_fate(db, doubtful);
        if (fate == FATE_COMMITTED)
            tell_committed(db);
        if (fate != FATE_ABORTED)
            return fate == FATE_COMMITTED ? OK : outcome;
        bool again = outcome.code == ERR_DB_CONFLICT ||
                     (outcome.code == ERR_DB_AWAY && elapsed_ms() < deadline);
        if (!again || attempt == ATTEMPTS_MAX)
            return outcome;
        pause_before(attempt);
    }
}

// Whoever watches sees one transaction, which begins with the first work that is not undone.
static result run_part(struct db_tx *tx, void *context)
{
    const struct work *work = context;
    if (!tx->db->held_work)
        TRY(tell_begun(tx));
    return work->run(tx, work->context);
}

static result transact_within(struct db *db, struct arena *arena, struct work *work)
{
    struct db_tx *tx = &db->held;
    struct arena *kept = tx->arena;
    result outcome = FAIL(DB_AWAY, "the database does not answer");
    tx->arena = arena;
    for (int attempt = 1; db->connection != NULL; attempt++) {
        outcome = db_attempt(tx, run_part, work);
        if (outcome.code == ERR_DB_AWAY)
            disconnect(db);
        if (outcome.code != ERR_DB_CONFLICT || attempt == ATTEMPTS_MAX)
            break;
        pause_before(attempt);
    }
    tx->arena = kept;
    db->held_work = db->held_work || !failed(outcome);
    return outcome;
}

result db_transact(struct db *db, struct arena *arena, result (*work)(struct db_tx *, void *),
                   void *context)
{
    struct work whole = {.run = work, .context = context};
    if (db == NULL)
        return FAIL(WOULD_BLOCK, "");
    return db->holds ? transact_within(db, arena, &whole) : transact(db, arena, &whole);
}

result db_hold(struct db *db, struct arena *arena, result (*work)(struct db_tx *, void *),
               void *context)
{
    const struct work whole = {.run = work, .context = context, .holds = true};
    if (db == NULL)
        return FAIL(WOULD_BLOCK, "");
    assert(!db->holds && db->witness == NULL);
    return transact(db, arena, &whole);
}

static result end_held(struct db_tx *tx, bool stays, const struct work *last)
{
    if (stays && tx->db->held_work)
        TRY(tell_ending(tx));
    if (!stays)
        TRY(command_run(tx->db, "ROLLBACK TO SAVEPOINT held"));
    TRY(last->run(tx, last->context));
    tx->once = true;
    return commit(tx);
}

result db_let_go(struct db *db, bool stays, result (*last)(struct db_tx *, void *), void *context)
{
    const struct work work = {.run = last, .context = context};
    struct db_tx *tx = &db->held;
    assert(db->holds);
    db->holds = false;
    if (db->connection == NULL)
        return FAIL(DB_AWAY, "the database does not answer");
    result outcome = end_held(tx, stays, &work);
    if (failed(outcome))
        undo(tx, outcome);
    if (outcome.code == ERR_DB_AWAY && tx->id != 0 && find_fate(db, tx->id) == FATE_COMMITTED)
        outcome = OK;
    if (!failed(outcome))
        tell_committed(db);
    return outcome;
}

void db_drop(struct db *db)
{
    assert(db->holds);
    db->holds = false;
    if (db->connection != NULL)
        undo(&db->held, FAIL(CONFLICT, "dropped"));
}

result db_attempt(struct db_tx *tx, result (*work)(struct db_tx *, void *), void *context)
{
    assert(!tx->streaming);
    TRY(pipeline_flush(tx));
    TRY(command_run(tx->db, "SAVEPOINT attempt"));
    result outcome = work(tx, context);
    if (tx->deferred_count != 0) {
        result flushed = pipeline_flush(tx);
        outcome = failed(outcome) ? outcome : flushed;
    }
    if (outcome.code == ERR_DB_AWAY)
        return outcome;
    if (failed(outcome))
        TRY(command_run(tx->db, "ROLLBACK TO SAVEPOINT attempt"));
    TRY(command_run(tx->db, "RELEASE SAVEPOINT attempt"));
    return outcome;
}

struct arena *db_arena(struct db_tx *tx)
{
    return tx->arena;
}

result db_scratch(struct db_tx *tx, result (*work)(struct db_tx *, void *), void *context)
{
    struct arena scratch = {0};
    struct arena *kept = tx->arena;
    tx->arena = &scratch;
    result outcome = work(tx, context);
    if (tx->deferred_count != 0) { // their columns are named in the arena that ends
        result flushed = pipeline_flush(tx);
        outcome = failed(outcome) ? outcome : flushed;
    }
    tx->arena = kept;
    arena_reset(&scratch);
    return outcome;
}

result db_check(struct db *db, const struct db_stmt *stmt)
{
    TRY(connect_once(db));
    TRY(statement_prepare(db, stmt));
    OWNED(rows_release) PGresult *rows = PQdescribePrepared(db->connection, stmt->name);
    TRY(answer_check(db, rows));
    return PQnparams(rows) == stmt->param_count
               ? OK
               : FAIL(DB_FAILED, "a statement has other parameters");
}
