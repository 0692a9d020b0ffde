// SPDX-License-Identifier: Apache-2.0
// connection.h - what the files of db share: the connection, and what the server's answers mean.
#pragma once

#include "phial/db/db.h"

#include <libpq-fe.h>

enum { PREPARED_SLOTS = 1024 }; // a power of two

enum { DEFERRED_MAX = 8 };

// A statement that was sent and whose result is read later.
struct deferred {
    struct db_columns columns;
    result (*row)(void *context); // NULL: only its success counts
    void *context;
};

struct db_tx {
    struct db *db;
    struct arena *arena;
    bool has_begun; // BEGIN is sent with the first statement
    bool streaming; // db_each is on: the connection is taken
    bool once;      // where the answer to its COMMIT is lost, the server is asked what became of it
    int64_t id;     // by which it is asked then; 0: nothing was written
    int deferred_count;
    struct deferred deferred[DEFERRED_MAX];
};

struct db {
    struct db_options options;
    PGconn *connection;                   // NULL until first used and after it was lost
    const char *prepared[PREPARED_SLOTS]; // names, hashed
    size_t prepared_count;
    const struct db_witness *witness; // NULL: nobody
    struct db_tx held;                // between db_hold and db_let_go
    bool holds;
    bool held_work; // something has been done in it
};

void rows_release(PGresult **rows);

// Turns what the server said into our words. The server's message may quote data, so it stays here.
result answer_check(const struct db *db, const PGresult *rows);

// Runs SQL of ours without parameters; may be several statements.
result command_run(struct db *db, const char *sql);

// Hands the rows of a deferred statement to its row().
result deferred_read(const struct deferred *deferred, const PGresult *rows);

bool statement_is_prepared(const struct db *db, const struct db_stmt *stmt); // on this connection
// Prepares the statement unless this connection knows it; not within a pipeline.
result statement_prepare(struct db *db, const struct db_stmt *stmt);
