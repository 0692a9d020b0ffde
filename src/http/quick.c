// SPDX-License-Identifier: Apache-2.0
// quick.c - the shortest way of a request that needs nothing but memory: the loop itself runs the
// handler, and who resumes it makes the answer. Whatever would wait goes to a worker.
#include "phial/util/lock.h"
#include "serve.h"
#include "server.h"

enum { QUICK_BYTES_MAX = 16 * 1024 }; // of a body: a larger one would hold up the loop

enum quick quick_serve(struct http_server *server, struct job *job)
{
    if (server->options.quick == NULL || job->body.len > QUICK_BYTES_MAX ||
        !serve_may_be_quick(&server->options, &job->request) || !queue_enter(server))
        return QUICK_NO;
    job->request.db = NULL;
    job->request.worker = server->front;
    bool served = serve_quick(&server->options, &job->request, &job->body, &job->reply);
    server->loop.stack_used = true;
    if (!served || job->reply.later == NULL) {
        queue_leave(server);
        return served ? QUICK_ANSWERED : QUICK_NO;
    }
    job->stage = JOB_QUEUED;
    MHD_suspend_connection(job->connection); // before anybody can resume it
    job_meet(job);
    return QUICK_DEFERRED;
}

// Whether this is the one to call the loop with.
static bool put_answered(struct http_server *server, struct job *job)
{
    HOLD(&server->lock);
    bool calls = !server->loop_called;
    server->loop_called = true;
    job->next = server->answered;
    server->answered = job;
    return calls;
}

// The first of many that are answered together wakes the loop, which resumes them all.
void job_answer(struct job *job)
{
    struct http_server *server = job->server;
    job->stage = JOB_ANSWERED; // it is the loop's from here
    if (put_answered(server, job))
        loop_wake(server);
    queue_leave(server);
}

static struct job *take_answered(struct http_server *server)
{
    HOLD(&server->lock);
    struct job *first = server->answered;
    server->answered = NULL;
    server->loop_called = false;
    return first;
}

void jobs_resume_answered(struct http_server *server)
{
    struct job *job = take_answered(server);
    while (job != NULL) {
        struct job *next = job->next;
        MHD_resume_connection(job->connection);
        job = next;
    }
}

void job_meet(struct job *job)
{
    struct http_server *server = job->server;
    while (atomic_exchange(&job->met, true)) {
        atomic_store(&job->met, false);
        job->request.db = NULL;
        job->request.worker = server->nothing;
        if (!serve_later(&server->options, &job->request, &job->reply)) {
            queue_resume(server, job);
            return;
        }
        if (job->reply.later == NULL) {
            job_answer(job);
            return;
        }
    }
}

void http_resume(const struct request *request)
{
    job_meet(request->message->job);
}
