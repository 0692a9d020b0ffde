// SPDX-License-Identifier: Apache-2.0
// wire.h - a small server with handlers of its own, and a client that sends bytes as given.
#pragma once

#include "check_main.h"
#include "server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_MAX = 1 << 16, PATIENCE_MS = 5000 };

// What the handlers share with the test.
struct wire {
    struct http_server *server;
    struct log log;
    _Atomic int executed; // every run of a handler, and one more for /marked
    _Atomic int marked;
    _Atomic int tried; // runs of /quick without a database
    _Atomic int entered;
    _Atomic int left;
    _Atomic bool hold;                      // /slow waits for as long as this is set
    _Atomic bool locked;                    // enter refuses everyone
    _Atomic(const struct request *) parked; // /later waits for http_resume
    _Atomic(struct http_stream *) stream;   // what /stream answers with
};

struct wire_worker {
    struct wire *wire;
};

static inline struct wire *wire_of(const struct request *request)
{
    const struct wire_worker *worker = request->worker;
    return worker->wire;
}

static inline result get_hello(const struct request *request, struct reply *reply)
{
    wire_of(request)->executed++;
    return http_reply_text(reply, 200, "text/plain", STR("hello"));
}

static inline result get_marked(const struct request *request, struct reply *reply)
{
    wire_of(request)->marked++;
    return get_hello(request, reply);
}

static inline result get_slow(const struct request *request, struct reply *reply)
{
    while (wire_of(request)->hold)
        (void)usleep(1000);
    return get_hello(request, reply);
}

// Goes on later: ?a=once at once, before the handler has returned; ?a=fail fails then.
static inline result finish_later(const struct request *request, struct reply *reply)
{
    str how = STR("");
    (void)http_parameter(request, "a", &how);
    if (str_eq(how, STR("fail")))
        return FAIL(BUSY, "");
    return get_hello(request, reply);
}

static inline result again_later(const struct request *request, struct reply *reply)
{
    wire_of(request)->executed++;
    reply->later = finish_later;
    http_resume(request);
    return OK;
}

static inline result get_later(const struct request *request, struct reply *reply)
{
    str how = STR("");
    bool at_once = http_parameter(request, "a", &how) && !str_eq(how, STR("wait"));
    wire_of(request)->executed++;
    reply->later = again_later;
    if (at_once)
        http_resume(request);
    else
        wire_of(request)->parked = request;
    return OK;
}

// Tried on the loop first: ?a=work needs a worker, ?a=wait goes on when the test says so.
static inline result get_quick(const struct request *request, struct reply *reply)
{
    str how = STR("");
    (void)http_parameter(request, "a", &how);
    wire_of(request)->tried += request->db == NULL;
    if (request->db == NULL && str_eq(how, STR("work"))) {
        http_reply_header(reply, "X-Tried", STR("yes")); // forgotten
        return FAIL(WOULD_BLOCK, "");
    }
    return str_eq(how, STR("wait")) ? get_later(request, reply) : get_hello(request, reply);
}

static inline result post_echo(const struct request *request, struct reply *reply)
{
    wire_of(request)->executed++;
    return http_reply_text(reply, 200, "application/octet-stream", request->body);
}

static inline result post_json(const struct request *request, struct reply *reply)
{
    json_t *copy = request->json == NULL ? json_null() : json_deep_copy(request->json);
    return http_reply_json(request, reply, 201, json_pack("{s:o}", "got", copy));
}

static inline result get_args(const struct request *request, struct reply *reply)
{
    str value = STR("-");
    TRY(http_parameters_known(request, "a  b"));
    (void)http_parameter(request, "a", &value);
    return http_reply_text(reply, 200, "text/plain",
                           str_printf(request->arena, "[%" STR_FMT "][%" STR_FMT "][%" STR_FMT "]",
                                      STR_ARG(request->args[0]), STR_ARG(request->args[1]),
                                      STR_ARG(value)));
}

static inline result get_file(const struct request *request, struct reply *reply)
{
    FILE *file = tmpfile();
    (void)request;
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fputs("from a file", file), 1);
    ck_assert_int_eq(fflush(file), 0);
    reply->file = dup(fileno(file));
    reply->file_bytes = 11;
    (void)fclose(file);
    return http_reply_text(reply, 200, "application/x-tar", STR(""));
}

// ?a=fail fails after it has made one.
static inline result get_stream(const struct request *request, struct reply *reply)
{
    str how = STR("");
    struct http_stream *stream = NULL;
    TRY(http_reply_stream(reply, "text/event-stream", &stream));
    if (http_parameter(request, "a", &how)) {
        http_stream_end(stream);
        return FAIL(BUSY, "");
    }
    wire_of(request)->stream = stream;
    return OK;
}

static inline result get_faults(const struct request *request, struct reply *reply)
{
    (void)reply;
    faults_add(request->faults, STR("/a"), "invalid", "Not so.");
    faults_add_phi(request->faults, STR("/b"), "us_ssn");
    return faults_result(request->faults);
}

static inline result get_nothing(const struct request *request, struct reply *reply)
{
    (void)request;
    (void)reply;
    return OK;
}

static const struct route wire_routes[] = {
    {"GET", "/hello", get_hello, BODY_NONE, "", ""},
    {"GET", "/marked", get_marked, BODY_NONE, "", ""},
    {"GET", "/later", get_later, BODY_NONE, "", ""},
    {"GET", "/quick", get_quick, BODY_NONE, "", ""},
    {"GET", "/slow", get_slow, BODY_NONE, "", ""},
    {"GET", "/file", get_file, BODY_NONE, "", ""},
    {"GET", "/stream", get_stream, BODY_NONE, "", ""},
    {"GET", "/faults", get_faults, BODY_NONE, "", ""},
    {"GET", "/nothing", get_nothing, BODY_NONE, "", ""},
    {"GET", "/args/:one/and/:two", get_args, BODY_NONE, "", ""},
    {"POST", "/echo", post_echo, BODY_BYTES, "", ""},
    {"POST", "/json", post_json, BODY_JSON, "", ""},
};

static inline void *wire_worker_open(void *context, struct db *db)
{
    (void)db;
    struct wire_worker *worker = malloc(sizeof *worker);
    ck_assert_ptr_nonnull(worker);
    worker->wire = context;
    return worker;
}

static inline void wire_worker_close(void *worker)
{
    free(worker);
}

static inline result wire_enter(void *context, struct request *request, struct reply *reply)
{
    struct wire *wire = context;
    (void)request;
    (void)reply;
    wire->entered++;
    return wire->locked ? FAIL(UNAUTHENTICATED, "") : OK;
}

static inline void wire_leave(void *context, struct request *request, struct reply *reply,
                              result outcome)
{
    struct wire *wire = context;
    (void)request;
    ck_assert_int_eq(failed(outcome), reply->status >= 400);
    wire->left++;
}

static inline struct http_options wire_options(struct wire *wire)
{
    wire->log.least = LOG_ERROR;
    return (struct http_options){
        .address = "127.0.0.1",
        .workers = 2,
        .queue_max = 16,
        .connections_max = 100,
        .body_bytes_max = 1 << 20,
        .database = {.url = "host=/nonexistent"},
        .log = &wire->log,
        .routes = {wire_routes, COUNT_OF(wire_routes)},
        .context = wire,
        .worker_open = wire_worker_open,
        .worker_close = wire_worker_close,
        .enter = wire_enter,
        .leave = wire_leave,
    };
}

// As the real ones, in a hundredth of the time.
static inline struct http_limits wire_limits(void)
{
    struct http_limits limits = http_limits_default;
    limits.head_us = 300000;
    limits.body_window_us = 300000;
    limits.body_window_bytes = 100;
    limits.idle_seconds = 2;
    limits.tick_us = 20000;
    limits.stop_us = 3000000;
    return limits;
}

static inline void wire_start(struct wire *wire)
{
    struct http_options options = wire_options(wire);
    struct http_limits limits = wire_limits();
    ck_assert_ok(http_start_limited(&options, &limits, &wire->server));
}

static inline int wire_connect(const struct wire *wire)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)http_port(wire->server)),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    int yes = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

static inline bool wire_send(int fd, const char *bytes, size_t len)
{
    while (len != 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        len -= (size_t)sent;
    }
    return true;
}

// Reads until the server closes (true), or is silent for `patience` ms, or `stop` has been read.
static inline bool wire_read(int fd, char *answer, const char *stop, int patience)
{
    size_t len = strlen(answer);
    while (stop == NULL || strstr(answer, stop) == NULL) {
        struct pollfd polled = {.fd = fd, .events = POLLIN};
        if (poll(&polled, 1, patience) <= 0)
            return false;
        ck_assert_uint_lt(len, ANSWER_MAX - 1);
        ssize_t got = recv(fd, answer + len, ANSWER_MAX - 1 - len, 0);
        if (got <= 0)
            return got == 0;
        len += (size_t)got;
        answer[len] = '\0';
    }
    return false;
}

// Sends everything and reads until the server closes. The answer is the caller's to free.
static inline char *wire_exchange(const struct wire *wire, str bytes)
{
    char *answer = calloc(1, ANSWER_MAX);
    ck_assert_ptr_nonnull(answer);
    int fd = wire_connect(wire);
    ck_assert_int_ge(fd, 0);
    (void)wire_send(fd, bytes.ptr, bytes.len);
    ck_assert_msg(wire_read(fd, answer, NULL, PATIENCE_MS), "not closed after: %s", answer);
    (void)close(fd);
    return answer;
}

static inline size_t wire_count(const char *text, const char *part)
{
    size_t count = 0;
    while ((text = strstr(text, part)) != NULL) {
        count++;
        text += strlen(part);
    }
    return count;
}
