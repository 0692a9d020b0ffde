// SPDX-License-Identifier: Apache-2.0
// loop.h - the event loop's own thread, and what belongs to it.
#pragma once

#include "phial/util/log.h"
#include "phial/util/result.h"

#include <pthread.h>
#include <stdatomic.h>

struct http_server;
struct job;

struct loop {
    pthread_t thread;
    int wake; // what it waits for beside connections; -1: none yet
    bool running;
    _Atomic bool ends;
    // of its thread alone
    bool stack_used; // by what may have held a body
    int spare_count;
    struct job *spare; // with an arena that has room
    struct log_lines lines;
};

result loop_start(struct http_server *server);
void loop_stop(struct http_server *server);
void loop_wake(struct http_server *server); // from any thread: there is something to look at
