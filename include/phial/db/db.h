// SPDX-License-Identifier: Apache-2.0
// db.h - connections, named statements, transactions, COPY. The only module that knows libpq.
//
// Statements are written in src/<module>/<module>.sql and reach C as `const struct db_stmt`.
// They run inside a transaction only, so a function that takes a db_tx says: "I touch the
// database, my caller decides when it commits".
#pragma once

#include "phial/time/time.h"
#include "phial/util/arena.h"
#include "phial/util/result.h"
#include "phial/util/str.h"

#include <stdbool.h>
#include <stdint.h>

struct db;    // one connection; one thread at a time; connects when first used, and again when lost
struct db_tx; // an open transaction; its texts live in the arena given to db_transact

struct db_options {
    const char *url;      // libpq connection string
    const char *role;     // SET ROLE after connecting; NULL or "" for none
    const char *settings; // SQL to run on connecting; NULL for none
};
// The options' strings must outlive the handle. Does not connect yet.
struct db *db_open(const struct db_options *options);
void db_close(struct db *db);
result db_ping(struct db *db); // DB_AWAY when the server does not answer

struct db_stmt {
    const char *name;
    const char *sql;
    int param_count;
};

// Runs work() in a READ COMMITTED transaction, which begins with its first statement: commits when
// it returns OK, rolls back when it fails, and runs it again (at most 5 times) on a serialization
// failure, a deadlock or a lost connection. So work() must have no effect outside the transaction
// and its own out-parameters, and must bear that a commit whose answer was lost is done again, or
// say db_once. DB_AWAY when no connection can be had.
result db_transact(struct db *db, struct arena *arena, result (*work)(struct db_tx *, void *),
                   void *context);
// What the transaction does must not be done twice: where the answer to its COMMIT is lost, the
// server is asked what became of it, and it is run again only when it was rolled back. DB_AWAY when
// that cannot be found out. Costs a round trip more.
void db_once(struct db_tx *tx);

// From db_hold, which runs work() as db_transact does but leaves its transaction open, to
// db_let_go or db_drop, what db_transact does on this connection is a part of that transaction: in
// a savepoint each, so that what fails alone is undone alone. Once the connection is lost it is
// DB_AWAY to the end.
result db_hold(struct db *db, struct arena *arena, result (*work)(struct db_tx *, void *),
               void *context);
// Undoes what was done since unless it `stays`, runs last() behind it, and commits, once: DB_AWAY
// where nothing was, or where nobody knows. Whoever watches has seen one transaction.
result db_let_go(struct db *db, bool stays, result (*last)(struct db_tx *, void *), void *context);
void db_drop(struct db *db); // undoes all of it

// Who sees every transaction of a connection: `begun` in front of its work, `ending` behind it and
// only where it said anything to the server; what fails rolls it back. Both run again with the
// work; `committed` once it has.
struct db_witness {
    result (*begun)(struct db_tx *tx, void *context);
    result (*ending)(struct db_tx *tx, void *context);
    void (*committed)(void *context);
    void *context;
};
void db_watch(struct db *db, const struct db_witness *witness); // NULL: nobody. Must outlive it.
const struct db_witness *db_watched(const struct db_tx *tx);

// Tries work() in a savepoint: what it did is undone when it fails, and the transaction lives on.
result db_attempt(struct db_tx *tx, result (*work)(struct db_tx *, void *), void *context);

struct arena *db_arena(struct db_tx *tx);
// A setting by which the server's log would repeat parameters of this session; "" without one.
result db_telling_setting(struct db_tx *tx, str *setting);
// Runs work() with an arena of its own, which is wiped when it returns: for what is done many times
// over in one transaction. Nothing that work() takes from db_arena outlives it.
result db_scratch(struct db_tx *tx, result (*work)(struct db_tx *, void *), void *context);

// Whether the server, with the schema it has now, would accept the statement.
result db_check(struct db *db, const struct db_stmt *stmt);

// Parameters, in the order of $1, $2, ...; at most 40. Numbers and texts go as text, so that the
// server decides on their type; bytes, bytes[], instants and instant[] in binary: a bytea, bytea[],
// timestamptz, timestamptz[]. A text that holds a NUL is INVALID: PostgreSQL cannot store one.
typedef struct {
    enum {
        DB_NULL,
        DB_BOOL,
        DB_BYTES,
        DB_I64,
        DB_INSTANT,
        DB_TEXT,
        DB_BYTES_ARRAY,
        DB_I64_ARRAY,
        DB_INSTANT_ARRAY,
        DB_TEXT_ARRAY
    } kind;
    int64_t number;
    str text;
    const str *items; // arrays of bytes or text
    const int64_t *numbers;
    const instant *instants;
    size_t count;
} db_param;

static inline db_param db_null(void)
{
    return (db_param){.kind = DB_NULL};
}
static inline db_param db_bool(bool flag)
{
    return (db_param){.kind = DB_BOOL, .number = flag};
}
static inline db_param db_bytes(str bytes)
{
    return (db_param){.kind = DB_BYTES, .text = bytes};
}
static inline db_param db_i64(int64_t number)
{
    return (db_param){.kind = DB_I64, .number = number};
}
static inline db_param db_instant(instant at)
{
    return (db_param){.kind = DB_INSTANT, .number = at.us};
}
static inline db_param db_text(str text)
{
    return (db_param){.kind = DB_TEXT, .text = text};
}
static inline db_param db_text_or_null(str text) // NULL for ""
{
    return text.len == 0 ? db_null() : db_text(text);
}
static inline db_param db_bytes_array(const str *items, size_t count)
{
    return (db_param){.kind = DB_BYTES_ARRAY, .items = items, .count = count};
}
static inline db_param db_i64_array(const int64_t *numbers, size_t count)
{
    return (db_param){.kind = DB_I64_ARRAY, .numbers = numbers, .count = count};
}
static inline db_param db_instant_array(const instant *instants, size_t count)
{
    return (db_param){.kind = DB_INSTANT_ARRAY, .instants = instants, .count = count};
}
static inline db_param db_text_array(const str *items, size_t count)
{
    return (db_param){.kind = DB_TEXT_ARRAY, .items = items, .count = count};
}

// Columns, by name: a reordered SELECT list must not swap two fields in silence. Results come in
// binary: cast numeric, json, date, uuid and enum columns to text, and arrays likewise.
typedef struct {
    const char *name;
    enum { DB_INTO_BOOL, DB_INTO_BYTES, DB_INTO_I64, DB_INTO_INSTANT, DB_INTO_TEXT } kind;
    void *into;
    bool *present; // NULL: a null column is our bug, except for text and bytes, which read as ""
} db_column;

static inline db_column db_into_bool(const char *name, bool *into)
{
    return (db_column){name, DB_INTO_BOOL, into, NULL};
}
static inline db_column db_into_bytes(const char *name, str *into)
{
    return (db_column){name, DB_INTO_BYTES, into, NULL};
}
static inline db_column db_into_i64(const char *name, int64_t *into) // int2, int4, int8
{
    return (db_column){name, DB_INTO_I64, into, NULL};
}
static inline db_column db_into_instant(const char *name, instant *into)
{
    return (db_column){name, DB_INTO_INSTANT, into, NULL};
}
static inline db_column db_into_text(const char *name, str *into)
{
    return (db_column){name, DB_INTO_TEXT, into, NULL};
}
static inline db_column db_if_present(db_column column, bool *present)
{
    column.present = present;
    return column;
}

struct db_params {
    const db_param *items;
    int count;
};

struct db_columns {
    const db_column *items;
    int count;
};

#define DB_LIST_(type, ...) \
    (type[]){__VA_ARGS__}, (int)(sizeof((type[]){__VA_ARGS__}) / sizeof(type))
#define PARAMS(...) ((struct db_params){DB_LIST_(db_param, __VA_ARGS__)})
#define NO_PARAMS ((struct db_params){NULL, 0})
#define NO_COLUMNS ((struct db_columns){NULL, 0})
#define COLUMNS(...) ((struct db_columns){DB_LIST_(db_column, __VA_ARGS__)})

// DB_DUPLICATE on a unique violation, DB_FAILED for what else the server refuses.
result db_exec(struct db_tx *tx, const struct db_stmt *stmt, struct db_params params);
// NOT_FOUND when the statement yields no row.
result db_one(struct db_tx *tx, const struct db_stmt *stmt, struct db_params params,
              struct db_columns columns);
// Reads row after row into `columns` and calls row(context) after each, without holding them all;
// texts and bytes are valid until row() returns. A failure of row() stops and is returned. The
// connection is taken meanwhile: row() runs no statement in this transaction.
result db_each(struct db_tx *tx, const struct db_stmt *stmt, struct db_params params,
               struct db_columns columns, result (*row)(void *context), void *context);

// Waits for what was deferred, below.
result db_flush(struct db_tx *tx);
// Sends the statement with the next one that is waited for, or with COMMIT: it costs no round trip.
// Its rows are read, and row() called for each, by then; row may be NULL. Where it fails, that
// statement or the commit fails with its error. Where 8 wait already they are waited for first.
result db_defer(struct db_tx *tx, const struct db_stmt *stmt, struct db_params params,
                struct db_columns columns, result (*row)(void *context), void *context);

// COPY table FROM STDIN (FORMAT BINARY). The caller appends tuples in PostgreSQL's binary format
// (header and trailer included) to `rows`; see db_copy_* below for the pieces.
result db_copy(struct db_tx *tx, const char *copy_sql, str rows);
// The same in pieces, so that the server works on the first while the next is made. Once started it
// is ended in any case, and no other statement runs before; a failure so far ends it unwritten.
result db_copy_start(struct db_tx *tx, const char *copy_sql);
result db_copy_send(struct db_tx *tx, str rows);
result db_copy_end(struct db_tx *tx, result so_far);

struct buf;
void db_copy_begin(struct buf *rows); // the signature and flags
void db_copy_row(struct buf *rows, int columns);
void db_copy_i64(struct buf *rows, int64_t number); // int8
void db_copy_i16(struct buf *rows, int16_t number); // int2
void db_copy_bytes(struct buf *rows, str bytes);    // bytea, text
char *db_copy_room(struct buf *rows, size_t len);   // the same, to be filled in
void db_copy_instant(struct buf *rows, instant at); // timestamptz
void db_copy_null(struct buf *rows);
void db_copy_finish(struct buf *rows);
