// SPDX-License-Identifier: Apache-2.0
// queue.c - a bounded line of requests, and a fixed crew that serves them.
#include "phial/util/lock.h"
#include "phial/util/wipe.h"
#include "serve.h"
#include "server.h"

#include <stdlib.h>

bool queue_is_full(struct http_server *server)
{
    HOLD(&server->lock);
    return server->stopping || server->queued >= server->options.queue_max;
}

bool queue_is_working(struct http_server *server)
{
    HOLD(&server->lock);
    return server->queued + server->running > 0;
}

// One worker at a time is woken, and wakes the next where more is left than it takes: who finds
// work without having slept needs no waking. Called with the lock held; true: signal without it.
static bool must_wake(struct http_server *server)
{
    bool left = server->first != NULL || server->resumed != NULL;
    if (!left || server->idle == 0 || server->waking)
        return false;
    server->waking = true;
    return true;
}

static void wake(struct http_server *server, bool must)
{
    if (must)
        (void)pthread_cond_signal(&server->work);
}

static bool put_new(struct http_server *server, struct job *job, bool *wakes)
{
    HOLD(&server->lock);
    if (server->stopping || server->queued >= server->options.queue_max)
        return false;
    job->stage = JOB_QUEUED;
    MHD_suspend_connection(job->connection); // before a worker can see the job
    *server->last = job;
    server->last = &job->next;
    server->queued++;
    server->figures.queued++;
    server->figures.queue_length++;
    *wakes = must_wake(server);
    return true;
}

bool queue_add(struct http_server *server, struct job *job)
{
    bool wakes = false;
    bool put = put_new(server, job, &wakes);
    wake(server, wakes);
    return put;
}

static bool put_resumed(struct http_server *server, struct job *job)
{
    HOLD(&server->lock);
    *server->resumed_last = job;
    server->resumed_last = &job->next;
    return must_wake(server);
}

void queue_resume(struct http_server *server, struct job *job)
{
    wake(server, put_resumed(server, job));
}

// Nothing is left to do, and nothing that is deferred can come back.
static bool is_done(const struct http_server *server)
{
    return server->stopping && server->running == 0;
}

static struct job *take_resumed(struct http_server *server)
{
    struct job *job = server->resumed;
    server->resumed = job->next;
    if (server->resumed == NULL)
        server->resumed_last = &server->resumed;
    return job;
}

static struct job *take_new(struct http_server *server)
{
    struct job *job = server->first;
    server->first = job->next;
    if (server->first == NULL)
        server->last = &server->first;
    server->queued--;
    server->running++;
    server->figures.queue_length--;
    return job;
}

static struct job *take(struct http_server *server, bool *wakes)
{
    HOLD(&server->lock);
    while (server->first == NULL && server->resumed == NULL) {
        if (is_done(server))
            return NULL;
        server->idle++;
        (void)pthread_cond_wait(&server->work, &server->lock);
        server->idle--;
        server->waking = false;
    }
    struct job *job = server->resumed != NULL ? take_resumed(server) : take_new(server);
    job->next = NULL;
    *wakes = must_wake(server);
    return job;
}

bool queue_enter(struct http_server *server)
{
    HOLD(&server->lock);
    server->running += !server->stopping;
    return !server->stopping;
}

void queue_leave(struct http_server *server)
{
    HOLD(&server->lock);
    server->running--;
    if (is_done(server))
        (void)pthread_cond_broadcast(&server->work);
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct http_server *server = worker->server;
    struct job *job = NULL;
    bool wakes = false;
    while ((job = take(server, &wakes)) != NULL) {
        wake(server, wakes);
        job->request.db = worker->db;
        job->request.worker = worker->own;
        if (job->reply.later == NULL)
            serve(&server->options, &job->request, &job->body, &job->reply);
        else if (!serve_later(&server->options, &job->request, &job->reply))
            abort(); // with a connection nothing would block
        wipe_stack();
        if (job->reply.later == NULL)
            job_answer(job);
        else
            job_meet(job);
    }
    return NULL;
}

static result start_worker(struct http_server *server, struct worker *worker)
{
    const struct http_options *options = &server->options;
    worker->server = server;
    worker->db = db_open(&options->database);
    if (options->worker_open != NULL)
        worker->own = options->worker_open(options->context, worker->db);
    if (pthread_create(&worker->thread, NULL, work, worker) == 0)
        return OK;
    if (options->worker_close != NULL)
        options->worker_close(worker->own);
    db_close(worker->db);
    return FAIL(INTERNAL, "cannot start a worker");
}

result queue_open(struct http_server *server)
{
    server->last = &server->first;
    server->resumed_last = &server->resumed;
    (void)pthread_mutex_init(&server->lock, NULL);
    (void)pthread_cond_init(&server->work, NULL);
    if (server->options.worker_open != NULL) {
        server->front = server->options.worker_open(server->options.context, NULL);
        server->nothing = server->options.worker_open(server->options.context, NULL);
    }
    if (server->options.workers < 1 || server->options.workers > WORKERS_MAX)
        return FAIL(BAD_CONFIG, "workers");
    while (server->worker_count < server->options.workers) {
        TRY(start_worker(server, &server->workers[server->worker_count]));
        server->worker_count++;
    }
    return OK;
}

void queue_close(struct http_server *server)
{
    {
        HOLD(&server->lock);
        server->stopping = true;
        (void)pthread_cond_broadcast(&server->work);
    }
    for (int i = 0; i < server->worker_count; i++) {
        struct worker *worker = &server->workers[i];
        (void)pthread_join(worker->thread, NULL);
        if (server->options.worker_close != NULL)
            server->options.worker_close(worker->own);
        db_close(worker->db);
    }
    if (server->options.worker_close != NULL && server->front != NULL) {
        server->options.worker_close(server->front);
        server->options.worker_close(server->nothing);
    }
}
