// SPDX-License-Identifier: Apache-2.0
#include "serve.h"

#include "route.h"
#include "stream.h"

#include <strings.h>

static result decode_args(struct request *request)
{
    for (size_t i = 0; i < PATH_ARGS_MAX; i++) {
        str raw = request->args[i];
        if (!message_decode(request->arena, raw, false, &request->args[i]))
            return FAIL(BAD_REQUEST, "The path does not decode.");
    }
    return OK;
}

// HEAD is GET; libmicrohttpd keeps the body back.
static str method_to_match(const struct request *request)
{
    return str_eq(request->method, STR("HEAD")) ? STR("GET") : request->method;
}

static result find_route(const struct http_options *options, struct request *request,
                         struct reply *reply)
{
    str path = {0};
    TRY(message_check(request->message));
    TRY(message_read_target(request, &path));
    result matched =
        http_match(options->routes, method_to_match(request), path, &request->route, request->args);
    if (matched.code == ERR_METHOD_NOT_ALLOWED) {
        http_reply_header(reply, "Allow", route_allow(request->arena, options->routes, path));
        if (str_eq(request->method, STR("OPTIONS"))) {
            reply->status = 204;
            return OK;
        }
    }
    TRY(matched);
    return decode_args(request);
}

static result read_json(const struct request *request, json_t **json)
{
    bool is_json = str_eq(request->media_type, STR("application/json"));
    if (!is_json && (request->media_type.len != 0 || request->body.len != 0))
        return FAIL(UNSUPPORTED_MEDIA_TYPE, "");
    return request->body.len == 0 ? OK : json_parse(request->body, json);
}

static result read_body(const struct http_options *options, struct request *request,
                        struct bytes *body, json_t **json)
{
    request->media_type = message_media_type(request->arena, http_header(request, "Content-Type"));
    if (request->route->body == BODY_NONE)
        return OK;
    if (!message_is_utf8(http_header(request, "Content-Type")))
        return FAIL(UNSUPPORTED_MEDIA_TYPE, "The body's charset can only be UTF-8.");
    TRY(body_decode(http_header(request, "Content-Encoding"), options->body_bytes_max, body));
    request->body = bytes_str(body);
    return request->route->body == BODY_JSON ? read_json(request, json) : OK;
}

static void log_failure(const struct http_options *options, const struct request *request,
                        result outcome)
{
    int status = error_info(outcome.code)->status;
    if (status < 500)
        return;
    enum log_level level = status == 503 ? LOG_WARN : LOG_ERROR; // 503: come again
    log_write(options->log, level, "request_failed",
              LOG_FIELDS(log_text("code", str_from(error_info(outcome.code)->slug)),
                         log_text("detail", str_from(outcome.detail)),
                         log_text("where", str_from(outcome.where)),
                         log_text("request_id", request->request_id),
                         log_text_if_any("trace_id", request->trace_id)));
}

static void complete(const struct http_options *options, const struct request *request,
                     struct reply *reply, result outcome)
{
    log_failure(options, request, outcome);
    if (reply->media_type.len == 0 && (reply->body.len != 0 || reply->file >= 0))
        reply->media_type = STR("application/json");
}

static void drop_stream(struct reply *reply)
{
    if (reply->stream != NULL)
        stream_release(reply->stream);
    reply->stream = NULL;
}

// What comes of a handler: an answer, or that it goes on later.
static void settle(const struct http_options *options, struct request *request, struct reply *reply,
                   result outcome)
{
    if (!failed(outcome) && reply->later != NULL)
        return;
    reply->later = NULL;
    if (!failed(outcome) && reply->status == 0)
        outcome = FAIL(INTERNAL, "a handler did not answer");
    if (failed(outcome)) {
        drop_stream(reply);
        http_problem(request, reply, outcome);
    }
    if (options->leave != NULL)
        options->leave(options->context, request, reply, outcome);
    complete(options, request, reply, outcome);
}

// Who may not ask does not learn what was wrong with the body either.
static void run(const struct http_options *options, struct request *request, struct bytes *body,
                struct reply *reply)
{
    OWNED(json_release) json_t *json = NULL;
    result readable = read_body(options, request, body, &json);
    request->json = json;
    result outcome = OK;
    if (options->enter != NULL)
        outcome = options->enter(options->context, request, reply);
    if (!failed(outcome) && reply->status == 0) {
        outcome = failed(readable) ? readable : request->route->handler(request, reply);
        if (readable.code == ERR_INVALID) // a number; jansson does not say where
            faults_add(request->faults, STR(""), "decimal_expected", readable.detail);
    }
    settle(options, request, reply, outcome);
    request->json = NULL;
}

void serve(const struct http_options *options, struct request *request, struct bytes *body,
           struct reply *reply)
{
    request->faults = arena_new(request->arena, struct faults);
    request->faults->arena = request->arena;
    result outcome = find_route(options, request, reply);
    if (!failed(outcome) && request->route != NULL) {
        run(options, request, body, reply);
        return;
    }
    if (failed(outcome))
        http_problem(request, reply, outcome);
    complete(options, request, reply, outcome);
}

// Looks at no other route.
bool serve_may_be_quick(const struct http_options *options, struct request *request)
{
    str path = {0};
    const struct route_table table = {options->quick, 1};
    return !failed(message_check(request->message)) &&
           !failed(message_read_target(request, &path)) &&
           !failed(http_match(table, request->method, path, &request->route, request->args)) &&
           !http_has_header(request, "Content-Encoding") &&
           message_is_utf8(http_header(request, "Content-Type"));
}

static result run_quick(const struct http_options *options, struct request *request,
                        struct reply *reply)
{
    if (options->enter != NULL)
        TRY(options->enter(options->context, request, reply));
    return reply->status == 0 ? request->route->handler(request, reply) : OK;
}

bool serve_quick(const struct http_options *options, struct request *request,
                 const struct bytes *body, struct reply *reply)
{
    const struct reply untouched = *reply;
    request->faults = arena_new(request->arena, struct faults);
    request->faults->arena = request->arena;
    request->media_type = message_media_type(request->arena, http_header(request, "Content-Type"));
    request->body = bytes_str(body);
    result outcome = run_quick(options, request, reply);
    if (outcome.code == ERR_WOULD_BLOCK) {
        *reply = untouched;
        return false;
    }
    settle(options, request, reply, outcome);
    return true;
}

bool serve_later(const struct http_options *options, struct request *request, struct reply *reply)
{
    const struct reply untouched = *reply;
    http_handler later = reply->later;
    reply->later = NULL;
    result outcome = later(request, reply);
    if (outcome.code == ERR_WOULD_BLOCK) {
        *reply = untouched;
        return false;
    }
    settle(options, request, reply, outcome);
    return true;
}
