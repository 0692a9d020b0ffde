// SPDX-License-Identifier: Apache-2.0
// server.c - libmicrohttpd at the door, a fixed crew of workers behind it.
//
// The event loop (loop.c) never blocks: it collects a body, suspends the connection and queues the
// request. A worker runs the handler from start to end and hands the job back; the loop then sends
// the reply. So concurrency = workers = database connections.
#include "server.h"

#include "phial/crypto/crypto.h"
#include "phial/util/array.h"
#include "phial/util/elapsed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 1024,
    SPARE_FDS = 512,
    SPARE_CONNECTIONS = 128,       // beyond connections_max, only until room.c has made room
    CONNECTION_MEMORY = 64 * 1024, // room for the largest head, so that the guard is always first
    CONNECTION_MEMORY_STEP = 4 * 1024,
    SHED_BYTES = 64 * 1024, // a larger body is not read when the queue is full already
    SHORT_BODY_BYTES = 16 * 1024,
    STOP_POLL_US = 10000,
};

const struct http_limits http_limits_default = {
    .framing = {.target_max = 8192, .head_max = 32768},
    .head_us = 10000000,
    .body_window_us = 10000000,
    .body_window_bytes = 10240,
    .idle_seconds = 75,
    .linger_us = 2000000,
    .stop_us = 25000000,
    .stop_client_us = 10000000,
    .tick_us = 250000,
    .bodies_bytes_max = 512ULL << 20,
};

static str peer_of(struct job *job)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(job->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    char text[INET6_ADDRSTRLEN] = "";
    if (info == NULL || info->client_addr == NULL)
        return STR("");
    const struct sockaddr *address = info->client_addr;
    const void *bytes = NULL;
    if (address->sa_family == AF_INET)
        bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    else if (address->sa_family == AF_INET6)
        bytes = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (bytes == NULL || inet_ntop(address->sa_family, bytes, text, sizeof text) == NULL)
        return STR("");
    return str_copy(&job->arena, str_from(text));
}

// libmicrohttpd has the target only here as it was sent. What this makes is the request's state.
static void *on_target(void *closure, const char *target, struct MHD_Connection *connection)
{
    struct job *job = job_new(closure);
    if (job == NULL)
        return NULL;
    job->connection = connection;
    job->started_us = elapsed_us();
    job->request.request_id = crypto_id(&job->arena);
    job->request.target = str_copy(&job->arena, str_from(target));
    return job;
}

static enum MHD_Result on_header(void *closure, enum MHD_ValueKind kind, const char *name,
                                 size_t name_len, const char *value, size_t value_len)
{
    struct job *job = closure;
    (void)kind;
    message_add_header(&job->arena, job->request.message, (str){name, name_len},
                       (str){value, value_len});
    return MHD_YES;
}

static enum MHD_Result on_head(struct job *job, const char *method)
{
    job->stage = JOB_RECEIVING;
    job->request.method = str_copy(&job->arena, str_from(method));
    job->request.peer = peer_of(job);
    job->request.message = arena_new(&job->arena, struct http_message);
    job->request.message->job = job;
    (void)MHD_get_connection_values_n(job->connection, MHD_HEADER_KIND, on_header, job);
    job->request.trace_id = message_trace_id(http_header(&job->request, "Traceparent"));

    int64_t length = 0;
    (void)str_to_i64(http_header(&job->request, "Content-Length"), &length);
    if (length > 0 && length <= SHORT_BODY_BYTES)
        (void)bytes_reserve(&job->body, (size_t)length);
    bool asks_first = http_has_header(&job->request, "Expect");
    if ((asks_first || length > SHED_BYTES) && queue_is_full(job->server))
        return job_refuse(job, ERR_BUSY);
    return MHD_YES;
}

static void collect(struct job *job, str piece)
{
    struct http_server *server = job->server;
    if (job->refusal != ERR_NONE)
        return; // the rest is read and dropped
    server->bodies_bytes += piece.len;
    job->body_counted += piece.len;
    if (server->bodies_bytes > server->limits.bodies_bytes_max || !bytes_add(&job->body, piece))
        job->refusal = ERR_BUSY;
}

// libmicrohttpd calls this when headers are in, for each piece of body, at the end of the body,
// and once more after a resume.
// NOLINTNEXTLINE(readability-function-size): the parameters are libmicrohttpd's
static enum MHD_Result on_request(void *closure, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *bytes, size_t *bytes_len, void **state)
{
    struct http_server *server = closure;
    struct job *job = *state;
    (void)connection;
    (void)path;
    (void)version;
    if (job == NULL)
        return MHD_NO;
    if (job->stage == JOB_NEW)
        return on_head(job, method);
    if (*bytes_len != 0) {
        collect(job, (str){bytes, *bytes_len});
        *bytes_len = 0;
        return MHD_YES;
    }
    if (job->stage == JOB_ANSWERED)
        return job_reply(job);
    if (job->refusal != ERR_NONE)
        return job_refuse(job, job->refusal);
    enum quick quick = quick_serve(server, job);
    if (quick == QUICK_ANSWERED)
        return job_reply(job);
    bool taken = quick == QUICK_DEFERRED || queue_add(server, job);
    return taken ? MHD_YES : job_refuse(job, ERR_BUSY);
}

static struct guard *guard_of_connection(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : info->socket_context;
}

static void on_done(void *closure, struct MHD_Connection *connection, void **state,
                    enum MHD_RequestTerminationCode how)
{
    struct job *job = *state;
    struct guard *guard = guard_of_connection(connection);
    (void)closure;
    (void)how;
    if (guard != NULL)
        guard_request_done(guard);
    if (job == NULL)
        return;
    job_end(job);
    *state = NULL;
}

static void on_connection(void *closure, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct http_server *server = closure;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*context != NULL)
            guard_close(*context);
        *context = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info == NULL)
        return;
    *context = guard_open(&server->guards, info->connect_fd);
    if (*context == NULL)
        (void)shutdown(info->connect_fd, SHUT_RDWR); // nothing is served unguarded
}

static size_t keep_escapes(void *closure, struct MHD_Connection *connection, char *text)
{
    (void)closure;
    (void)connection;
    return strlen(text); // message.c decodes, strictly
}

// Why not; the one who started it knows the address.
static const char *listen_fault(int error)
{
    static const struct {
        int error;
        const char *says;
    } rows[] = {{EACCES, "cannot listen: that port is not for this user"},
                {EADDRINUSE, "cannot listen: already in use"},
                {EADDRNOTAVAIL, "cannot listen: this machine has no such address"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].error == error)
            return rows[i].says;
    }
    return "cannot listen";
}

static result listen_at(const struct addrinfo *found, int *listener)
{
    int fd = socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return FAIL(BAD_CONFIG, listen_fault(errno));
    int yes = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        result fault = FAIL(BAD_CONFIG, listen_fault(errno));
        (void)close(fd);
        return fault;
    }
    *listener = fd;
    return OK;
}

static int port_of(int fd)
{
    struct sockaddr_in6 address = {0}; // both families have the port at the same place
    socklen_t len = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        return 0;
    return ntohs(address.sin6_port);
}

static result start_listening(struct http_server *server)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    struct arena arena = {0};
    str port = str_printf(&arena, "%d", server->options.port);
    int status = getaddrinfo(server->options.address, str_to_c(&arena, port), &hints, &found);
    arena_reset(&arena);
    if (status != 0)
        return FAIL(BAD_CONFIG, "the address to listen on does not resolve");
    result listening = listen_at(found, &server->listener);
    freeaddrinfo(found);
    TRY(listening);
    server->port = port_of(server->listener);
    return OK;
}

// A descriptor for each connection, and some for everything else.
static void raise_fd_limit(const struct http_server *server)
{
    struct rlimit limit = {0};
    rlim_t wanted = (rlim_t)server->options.connections_max + SPARE_CONNECTIONS + SPARE_FDS;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static result start_daemon(struct http_server *server)
{
    const struct http_options *options = &server->options;
    bool tls = options->tls_certificate != NULL;
    struct MHD_OptionItem tls_items[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, only_read(options->tls_certificate)},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, only_read(options->tls_key)},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, only_read("NORMAL:-VERS-TLS1.0:-VERS-TLS1.1")},
        {MHD_OPTION_END, 0, NULL},
    };
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (tls ? MHD_USE_TLS : MHD_NO_FLAG), 0, NULL, NULL,
        on_request, server, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_LISTEN_SOCKET,
        server->listener, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
        MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL, MHD_OPTION_URI_LOG_CALLBACK, on_target, server,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)options->connections_max + SPARE_CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, server->limits.idle_seconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_MEMORY_INCREMENT, (size_t)CONNECTION_MEMORY_STEP, MHD_OPTION_ARRAY,
        tls ? tls_items : &tls_items[3], MHD_OPTION_END);
    if (server->daemon == NULL)
        return FAIL(BAD_CONFIG, "cannot start the HTTP server");
    return loop_start(server);
}

static result start(struct http_server *server)
{
    TRY(queue_open(server));
    TRY(start_listening(server));
    TRY(guards_open(&server->guards, &server->limits, (size_t)server->options.connections_max,
                    server->options.log, &server->figures));
    server->guarding = true;
    raise_fd_limit(server);
    return start_daemon(server);
}

result http_start_limited(const struct http_options *options, const struct http_limits *limits,
                          struct http_server **server)
{
    struct http_server *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL)
        return FAIL(INTERNAL, "out of memory");
    fresh->options = *options;
    fresh->limits = *limits;
    fresh->limits.framing.body_max = options->body_bytes_max;
    fresh->listener = -1;
    fresh->loop.wake = -1;
    result started = start(fresh);
    if (failed(started)) {
        http_stop(fresh);
        return started;
    }
    *server = fresh;
    return OK;
}

result http_start(const struct http_options *options, struct http_server **server)
{
    return http_start_limited(options, &http_limits_default, server);
}

int http_port(const struct http_server *server)
{
    return server->port;
}

void http_drain(struct http_server *server)
{
    if (server->daemon == NULL || server->draining)
        return;
    server->draining = true;
    loop_wake(server);
    (void)shutdown(server->listener, SHUT_RDWR); // who knocks now is refused, not kept waiting
    guards_drain(&server->guards);
}

// An answer that a worker has just made gets the time in which it can be sent.
static void await_idle(struct http_server *server)
{
    const struct http_limits *limits = &server->limits;
    int64_t began_us = elapsed_us();
    int64_t worked_us = began_us;
    for (int64_t now_us = began_us; !guards_all_idle(&server->guards); now_us = elapsed_us()) {
        if (queue_is_working(server))
            worked_us = now_us;
        if (now_us - began_us >= limits->stop_us || (now_us - began_us >= limits->stop_client_us &&
                                                     now_us - worked_us >= limits->linger_us))
            return;
        (void)usleep(STOP_POLL_US);
    }
}

void http_stop(struct http_server *server)
{
    http_drain(server);
    if (server->daemon != NULL)
        await_idle(server);
    queue_close(server); // before the daemon: no connection may be suspended when it ends
    loop_stop(server);
    jobs_resume_answered(server);
    if (server->daemon != NULL) {
        // The loop may have ended before it did so; the listener is ours to close.
        (void)MHD_quiesce_daemon(server->daemon);
        MHD_stop_daemon(server->daemon);
    }
    log_flush(&server->loop.lines);
    jobs_free(server);
    if (server->guarding)
        guards_close(&server->guards);
    if (server->listener >= 0)
        (void)close(server->listener);
    (void)pthread_cond_destroy(&server->work);
    (void)pthread_mutex_destroy(&server->lock);
    free(server);
}

void http_figures_read(const struct http_server *server, struct http_figures *figures)
{
    figures_read(&server->figures, figures);
}
