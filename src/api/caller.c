// SPDX-License-Identifier: Apache-2.0
#include "caller.h"

#include "phial/util/encode.h"

result caller_unbound(const struct request *request)
{
    if (bound_customer(request) != 0)
        return FAIL(FORBIDDEN, "The key is bound to one customer, and this concerns them all.");
    return OK;
}

result caller_customer(struct db_tx *tx, const struct request *request, str key,
                       struct customer *customer)
{
    struct customer found = {0};
    TRY(customer_get(tx, key, &found));
    if (bound_customer(request) != 0 && bound_customer(request) != found.id)
        return FAIL(NOT_FOUND, "No such resource.");
    record_customer(request, found.key);
    *customer = found;
    return OK;
}

result caller_narrow(struct db_tx *tx, const struct request *request, str key, int64_t *customer_id)
{
    struct customer named = {.id = bound_customer(request)};
    if (key.len != 0)
        TRY(caller_customer(tx, request, key, &named));
    *customer_id = named.id;
    return OK;
}

result caller_has_reason(const struct request *request)
{
    if (caller_of(request)->change.reason.len == 0)
        return FAIL(REASON_REQUIRED, "This change needs a Phial-Reason.");
    return OK;
}

struct json_at document_of(const struct request *request)
{
    request->faults->count = 0;
    return (struct json_at){request->json, STR(""), request->faults};
}

result document_required(const struct request *request)
{
    if (request->json == NULL)
        return FAIL(INVALID_JSON, "The request needs a JSON document as its body.");
    return OK;
}

struct json_at document_optional(const struct request *request, json_t **document)
{
    struct json_at at = document_of(request);
    *document = request->json == NULL ? json_object() : json_incref(json_iterable(request->json));
    at.value = *document;
    return at;
}

bool is_read(const struct request *request)
{
    return str_eq(request->method, STR("GET")) || str_eq(request->method, STR("HEAD"));
}

void reply_etag(const struct request *request, struct reply *reply, str tag)
{
    http_reply_header(reply, "ETag", str_printf(request->arena, "\"%" STR_FMT "\"", STR_ARG(tag)));
}

// "*" or a list of tags, without their quotes and with a comma between them. Weak ones are left
// out: they match nothing here. False when malformed.
static bool read_tags(struct arena *arena, str header, bool weak_too, str *tags)
{
    struct buf text = {.arena = arena};
    str rest = str_trim(header);
    if (str_eq(rest, STR("*"))) {
        *tags = rest;
        return true;
    }
    while (rest.len != 0) {
        str tag = {0};
        bool weak = str_starts_with(rest, STR("W/"));
        if (weak)
            rest = str_slice(rest, 2, rest.len);
        if (!str_starts_with(rest, STR("\"")) ||
            !str_cut(str_slice(rest, 1, rest.len), '"', &tag, &rest))
            return false;
        if (!weak || weak_too) {
            buf_add(&text, text.len == 0 ? STR("") : STR(","));
            buf_add(&text, str_contains(tag, ',') ? STR("-") : tag);
        }
        rest = str_trim(rest);
        if (rest.len != 0 && rest.ptr[0] != ',')
            return false;
        rest = str_trim(str_slice(rest, 1, rest.len));
    }
    *tags = text.len == 0 ? STR("-") : buf_str(&text);
    return true;
}

static result read_if_match(const struct request *request, struct precondition *read)
{
    *read = (struct precondition){.if_match = STR("")};
    if (http_has_header(request, "If-Match") &&
        !read_tags(request->arena, http_header(request, "If-Match"), false, &read->if_match))
        return FAIL(BAD_HEADER, "If-Match is a list of entity tags in quotes, or *.");
    return OK;
}

result precondition_read(const struct request *request, struct change *change)
{
    struct precondition read = {0};
    str none = str_trim(http_header(request, "If-None-Match"));
    TRY(read_if_match(request, &read));
    if (str_eq(none, STR("*")))
        read.create_only = true;
    else if (http_has_header(request, "If-None-Match"))
        return FAIL(BAD_HEADER, "If-None-Match of a PUT can only be *.");
    *change = caller_of(request)->change;
    change->precondition = read;
    return OK;
}

result precondition_of_delete(const struct request *request, struct change *change)
{
    struct precondition read = {0};
    TRY(read_if_match(request, &read));
    *change = caller_of(request)->change;
    change->precondition = read;
    return OK;
}

result precondition_on(const struct request *request, json_t *json)
{
    OWNED(json_release) json_t *owned = json;
    struct precondition named = {0};
    if (owned == NULL)
        return FAIL(INTERNAL, "out of memory");
    TRY(read_if_match(request, &named));
    return precondition_check_named(named, json_tag(request, owned));
}

bool reply_not_modified(const struct request *request, struct reply *reply, str tag)
{
    str tags = {0};
    if (!http_has_header(request, "If-None-Match") ||
        !read_tags(request->arena, http_header(request, "If-None-Match"), true, &tags))
        return false;
    bool named = str_eq(tags, STR("*"));
    while (!named && tags.len != 0) {
        str one = tags;
        str rest = STR("");
        if (!str_cut(tags, ',', &one, &rest))
            one = tags;
        named = str_eq(one, tag);
        tags = rest;
    }
    if (!named)
        return false;
    reply->status = 304;
    reply->body = STR("");
    reply_etag(request, reply, tag);
    return true;
}

str json_tag(const struct request *request, const json_t *json)
{
    sha256 hash = sha256_of(json_print(request->arena, json));
    return encode_hex(request->arena, sha256_str(&hash));
}

result reply_tagged(const struct request *request, struct reply *reply, int status, json_t *json)
{
    OWNED(json_release) json_t *owned = json;
    if (json == NULL)
        return FAIL(INTERNAL, "out of memory");
    str tag = json_tag(request, json);
    if (is_read(request) && reply_not_modified(request, reply, tag))
        return OK;
    reply_etag(request, reply, tag);
    return http_reply_json(request, reply, status, json_incref(owned));
}

// "+" of an offset reads as a blank in a query.
static str restore_plus(struct arena *arena, str text)
{
    str copy = str_copy(arena, text);
    struct buf fixed = {.arena = arena};
    for (size_t i = 0; i < copy.len; i++)
        buf_add(&fixed, copy.ptr[i] == ' ' ? STR("+") : str_slice(copy, i, i + 1));
    return buf_str(&fixed);
}

result parameter_instant(const struct request *request, const char *name, bool *present,
                         instant *at)
{
    str text = {0};
    *present = http_parameter(request, name, &text);
    if (*present && failed(instant_parse(restore_plus(request->arena, text), at)))
        return FAIL(BAD_PARAMETER, "A time is written after RFC 3339, with an offset.");
    return OK;
}

result parameter_i64(const struct request *request, const char *name, int64_t most, bool *present,
                     int64_t *number)
{
    str text = {0};
    int64_t read = 0;
    *present = http_parameter(request, name, &text);
    if (!*present)
        return OK;
    if (!str_to_i64(text, &read) || read < 0 || read > most)
        return FAIL(BAD_PARAMETER, "A number is missing, or out of range.");
    *number = read;
    return OK;
}

result parameter_csv(const struct request *request, bool *csv)
{
    str format = STR("json");
    (void)http_parameter(request, "format", &format);
    *csv = str_eq(format, STR("csv"));
    return *csv || str_eq(format, STR("json")) ? OK : FAIL(BAD_PARAMETER, "format is json or csv.");
}

void caller_nudge_jobs(const struct request *request)
{
    if (api_of(request)->jobs != NULL)
        jobs_nudge(api_of(request)->jobs);
}
