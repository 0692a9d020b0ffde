// SPDX-License-Identifier: Apache-2.0
// job.c - a request's state; sends its answer, and notes that it did.
#include "phial/util/array.h"
#include "phial/util/elapsed.h"
#include "server.h"
#include "stream.h"

#include <stdlib.h>
#include <unistd.h>

enum { SPARE_JOBS_MAX = 64 };

struct job *job_new(struct http_server *server)
{
    struct job *job = server->loop.spare;
    if (job != NULL) {
        server->loop.spare = job->next;
        server->loop.spare_count--;
    } else {
        job = calloc(1, sizeof *job);
    }
    if (job == NULL)
        return NULL;
    job->next = NULL;
    job->server = server;
    job->reply.file = -1;
    job->request.arena = &job->arena;
    return job;
}

void job_end(struct job *job)
{
    struct http_server *server = job->server;
    if (job->reply.file >= 0)
        (void)close(job->reply.file);
    if (job->reply.stream != NULL)
        stream_release(job->reply.stream);
    server->bodies_bytes -= job->body_counted;
    bytes_wipe(&job->body);
    arena_clear(&job->arena);
    *job = (struct job){.next = server->loop.spare, .arena = job->arena};
    if (server->loop.spare_count == SPARE_JOBS_MAX) {
        arena_reset(&job->arena);
        free(job);
        return;
    }
    server->loop.spare = job;
    server->loop.spare_count++;
}

void jobs_free(struct http_server *server)
{
    while (server->loop.spare != NULL) {
        struct job *job = server->loop.spare;
        server->loop.spare = job->next;
        arena_reset(&job->arena);
        free(job);
    }
}

static struct MHD_Response *response_of(struct job *job)
{
    struct reply *reply = &job->reply;
    if (reply->stream != NULL) {
        struct MHD_Response *goes_on = stream_response(reply->stream, job);
        if (goes_on != NULL)
            reply->stream = NULL; // released with the response
        return goes_on;
    }
    if (reply->file < 0) // the body lives in the job's arena, which outlives the response
        return MHD_create_response_from_buffer(reply->body.len, only_read(reply->body.ptr),
                                               MHD_RESPMEM_PERSISTENT);
    struct MHD_Response *response = MHD_create_response_from_fd_at_offset64(
        (uint64_t)reply->file_bytes, reply->file, (uint64_t)reply->file_from);
    if (response != NULL)
        reply->file = -1; // closed with the response
    return response;
}

static void add_header(struct job *job, struct MHD_Response *response, const char *name, str value)
{
    if (value.len != 0)
        (void)MHD_add_response_header(response, name, str_to_c(&job->arena, value));
}

static void add_headers(struct job *job, struct MHD_Response *response)
{
    const struct reply *reply = &job->reply;
    bool cached = false;
    add_header(job, response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->media_type);
    add_header(job, response, "Request-Id", job->request.request_id);
    add_header(job, response, "X-Content-Type-Options", STR("nosniff"));
    for (size_t i = 0; i < reply->header_count; i++) {
        add_header(job, response, reply->headers[i].name, reply->headers[i].value);
        cached = cached || str_eq(str_from(reply->headers[i].name), STR("Cache-Control"));
    }
    if (!cached)
        add_header(job, response, MHD_HTTP_HEADER_CACHE_CONTROL, STR("no-store"));
    if (job->server->draining)
        add_header(job, response, MHD_HTTP_HEADER_CONNECTION, STR("close"));
}

// A method is the client's text; only those that are known are worth a line.
static str method_to_log(str method)
{
    static const char *const known[] = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"};
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (str_eq(method, str_from(known[i])))
            return method;
    }
    return STR("other");
}

static void note(struct job *job, int64_t bytes)
{
    struct figures *figures = &job->server->figures;
    int64_t duration_us = elapsed_us() - job->started_us;
    const struct route *route = job->request.route;
    figures_count_status(figures, job->reply.status);
    figures_count_duration(figures, duration_us);
    figures->bytes_out += (uint64_t)bytes;
    log_collect(&job->server->loop.lines, job->server->options.log, LOG_INFO, "request",
                LOG_FIELDS(log_text("method", method_to_log(job->request.method)),
                           log_text("route", route == NULL ? STR("none") : str_from(route->path)),
                           log_i64("status", job->reply.status),
                           log_i64("duration_us", duration_us), log_i64("bytes", bytes),
                           log_text("request_id", job->request.request_id),
                           log_text_if_any("trace_id", job->request.trace_id)));
}

enum MHD_Result job_reply(struct job *job)
{
    struct reply *reply = &job->reply;
    int64_t bytes = reply->file >= 0 ? reply->file_bytes : (int64_t)reply->body.len;
    struct MHD_Response *response = response_of(job);
    if (response == NULL)
        return MHD_NO;
    add_headers(job, response);
    enum MHD_Result queued = MHD_queue_response(job->connection, (unsigned)reply->status, response);
    MHD_destroy_response(response);
    if (queued == MHD_YES)
        note(job, str_eq(job->request.method, STR("HEAD")) ? 0 : bytes);
    return queued;
}

enum MHD_Result job_refuse(struct job *job, enum error_code code)
{
    http_problem(&job->request, &job->reply, (result){code, "", HERE});
    if (code == ERR_BUSY || code == ERR_STOPPING)
        job->server->figures.overload_refused++;
    return job_reply(job);
}
