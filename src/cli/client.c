// SPDX-License-Identifier: Apache-2.0
#include "client.h"

#include "phial/util/buf.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ANSWER_BYTES_MAX = 1 << 30 };

struct client {
    CURL *curl;
    const char *url;
    const char *key;
};

struct receiving {
    struct buf body;
    str etag;
};

// NOLINTNEXTLINE(readability-non-const-parameter): the signature is libcurl's
static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct receiving *receiving = context;
    size_t len = size * count;
    if (receiving->body.len + len > ANSWER_BYTES_MAX)
        return 0;
    buf_add(&receiving->body, (str){bytes, len});
    return len;
}

// NOLINTNEXTLINE(readability-non-const-parameter): the signature is libcurl's
static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
    struct receiving *receiving = context;
    str line = {bytes, size * count};
    static const char etag[] = "etag:";
    if (line.len > sizeof etag && strncasecmp(line.ptr, etag, sizeof etag - 1) == 0) {
        str value = str_slice(line, sizeof etag - 1, line.len);
        while (value.len != 0 && strchr("\r\n", value.ptr[value.len - 1]) != NULL)
            value.len--;
        receiving->etag = str_copy(receiving->body.arena, str_trim(value));
    }
    return line.len;
}

result client_open(const char *url, const char *key, struct client **client)
{
    struct client *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL)
        return FAIL(INTERNAL, "out of memory");
    fresh->curl = curl_easy_init();
    fresh->url = url;
    fresh->key = key;
    if (fresh->curl == NULL) {
        free(fresh);
        return FAIL(INTERNAL, "no HTTP client");
    }
    *client = fresh;
    return OK;
}

void client_close(struct client *client)
{
    if (client == NULL)
        return;
    curl_easy_cleanup(client->curl);
    free(client);
}

static void add_header(struct arena *arena, struct curl_slist **headers, const char *name,
                       str value)
{
    str line = str_printf(arena, "%s: %" STR_FMT, name, STR_ARG(value));
    *headers = curl_slist_append(*headers, line.ptr);
}

static struct curl_slist *headers_of(struct arena *arena, const struct client *client,
                                     const struct call *call)
{
    struct curl_slist *headers = NULL;
    add_header(arena, &headers, "Authorization", str_printf(arena, "Bearer %s", client->key));
    if (call->body.len != 0)
        add_header(arena, &headers, "Content-Type",
                   str_from(call->media_type == NULL ? "application/json" : call->media_type));
    if (call->if_match.len != 0)
        add_header(arena, &headers, "If-Match", call->if_match);
    if (call->reason != NULL)
        add_header(arena, &headers, "Phial-Reason", str_from(call->reason));
    if (call->range.len != 0)
        add_header(arena, &headers, "Range", call->range);
    add_header(arena, &headers, "Expect", STR("")); // no 100-continue round trip
    return headers;
}

result client_send(struct client *client, struct arena *arena, const struct call *call,
                   struct answer *answer)
{
    struct receiving receiving = {.body = {.arena = arena}};
    struct curl_slist *headers = headers_of(arena, client, call);
    str url = str_printf(arena, "%s%" STR_FMT, client->url, STR_ARG(call->path));

    curl_easy_reset(client->curl);
    (void)curl_easy_setopt(client->curl, CURLOPT_URL, url.ptr);
    (void)curl_easy_setopt(client->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(client->curl, CURLOPT_CUSTOMREQUEST, call->method);
    (void)curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    if (call->body.len != 0 || strcmp(call->method, "POST") == 0) {
        (void)curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE_LARGE,
                               (curl_off_t)call->body.len);
        (void)curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS,
                               call->body.len == 0 ? "" : call->body.ptr);
    }
    (void)curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &receiving);
    (void)curl_easy_setopt(client->curl, CURLOPT_HEADERFUNCTION, take_header);
    (void)curl_easy_setopt(client->curl, CURLOPT_HEADERDATA, &receiving);
    CURLcode outcome = curl_easy_perform(client->curl);
    curl_slist_free_all(headers);
    if (outcome != CURLE_OK)
        return FAIL(INTERNAL, str_printf(arena, "cannot reach the server at %s: %s", client->url,
                                         curl_easy_strerror(outcome))
                                  .ptr);
    long status = 0;
    (void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    *answer = (struct answer){status, buf_str(&receiving.body), receiving.etag};
    return OK;
}

static const char *problem_sentence(struct arena *arena, const struct answer *answer)
{
    OWNED(json_release) json_t *problem = NULL;
    struct buf text = {.arena = arena};
    buf_addf(&text, "the server answered %ld", answer->status);
    if (!failed(json_parse(answer->body, &problem))) {
        buf_addf(&text, " %" STR_FMT ": %" STR_FMT,
                 STR_ARG(json_str(json_object_get(problem, "code"))),
                 STR_ARG(json_str(json_object_get(problem, "detail"))));
        const json_t *errors = json_object_get(problem, "errors");
        for (size_t i = 0; i < json_array_size(errors); i++) {
            const json_t *error = json_array_get(errors, i);
            buf_addf(&text, "\n  %" STR_FMT ": %" STR_FMT " %" STR_FMT,
                     STR_ARG(json_str(json_object_get(error, "pointer"))),
                     STR_ARG(json_str(json_object_get(error, "code"))),
                     STR_ARG(json_str(json_object_get(error, "detail"))));
        }
    }
    return str_to_c(arena, buf_str(&text));
}

result client_call(struct client *client, struct arena *arena, const struct call *call,
                   json_t **document)
{
    struct answer answer = {0};
    TRY(client_send(client, arena, call, &answer));
    if (answer.status < 200 || answer.status > 299)
        return FAIL(INVALID, problem_sentence(arena, &answer));
    if (document == NULL)
        return OK;
    return json_parse(answer.body, document);
}

result client_get(struct client *client, struct arena *arena, str path, json_t **document)
{
    return client_call(client, arena, &(struct call){.method = "GET", .path = path}, document);
}

str client_segment(struct arena *arena, str text)
{
    struct buf out = {.arena = arena};
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '.' || c == '_' || c == '~';
        if (plain)
            buf_add_char(&out, (char)c);
        else
            buf_addf(&out, "%%%02X", c);
    }
    return buf_str(&out);
}
