// SPDX-License-Identifier: Apache-2.0
// The reference of the batch load: the rows that a run wrote, copied by plain connections into the
// same table of another database, and nothing else done.
//
// usage: bench_copy_rows SOURCE TARGET RUN CONNECTIONS ROWS-A-COPY
#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HEADER_BYTES = 19, TRAILER_BYTES = 2, CONNECTIONS_MAX = 64 };

static const char header[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0";
static const char trailer[] = "\377\377";

static const char read_sql[] =
    "COPY (SELECT customer_id, entry_index, entry.kind, identity, event_time, reference, leaf"
    " FROM ledger_entry AS entry JOIN customer USING (customer_id)"
    " WHERE entry.kind = 0 AND customer.key LIKE '%s-%%'"
    " ORDER BY entry_index, customer_id) TO STDOUT (FORMAT BINARY)";
static const char write_sql[] =
    "COPY ledger_entry (customer_id, entry_index, kind, identity, event_time, reference, leaf)"
    " FROM STDIN (FORMAT BINARY)";

struct rows {
    char *bytes;
    size_t len;
    size_t size;
    size_t *starts; // one more than there are rows
    size_t count;
    size_t starts_size;
};

struct work {
    const struct rows *rows;
    size_t rows_a_copy;
    _Atomic size_t next;
    _Atomic bool failed;
};

struct worker {
    struct work *work;
    PGconn *connection;
    pthread_t thread;
};

static void die(const char *what, const PGconn *connection)
{
    (void)fprintf(stderr, "copy_rows: %s: %s\n", what,
                  connection == NULL ? "" : PQerrorMessage(connection));
    exit(1);
}

static void *grow(void *old, size_t bytes)
{
    void *grown = realloc(old, bytes);
    if (grown == NULL)
        die("out of memory", NULL);
    return grown;
}

static void add_row(struct rows *rows, const char *bytes, size_t len)
{
    if (rows->len + len > rows->size) {
        rows->size = 2 * (rows->len + len);
        rows->bytes = grow(rows->bytes, rows->size);
    }
    if (rows->count + 2 > rows->starts_size) {
        rows->starts_size = 2 * (rows->count + 2);
        rows->starts = grow(rows->starts, rows->starts_size * sizeof *rows->starts);
    }
    memcpy(rows->bytes + rows->len, bytes, len);
    rows->starts[rows->count++] = rows->len;
    rows->len += len;
    rows->starts[rows->count] = rows->len;
}

// A message is a row; the header comes before the first, the trailer is a message of its own.
static void read_rows(PGconn *connection, const char *run, struct rows *rows)
{
    char sql[sizeof read_sql + 64];
    char *message = NULL;
    bool is_first = true;
    (void)snprintf(sql, sizeof sql, read_sql, run);
    PGresult *begun = PQexec(connection, sql);
    if (PQresultStatus(begun) != PGRES_COPY_OUT)
        die("cannot read the rows", connection);
    PQclear(begun);
    for (int len = 0; (len = PQgetCopyData(connection, &message, 0)) > 0;) {
        size_t skip = is_first ? HEADER_BYTES : 0;
        if (len > (int)(skip + TRAILER_BYTES))
            add_row(rows, message + skip, (size_t)len - skip);
        is_first = false;
        PQfreemem(message);
    }
    PQclear(PQgetResult(connection));
}

static bool copy_block(PGconn *connection, const struct rows *rows, size_t from, size_t to)
{
    size_t len = rows->starts[to] - rows->starts[from];
    PGresult *begun = PQexec(connection, write_sql);
    bool good = PQresultStatus(begun) == PGRES_COPY_IN &&
                PQputCopyData(connection, header, HEADER_BYTES) == 1 &&
                PQputCopyData(connection, rows->bytes + rows->starts[from], (int)len) == 1 &&
                PQputCopyData(connection, trailer, TRAILER_BYTES) == 1 &&
                PQputCopyEnd(connection, NULL) == 1;
    PQclear(begun);
    PGresult *ended = PQgetResult(connection);
    good = good && PQresultStatus(ended) == PGRES_COMMAND_OK;
    PQclear(ended);
    PQclear(PQgetResult(connection));
    return good;
}

static void *copy_blocks(void *context)
{
    const struct worker *worker = context;
    struct work *work = worker->work;
    while (!work->failed) {
        size_t from = atomic_fetch_add(&work->next, work->rows_a_copy);
        size_t to = from + work->rows_a_copy;
        if (from >= work->rows->count)
            break;
        if (to > work->rows->count)
            to = work->rows->count;
        if (!copy_block(worker->connection, work->rows, from, to)) {
            (void)fprintf(stderr, "copy_rows: %s\n", PQerrorMessage(worker->connection));
            work->failed = true;
        }
    }
    return NULL;
}

static double now(void)
{
    struct timespec at = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static PGconn *open_connection(const char *url)
{
    PGconn *connection = PQconnectdb(url);
    if (PQstatus(connection) != CONNECTION_OK)
        die("cannot connect", connection);
    return connection;
}

int main(int argc, char **argv)
{
    struct rows rows = {0};
    struct worker workers[CONNECTIONS_MAX];
    int connections = argc == 6 ? (int)strtol(argv[4], NULL, 10) : 0;
    long rows_a_copy = argc == 6 ? strtol(argv[5], NULL, 10) : 0;
    if (connections < 1 || connections > CONNECTIONS_MAX || rows_a_copy < 1 ||
        strspn(argv[3], "abcdefghijklmnopqrstuvwxyz0123456789-") > 64 ||
        argv[3][strspn(argv[3], "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0') {
        (void)fprintf(stderr, "usage: %s SOURCE TARGET RUN CONNECTIONS ROWS-A-COPY\n", argv[0]);
        return 2;
    }
    PGconn *source = open_connection(argv[1]);
    read_rows(source, argv[3], &rows);
    PQfinish(source);
    if (rows.count == 0)
        die("the run has no rows", NULL);

    struct work work = {.rows = &rows, .rows_a_copy = (size_t)rows_a_copy};
    for (int i = 0; i < connections; i++)
        workers[i] = (struct worker){.work = &work, .connection = open_connection(argv[2])};
    double begun = now();
    for (int i = 0; i < connections; i++) {
        if (pthread_create(&workers[i].thread, NULL, copy_blocks, &workers[i]) != 0)
            die("no thread", NULL);
    }
    for (int i = 0; i < connections; i++)
        (void)pthread_join(workers[i].thread, NULL);
    double seconds = now() - begun;
    for (int i = 0; i < connections; i++)
        PQfinish(workers[i].connection);
    (void)printf("{\"reference\":\"copy\",\"run\":\"%s\",\"connections\":%d,\"rows_a_copy\":%ld,"
                 "\"rows\":%zu,\"row_bytes\":%zu,\"seconds\":%.3f,\"rows_per_second\":%.1f}\n",
                 argv[3], connections, rows_a_copy, rows.count, rows.len / rows.count, seconds,
                 (double)rows.count / seconds);
    free(rows.bytes);
    free(rows.starts);
    return work.failed ? 1 : 0;
}
