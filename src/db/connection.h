// SPDX-License-Identifier: Apache-2.0
// connection.h - what the files of db share: the connection, and what the server's answers mean.
#pragma once

#include "phial/db/db.h"

#include <libpq-fe.h>

enum { PREPARED_SLOTS = 1024 }; // a power of two

struct db {
    struct db_options options;
    PGconn *connection;                   // NULL until first used and after it was lost
    const char *prepared[PREPARED_SLOTS]; // names, hashed
    size_t prepared_count;
};

struct db_tx {
    struct db *db;
    struct arena *arena;
    bool streaming; // db_each is on: the connection is taken
};

void rows_release(PGresult **rows);

// Turns what the server said into our words. The server's message may quote data, so it stays here.
result answer_check(const struct db *db, const PGresult *rows);

// Runs SQL of ours without parameters; may be several statements.
result command_run(struct db *db, const char *sql);

// Prepares the statement unless this connection knows it.
result statement_prepare(struct db *db, const struct db_stmt *stmt);
