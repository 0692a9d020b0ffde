// SPDX-License-Identifier: Apache-2.0
// queue.c - a bounded line of requests, and a fixed crew that serves them.
#include "lock.h"
#include "serve.h"
#include "server.h"

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

bool queue_add(struct http_server *server, struct job *job)
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
    (void)pthread_cond_signal(&server->work);
    return true;
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

static struct job *take(struct http_server *server)
{
    HOLD(&server->lock);
    while (server->first == NULL && server->resumed == NULL) {
        if (is_done(server))
            return NULL;
        (void)pthread_cond_wait(&server->work, &server->lock);
    }
    struct job *job = server->resumed != NULL ? take_resumed(server) : take_new(server);
    job->next = NULL;
    return job;
}

static void release(struct http_server *server)
{
    HOLD(&server->lock);
    server->running--;
    if (is_done(server))
        (void)pthread_cond_broadcast(&server->work);
}

// The second to come, be it the worker or who resumes, puts the job back.
static void meet(struct job *job)
{
    struct http_server *server = job->server;
    if (!atomic_exchange(&job->met, true))
        return;
    atomic_store(&job->met, false);
    HOLD(&server->lock);
    *server->resumed_last = job;
    server->resumed_last = &job->next;
    (void)pthread_cond_signal(&server->work);
}

void http_resume(const struct request *request)
{
    const char *bytes = (const char *)request;
    meet((struct job *)(uintptr_t)(bytes - offsetof(struct job, request)));
}

static void answer(struct http_server *server, struct job *job)
{
    struct MHD_Connection *connection = job->connection;
    job->stage = JOB_ANSWERED;
    MHD_resume_connection(connection);
    release(server);
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct http_server *server = worker->server;
    struct job *job = NULL;
    while ((job = take(server)) != NULL) {
        job->request.db = worker->db;
        job->request.worker = worker->own;
        if (job->reply.later == NULL)
            serve(&server->options, &job->request, &job->body, &job->reply);
        else
            serve_later(&server->options, &job->request, &job->reply);
        if (job->reply.later == NULL)
            answer(server, job);
        else
            meet(job);
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
}
