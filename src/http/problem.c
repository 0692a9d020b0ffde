// SPDX-License-Identifier: Apache-2.0
// problem.c - from a handler's outcome to a reply; failures become RFC 9457 documents.
#include "phial/http/http.h"
#include "phial/util/array.h"

#include <assert.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

void http_reply_header(struct reply *reply, const char *name, str value)
{
    assert(reply->header_count < REPLY_HEADERS_MAX);
    reply->headers[reply->header_count].name = name;
    reply->headers[reply->header_count].value = value;
    reply->header_count++;
}

result http_reply_json(const struct request *request, struct reply *reply, int status, json_t *json)
{
    OWNED(json_release) json_t *document = json;
    if (document == NULL)
        return FAIL(INTERNAL, "a document could not be made");
    reply->status = status;
    reply->media_type = STR("application/json");
    reply->body = json_print(request->arena, document);
    return OK;
}

result http_reply_text(struct reply *reply, int status, const char *media_type, str body)
{
    reply->status = status;
    reply->media_type = str_from(media_type);
    reply->body = body;
    return OK;
}

static bool has_header(const struct reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        if (strcasecmp(reply->headers[i].name, name) == 0)
            return true;
    }
    return false;
}

static void add_once(struct reply *reply, const char *name, str value)
{
    if (!has_header(reply, name) && reply->header_count < REPLY_HEADERS_MAX)
        http_reply_header(reply, name, value);
}

// What a status obliges to, whoever set it.
static void add_headers(const struct request *request, struct reply *reply, result why)
{
    if (reply->status == 401)
        add_once(reply, "WWW-Authenticate", STR("Bearer"));
    if (reply->status == 429 || reply->status == 503)
        add_once(reply, "Retry-After", STR("1"));
    if (why.code == ERR_UNSUPPORTED_CODING)
        add_once(reply, "Accept-Encoding", STR("gzip, zstd"));
    if (why.code == ERR_UNSUPPORTED_MEDIA_TYPE && request->route != NULL &&
        request->route->body == BODY_JSON)
        add_once(reply, str_eq(request->method, STR("POST")) ? "Accept-Post" : "Accept",
                 STR("application/json"));
}

static json_t *fault_json(const struct fault *fault)
{
    json_t *pointer = json_from_str(fault->pointer);
    json_t *json = json_pack("{s:o,s:s}", "pointer", pointer, "code", fault->code);
    if (json == NULL)
        return NULL;
    bool made = fault->detector == NULL ||
                json_object_set_new(json, "detector", json_string(fault->detector)) == 0;
    made = made && (fault->detail == NULL ||
                    json_object_set_new(json, "detail", json_string(fault->detail)) == 0);
    if (made)
        return json;
    json_decref(json);
    return NULL;
}

// One array; a fault that cannot be told is left out rather than losing the others.
static json_t *faults_json(const struct faults *faults)
{
    json_t *list = json_array();
    for (size_t i = 0; i < faults->count; i++)
        (void)json_array_append_new(list, fault_json(&faults->items[i]));
    return list;
}

// Why something is not there would tell what is; and what fails inside is for the log.
static bool is_telling(const struct error_info *info)
{
    return info->status != 404 && info->status != 500;
}

void http_problem(const struct request *request, struct reply *reply, result why)
{
    const struct error_info *info = error_info(why.code);
    bool detailed = is_telling(info) && why.detail != NULL && why.detail[0] != '\0';
    OWNED(json_release)
    json_t *json = json_pack(
        "{s:o,s:s,s:i,s:s,s:s,s:o}", "type", json_sprintf("/problems/%s", info->slug), "title",
        info->meaning, "status", info->status, "code", info->slug, "detail",
        detailed ? why.detail : info->meaning, "request_id", json_from_str(request->request_id));
    if (request->faults != NULL && request->faults->count != 0)
        (void)json_object_set_new(json, "errors", faults_json(request->faults));

    if (reply->file >= 0)
        (void)close(reply->file);
    reply->file = -1;
    reply->file_bytes = 0;
    reply->status = info->status;
    reply->media_type = STR("application/problem+json");
    reply->body = json == NULL ? STR("{}") : json_print(request->arena, json);
    add_headers(request, reply, why);
}
