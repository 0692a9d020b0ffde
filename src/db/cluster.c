// SPDX-License-Identifier: Apache-2.0
// cluster.c - starting, adopting, watching and stopping the server of the private cluster.
#include "phial/db/cluster.h"

#include "cluster_folder.h"
#include "connection.h"
#include "phial/util/array.h"
#include "phial/util/buf.h"
#include "phial/util/file.h"
#include "process.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    STEP_MS = 50,
    ADOPT_MS_MAX = 20000, // for a server that is there to answer, recovery included
    START_MS_MAX = 60000,
    STOP_MS_MAX = 30000,
    KILL_MS_MAX = 5000,
    FAST_LOOKS = 2, // of a server that is stopping by itself, before it is hurried
    QUICK_LOOKS = 10,
    LOG_BYTES_MAX = 16777216,
    BUFFERS_MB_MIN = 128,
    BUFFERS_MB_MAX = 1024,
    RECORD_PID = 1, // lines of postmaster.pid
    RECORD_STATUS = 8,
};

struct cluster {
    struct cluster_folder folder;
    const char *url;
    pid_t pid;          // 0: not running
    bool is_child;      // else adopted
    int looks_stopping; // in a row that found it shutting down
};

// What the server is started with. Statements, parameters and errors stay out of its log: they can
// quote what was sent.
static const char *const settings[] = {
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
    "max_connections=300",
    "max_wal_size=1GB",
    "max_parallel_workers_per_gather=0",
    "jit=off",
    "TimeZone=UTC",
    "log_timezone=UTC",
    "log_destination=stderr",
    "logging_collector=off",
    "log_min_messages=log",
    "log_min_error_statement=panic",
    "log_statement=none",
    "log_error_verbosity=terse",
    "log_parameter_max_length=0",
    "log_parameter_max_length_on_error=0",
};

// An eighth of the machine's memory: logs that are looked up in stay in reach on a small machine,
// and a large one is not taken over by a server for development.
static int64_t buffers_mb(void)
{
    int64_t bytes = (int64_t)sysconf(_SC_PHYS_PAGES) * (int64_t)sysconf(_SC_PAGESIZE);
    int64_t share = bytes / 8 / 1048576;
    if (share < BUFFERS_MB_MIN)
        return BUFFERS_MB_MIN;
    return share > BUFFERS_MB_MAX ? BUFFERS_MB_MAX : share;
}

static result start_server(struct cluster *cluster)
{
    struct arena arena = {0};
    struct stat log;
    const char *log_path = cluster->folder.log;
    if (stat(log_path, &log) == 0 && log.st_size > LOG_BYTES_MAX)
        (void)rename(log_path, str_printf(&arena, "%s.1", log_path).ptr);

    struct command postgres = {.arena = &arena};
    command_add(&postgres, str_printf(&arena, "%s/postgres", cluster->folder.programs).ptr);
    command_add(&postgres, "-D");
    command_add(&postgres, cluster->folder.data);
    command_add(&postgres, "-k");
    command_add(&postgres, cluster->folder.socket);
    command_add(&postgres, "-p");
    command_add(&postgres, str_printf(&arena, "%d", CLUSTER_PORT).ptr);
    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        command_add(&postgres, "-c");
        command_add(&postgres, settings[i]);
    }
    command_add(&postgres, "-c");
    command_add(&postgres,
                str_printf(&arena, "shared_buffers=%lldMB", (long long)buffers_mb()).ptr);
    result outcome = process_start(&postgres, log_path, &cluster->pid);
    cluster->is_child = !failed(outcome);
    arena_reset(&arena);
    return outcome;
}

// An adopted server is known by its working directory, a child from its first moment by its parent.
static bool is_alive(struct cluster *cluster)
{
    if (cluster->pid == 0)
        return false;
    bool alive = cluster->is_child ? !process_gone(cluster->pid)
                                   : process_works_in(cluster->pid, cluster->folder.data);
    if (!alive)
        cluster->pid = 0; // a number to be given to someone else
    return alive;
}

static bool end(struct cluster *cluster, int signal_number, int wait_ms)
{
    if (!is_alive(cluster))
        return true;
    (void)kill(cluster->pid, signal_number);
    for (int waited_ms = 0; waited_ms < wait_ms; waited_ms += STEP_MS) {
        if (!is_alive(cluster))
            return true;
        process_pause(STEP_MS);
    }
    return false;
}

// A line of postmaster.pid, counted from 1; "" without.
static str record_line(struct arena *arena, const struct cluster *cluster, int number)
{
    str text = {0};
    str line = {0};
    const char *path = str_printf(arena, "%s/postmaster.pid", cluster->folder.data).ptr;
    if (failed(file_read(arena, path, 4096, &text)))
        return STR("");
    for (int i = 0; i < number; i++) {
        if (!str_cut(text, '\n', &line, &text))
            return STR("");
    }
    return str_trim(line);
}

// 0 without.
static pid_t recorded_pid(const struct cluster *cluster)
{
    struct arena arena = {0};
    int64_t pid = 0;
    bool recorded =
        str_to_i64(record_line(&arena, cluster, RECORD_PID), &pid) && pid > 0 && pid <= INT32_MAX;
    arena_reset(&arena);
    return recorded ? (pid_t)pid : 0;
}

// Somebody asked it to stop. A smart shutdown waits for our own connections, so for ever; one that
// recovers from a crash refuses connections too, but must be left alone: its record tells the two
// apart.
static bool is_stopping(const struct cluster *cluster)
{
    struct arena arena = {0};
    bool stopping = str_eq(record_line(&arena, cluster, RECORD_STATUS), STR("stopping"));
    arena_reset(&arena);
    return stopping;
}

// PostgreSQL finds out by itself that a recorded process is dead. Where its number has gone to
// another process it would refuse for ever; nobody works in the cluster, so the record is void.
static void clear_record(const struct cluster *cluster)
{
    if (process_any_works_in(cluster->folder.data))
        return;
    struct arena arena = {0};
    (void)unlink(str_printf(&arena, "%s/postmaster.pid", cluster->folder.data).ptr);
    (void)unlink(
        str_printf(&arena, "%s/.s.PGSQL.%d.lock", cluster->folder.socket, CLUSTER_PORT).ptr);
    arena_reset(&arena);
}

// Waits until the database answers; gives up when its server ends.
static bool await(struct cluster *cluster, struct db *db, int wait_ms)
{
    for (int waited_ms = 0; waited_ms < wait_ms && is_alive(cluster); waited_ms += STEP_MS) {
        if (!failed(db_ping(db)))
            return true;
        process_pause(STEP_MS);
    }
    return false;
}

// A server that a killed daemon left is kept when it answers, and ended when it does not.
static bool adopt(struct cluster *cluster, struct db *db)
{
    pid_t pid = recorded_pid(cluster);
    if (pid == 0 || !process_works_in(pid, cluster->folder.data))
        return false;
    cluster->pid = pid;
    cluster->is_child = false;
    if (is_stopping(cluster))
        (void)end(cluster, SIGINT, STOP_MS_MAX);
    else if (await(cluster, db, ADOPT_MS_MAX))
        return true;
    (void)(end(cluster, SIGQUIT, KILL_MS_MAX) || end(cluster, SIGKILL, KILL_MS_MAX));
    return false;
}

// The server refuses to start while processes of a killed one are still leaving: try again.
static bool start_and_await(struct cluster *cluster, struct db *db)
{
    for (int waited_ms = 0; waited_ms < START_MS_MAX; waited_ms += 500) {
        clear_record(cluster);
        if (failed(start_server(cluster)))
            return false;
        if (await(cluster, db, START_MS_MAX))
            return true;
        if (is_alive(cluster))
            return false;
        process_pause(500);
    }
    return false;
}

static str url_of(struct arena *arena, const struct cluster_folder *folder, const char *database)
{
    struct buf url = {.arena = arena};
    buf_addf(&url, "postgresql://%s@/%s?host=", folder->user, database);
    for (const char *c = folder->socket; *c != '\0'; c++) {
        if (*c == '/')
            buf_add(&url, STR("%2F"));
        else
            buf_add_char(&url, *c);
    }
    buf_addf(&url, "&port=%d", CLUSTER_PORT);
    return (str){str_to_c(arena, buf_str(&url)), url.len};
}

// A connection that is open already says nothing about the next one.
static result knock(const struct cluster *cluster)
{
    struct db *db = db_open(&(struct db_options){.url = cluster->url});
    result outcome = db_ping(db);
    db_close(db);
    return outcome;
}

static result bring_up(struct cluster *cluster, struct db *maintenance)
{
    if (!adopt(cluster, maintenance) && !start_and_await(cluster, maintenance))
        return FAIL(DB_AWAY, "PostgreSQL does not start; see postgresql.log");
    // A server that a killed daemon left may still be busy making it.
    for (int waited_ms = 0; waited_ms < KILL_MS_MAX; waited_ms += STEP_MS) {
        if (!failed(knock(cluster)))
            return OK;
        TRY(db_ping(maintenance));
        (void)failed(command_run(maintenance, "CREATE DATABASE phial"));
        process_pause(STEP_MS);
    }
    return knock(cluster);
}

result cluster_start(struct arena *arena, const char *folder, struct cluster **cluster)
{
    struct cluster *fresh = arena_new(arena, struct cluster);
    TRY(cluster_folder_open(arena, folder, &fresh->folder));
    fresh->url = url_of(arena, &fresh->folder, "phial").ptr;

    const char *url = url_of(arena, &fresh->folder, "postgres").ptr;
    struct db *maintenance = db_open(&(struct db_options){.url = url});
    result outcome = bring_up(fresh, maintenance);
    db_close(maintenance);
    if (failed(outcome)) {
        cluster_stop(fresh);
        return outcome;
    }
    *cluster = fresh;
    return OK;
}

const char *cluster_url(const struct cluster *cluster)
{
    return cluster->url;
}

bool cluster_watch(struct cluster *cluster)
{
    if (is_alive(cluster)) {
        cluster->looks_stopping = is_stopping(cluster) ? cluster->looks_stopping + 1 : 0;
        if (cluster->looks_stopping >= FAST_LOOKS)
            (void)kill(cluster->pid, cluster->looks_stopping < QUICK_LOOKS ? SIGINT : SIGQUIT);
        return cluster->looks_stopping == 0 && !failed(knock(cluster));
    }
    cluster->looks_stopping = 0;
    clear_record(cluster);
    (void)failed(start_server(cluster)); // the next look tells
    return false;
}

void cluster_stop(struct cluster *cluster)
{
    (void)(end(cluster, SIGINT, STOP_MS_MAX) || end(cluster, SIGQUIT, KILL_MS_MAX) ||
           end(cluster, SIGKILL, KILL_MS_MAX));
    (void)rmdir(cluster->folder.socket); // made again by the next start
}
