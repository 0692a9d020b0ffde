// SPDX-License-Identifier: Apache-2.0
// server.h - the daemon's parts, and a start with other limits for tests.
#pragma once

#include "body.h"
#include "bounds.h"
#include "figures.h"
#include "guard.h"
#include "loop.h"
#include "message.h"
#include "phial/http/http.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

enum { WORKERS_MAX = 256 };

// A request from its first line until its answer is sent. The loop owns it, except between
// QUEUED and ANSWERED, when a worker does.
struct job {
    struct job *next;
    struct http_server *server;
    struct MHD_Connection *connection;
    struct arena arena;
    struct request request;
    struct reply reply;
    struct bytes body;
    size_t body_counted; // of bodies_bytes_max
    int64_t started_us;
    enum error_code refusal; // decided while the body still arrives
    bool replied;
    _Atomic bool met; // of the two that end a deferral, http_resume and the worker, one was here
    _Atomic enum { JOB_NEW, JOB_RECEIVING, JOB_QUEUED, JOB_ANSWERED } stage;
};

struct worker {
    pthread_t thread;
    struct http_server *server;
    struct db *db;
    void *own; // made by worker_open
};

struct http_server {
    struct http_options options;
    struct http_limits limits;
    struct MHD_Daemon *daemon;
    int listener;
    int port;
    struct figures figures;
    struct guards guards;
    bool guarding;
    _Atomic bool draining;
    _Atomic uint64_t bodies_bytes;
    pthread_mutex_t lock; // guards the queue
    pthread_cond_t work;
    struct job *first;
    struct job **last;
    struct job *resumed; // deferred ones that go on; before any new one
    struct job **resumed_last;
    int queued;
    int running; // deferred ones included
    int idle;    // workers that wait for work
    bool waking; // one of them has been told
    bool stopping;
    struct job *answered; // for the loop to resume
    bool loop_called;     // it is about to look there
    struct loop loop;
    void *front;   // made by worker_open: for what is tried on the loop
    void *nothing; // another, never filled: for what is tried by who resumes
    struct worker workers[WORKERS_MAX];
    int worker_count;
};

// libmicrohttpd takes pointers to void, whether it writes there or not.
static inline void *only_read(const char *text)
{
    return (void *)(uintptr_t)text; // NOLINT(performance-no-int-to-ptr): drops const, nothing else
}

result http_start_limited(const struct http_options *options, const struct http_limits *limits,
                          struct http_server **server);

// On the loop's thread: a request's state, made and given back, and its answer.
struct job *job_new(struct http_server *server); // NULL: no memory
void job_end(struct job *job);
void jobs_free(struct http_server *server); // the spare ones
enum MHD_Result job_reply(struct job *job);
enum MHD_Result job_refuse(struct job *job, enum error_code code);

// quick.c: what needs nothing but memory is served where it arrives. NO: it needs a worker.
enum quick { QUICK_NO, QUICK_ANSWERED, QUICK_DEFERRED };
enum quick quick_serve(struct http_server *server, struct job *job);
// The second to come, be it who let the job wait or who resumes it, goes on with it.
void job_meet(struct job *job);
void job_answer(struct job *job);                      // hands it back to the loop
void jobs_resume_answered(struct http_server *server); // on the loop

// queue.c: the workers and what waits for them.
bool queue_enter(struct http_server *server); // false when it is stopping
void queue_leave(struct http_server *server);
void queue_resume(struct http_server *server, struct job *job);
result queue_open(struct http_server *server);
void queue_close(struct http_server *server);                // empties it first
bool queue_add(struct http_server *server, struct job *job); // false when it is full
bool queue_is_full(struct http_server *server);
bool queue_is_working(struct http_server *server); // or has something to work on
