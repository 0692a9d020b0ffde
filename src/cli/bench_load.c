// SPDX-License-Identifier: Apache-2.0
#include "bench_load.h"

#include "bench_answer.h"
#include "bench_socket.h"
#include "phial/util/elapsed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    HEAD_ROOM = 1024,
    RECEIVE_BYTES = 1 << 16,
    EVENTS_A_WAIT = 64,
    WAIT_US_MAX = 100000,
    RECONNECT_US = 100000,
    PATIENCE_US = 120000000, // for an answer, and for a server that is away
    RETRY_SECONDS_MAX = 60,
    LATENCIES_FIRST = 1 << 16,
};

// A request: its head is written just before its body once the body's length is known.
struct message {
    char *room;
    size_t begin;
    size_t end;
    struct bench_batch batch;
    bool is_made;
};

enum state {
    STATE_IDLE,    // no request in hand
    STATE_DUE,     // has one, to be sent at due_us
    STATE_SENDING, // and perhaps receiving an early answer
    STATE_AWAITING,
};

struct connection {
    int fd; // -1 when lost
    enum state state;
    struct message now;
    struct message next;
    size_t sent;
    int64_t due_us;
    int64_t started_us; // latency counts from here
    int64_t sent_us;
    int64_t away_us; // since when nothing was answered; 0: it answers
    struct bench_reader reader;
};

struct load {
    struct arena *arena;
    struct bench_events *events;
    struct bench_figures *figures;
    const struct bench_options *options;
    struct bench_target target;
    str head; // of a request, up to the digits of its length
    int epoll;
    struct connection *connections;
    size_t count;
    size_t idle; // connections without a request
    int64_t begun_us;
    int64_t until_us; // no request is begun after it
    int64_t begun;    // requests
    char *received;
};

static bool make_message(struct load *load, struct message *message)
{
    size_t len = 0;
    char length[24];
    if (!bench_events_next(load->events, message->room + HEAD_ROOM, &len, &message->batch))
        return false;
    int digits = snprintf(length, sizeof length, "%zu\r\n\r\n", len);
    message->begin = HEAD_ROOM - (size_t)digits - load->head.len;
    message->end = HEAD_ROOM + len;
    memcpy(message->room + message->begin, load->head.ptr, load->head.len);
    memcpy(message->room + message->begin + load->head.len, length, (size_t)digits);
    message->is_made = true;
    return true;
}

static void watch(const struct load *load, struct connection *connection, int what, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = connection};
    (void)epoll_ctl(load->epoll, what, connection->fd, &event);
}

static void go_idle(struct load *load, struct connection *connection)
{
    connection->now.is_made = false;
    connection->state = STATE_IDLE;
    load->idle++;
}

static void send_later(struct connection *connection, int64_t due_us)
{
    connection->state = STATE_DUE;
    connection->due_us = due_us;
}

// What became of it is not known: the same again, on a new connection. After a long silence it is
// given up.
static void lose(struct load *load, struct connection *connection)
{
    int64_t now = elapsed_us();
    bool asked = connection->state == STATE_SENDING || connection->state == STATE_AWAITING;
    if (connection->fd >= 0) {
        (void)close(connection->fd);
        load->figures->reconnects += asked;
    }
    connection->fd = -1;
    if (!asked)
        return;
    if (connection->away_us == 0)
        connection->away_us = now;
    if (now - connection->away_us < PATIENCE_US) {
        send_later(connection, now + RECONNECT_US);
        return;
    }
    load->figures->errors += connection->now.batch.fresh + connection->now.batch.repeats;
    load->figures->unknown += connection->now.batch.fresh;
    go_idle(load, connection);
}

static void send_more(struct load *load, struct connection *connection)
{
    const struct message *message = &connection->now;
    size_t size = message->end - message->begin;
    while (connection->sent < size) {
        ssize_t took = send(connection->fd, message->room + message->begin + connection->sent,
                            size - connection->sent, MSG_NOSIGNAL);
        if (took < 0 && errno == EINTR)
            continue;
        if (took < 0 && errno == EAGAIN) {
            if (connection->state != STATE_SENDING)
                watch(load, connection, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
            connection->state = STATE_SENDING;
            return;
        }
        if (took < 0) {
            lose(load, connection);
            return;
        }
        connection->sent += (size_t)took;
    }
    if (connection->state == STATE_SENDING)
        watch(load, connection, EPOLL_CTL_MOD, EPOLLIN);
    connection->state = STATE_AWAITING;
}

static void send_now(struct load *load, struct connection *connection)
{
    if (connection->fd < 0) {
        connection->fd = bench_socket_open(&load->target);
        connection->state = STATE_AWAITING;
        if (connection->fd < 0) {
            lose(load, connection);
            return;
        }
        watch(load, connection, EPOLL_CTL_ADD, EPOLLIN);
    }
    bench_reader_reset(&connection->reader);
    connection->sent = 0;
    connection->sent_us = elapsed_us();
    connection->state = STATE_AWAITING;
    send_more(load, connection);
}

// Repeats are drawn from what was acknowledged, so none is made ahead before there is something.
static void make_ahead(struct load *load, struct connection *connection)
{
    bool may = load->events->share == 0 || load->events->acknowledged_count != 0;
    if (may && !connection->next.is_made)
        (void)make_message(load, &connection->next);
}

// Takes the next request, if there is one, and sends it when it is due.
static void begin(struct load *load, struct connection *connection)
{
    int64_t now = elapsed_us();
    int64_t due = now;
    if (load->options->rate != 0)
        due = load->begun_us + load->begun * 1000000 / load->options->rate;
    if (due >= load->until_us || now >= load->until_us ||
        (!connection->next.is_made && !make_message(load, &connection->next))) {
        go_idle(load, connection);
        return;
    }
    struct message made = connection->next;
    connection->next = connection->now;
    connection->next.is_made = false;
    connection->now = made;
    connection->started_us = due;
    load->begun++;
    if (due > now)
        send_later(connection, due);
    else
        send_now(load, connection);
    make_ahead(load, connection);
}

static void add_latency(struct load *load, int64_t us)
{
    struct bench_figures *figures = load->figures;
    if (figures->latency_count == figures->latency_size) {
        size_t size =
            figures->latency_size == 0 ? LATENCIES_FIRST : (size_t)2 * figures->latency_size;
        uint32_t *more = arena_array(load->arena, uint32_t, size);
        if (figures->latency_count != 0)
            memcpy(more, figures->latencies_us, figures->latency_count * sizeof *more);
        figures->latencies_us = more;
        figures->latency_size = size;
    }
    figures->latencies_us[figures->latency_count++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static void count_answer(struct load *load, const struct connection *connection)
{
    const struct bench_answer *answer = &connection->reader.answer;
    const struct bench_batch *batch = &connection->now.batch;
    struct bench_figures *figures = load->figures;
    figures->requests++;
    add_latency(load, elapsed_us() - connection->started_us);
    if (!answer->has_counts) {
        figures->errors += batch->fresh + batch->repeats;
        figures->unknown += batch->fresh;
        return;
    }
    int64_t refused = answer->rejected < batch->fresh ? answer->rejected : batch->fresh;
    figures->accepted += answer->accepted;
    figures->duplicates += answer->duplicates;
    figures->errors += answer->rejected;
    figures->acknowledged += batch->fresh - refused;
    if (answer->rejected == 0)
        bench_events_acknowledge(load->events, batch);
}

static void take_answer(struct load *load, struct connection *connection)
{
    const struct bench_answer *answer = &connection->reader.answer;
    bool again = answer->status == 429 || answer->status == 503;
    bool early = connection->state == STATE_SENDING; // the rest of the body is not wanted
    connection->away_us = 0;
    if (!again)
        count_answer(load, connection);
    if (answer->closes || early) {
        (void)close(connection->fd);
        connection->fd = -1;
    }
    if (!again) {
        begin(load, connection);
        return;
    }
    int64_t pause = answer->retry_after;
    pause = pause < 1 ? 1 : pause > RETRY_SECONDS_MAX ? RETRY_SECONDS_MAX : pause;
    load->figures->retries++;
    send_later(connection, elapsed_us() + pause * 1000000);
}

static void receive(struct load *load, struct connection *connection)
{
    ssize_t got = recv(connection->fd, load->received, RECEIVE_BYTES, 0);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    bool expected = connection->state == STATE_SENDING || connection->state == STATE_AWAITING;
    if (got <= 0 || !expected) {
        lose(load, connection);
        return;
    }
    switch (bench_reader_feed(&connection->reader, (str){load->received, (size_t)got})) {
    case READING_MORE:
        break;
    case READING_DONE:
        take_answer(load, connection);
        break;
    case READING_BROKEN:
        lose(load, connection);
        break;
    }
}

// Sends what has become due and gives up waiting for what is overdue; yields how long to sleep.
static int attend(struct load *load)
{
    int64_t now = elapsed_us();
    int64_t wake = now + WAIT_US_MAX;
    for (size_t i = 0; i < load->count; i++) {
        struct connection *connection = &load->connections[i];
        bool waits = connection->state == STATE_SENDING || connection->state == STATE_AWAITING;
        if (connection->state == STATE_DUE && connection->due_us <= now)
            send_now(load, connection);
        else if (waits && now - connection->sent_us > PATIENCE_US)
            lose(load, connection);
        if (connection->state == STATE_DUE && connection->due_us < wake)
            wake = connection->due_us;
    }
    return wake <= now ? 0 : (int)((wake - now + 999) / 1000);
}

static void drive(struct load *load)
{
    struct epoll_event ready[EVENTS_A_WAIT];
    int64_t attended_us = 0;
    int sleep_ms = 0;
    while (load->idle < load->count) {
        if (load->options->rate != 0 || elapsed_us() - attended_us >= 1000) {
            sleep_ms = attend(load);
            attended_us = elapsed_us();
        }
        int count = epoll_wait(load->epoll, ready, EVENTS_A_WAIT, sleep_ms);
        for (int i = 0; i < count; i++) {
            struct connection *connection = ready[i].data.ptr;
            if (connection->fd >= 0 && (ready[i].events & EPOLLOUT) != 0)
                send_more(load, connection);
            if (connection->fd >= 0 && (ready[i].events & ~(uint32_t)EPOLLOUT) != 0)
                receive(load, connection);
        }
    }
}

static result prepare(struct load *load)
{
    const struct bench_options *options = load->options;
    size_t events = options->single ? 1 : (size_t)options->batch;
    size_t room = HEAD_ROOM + events * BENCH_EVENT_BYTES_MAX;
    TRY(bench_target_find(load->arena, options->server.url, &load->target));
    load->head =
        str_printf(load->arena,
                   "POST %" STR_FMT "/v1/events HTTP/1.1\r\nHost: %" STR_FMT
                   "\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: ",
                   STR_ARG(load->target.path), STR_ARG(load->target.authority), options->server.key,
                   options->single ? "application/json" : "application/x-ndjson");
    if (load->head.len + 24 > HEAD_ROOM)
        return FAIL(INVALID, "the URL and the key are too long");

    load->received = arena_array(load->arena, char, RECEIVE_BYTES);
    load->connections = arena_array(load->arena, struct connection, load->count);
    for (size_t i = 0; i < load->count; i++) {
        struct connection *connection = &load->connections[i];
        connection->now.room = arena_array(load->arena, char, room);
        connection->next.room = arena_array(load->arena, char, room);
        connection->fd = bench_socket_open(&load->target);
        if (connection->fd < 0)
            return FAIL(INTERNAL, "cannot open that many connections to the server");
        watch(load, connection, EPOLL_CTL_ADD, EPOLLIN);
    }
    return OK;
}

static void close_all(struct load *load)
{
    for (size_t i = 0; load->connections != NULL && i < load->count; i++) {
        if (load->connections[i].fd > 0)
            (void)close(load->connections[i].fd);
    }
    (void)close(load->epoll);
}

result bench_load(struct arena *arena, struct bench_events *events, struct bench_figures *figures)
{
    struct load load = {.arena = arena,
                        .events = events,
                        .figures = figures,
                        .options = events->options,
                        .epoll = epoll_create1(EPOLL_CLOEXEC),
                        .count = (size_t)events->options->connections,
                        .until_us = INT64_MAX};
    if (load.epoll < 0)
        return FAIL(INTERNAL, "no epoll");
    result prepared = prepare(&load);
    if (!failed(prepared)) {
        load.begun_us = elapsed_us();
        if (load.options->single)
            load.until_us = load.begun_us + load.options->seconds * 1000000;
        for (size_t i = 0; i < load.count; i++)
            begin(&load, &load.connections[i]);
        drive(&load);
        figures->elapsed_us = elapsed_us() - load.begun_us;
    }
    close_all(&load);
    return prepared;
}
