// SPDX-License-Identifier: Apache-2.0
// guard.h - stands between the socket and libmicrohttpd, and looks at every byte first.
//
// A guard belongs to one connection. It hands on what the framing scanner understands; at the
// first byte that it does not, libmicrohttpd gets the complete requests before it and nothing
// more, and once those are answered the client gets a problem document and the end of the
// connection. So nothing of a refused request, and nothing after it, is ever executed. The
// same way ends a request that takes too long to arrive. See docs/adr/0013-framing-guard.md.
#pragma once

#include "bounds.h"
#include "figures.h"
#include "framing.h"
#include "phial/http/http.h"

#include <pthread.h>
#include <stdatomic.h>

enum { LINGERING_MAX = 128 };

struct guard {
    struct guards *guards;
    struct guard *next;
    struct guard **link;
    int fd;
    struct framing framing;
    result refused; // ERR_NONE as long as all is well
    bool answered;
    bool spoken;        // its first byte has come
    bool leaving;       // told to end, by room.c or watch.c
    unsigned under_way; // complete requests that are not answered yet
    enum framing_phase phase;
    int64_t since_us; // when the head, the body's window, or being idle began
    uint64_t window_bytes;
};

// The connections of one server, and the thread that watches their times.
struct guards {
    const struct http_limits *limits;
    const struct log *log;
    struct figures *figures;
    pthread_t watcher;
    int wake;             // eventfd
    pthread_mutex_t lock; // guards all below, and every guard
    struct guard *first;
    size_t connections_max;
    size_t count;
    size_t leaving;
    size_t under_way; // connections with something that is not answered yet
    bool draining;
    bool stopping;
    struct lingering {
        int fd;
        int64_t until_us;
    } lingering[LINGERING_MAX];
    size_t lingering_count;
};

result guards_open(struct guards *guards, const struct http_limits *limits, size_t connections_max,
                   const struct log *log, struct figures *figures);
void guards_close(struct guards *guards);
void guards_drain(struct guards *guards); // idle connections end; the others when they fall idle
bool guards_all_idle(struct guards *guards);

struct guard *guard_open(struct guards *guards, int fd); // NULL when there is no room
void guard_request_done(struct guard *guard);
void guard_close(struct guard *guard); // before the socket is closed

// room.c: under the lock.
void guard_end(struct guard *guard); // without a word, unless it was refused
void guards_make_room(struct guards *guards, struct guard *newcomer);

// The body of the watcher thread (watch.c), which takes the guards.
void *guards_watch(void *argument);
