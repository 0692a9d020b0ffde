// SPDX-License-Identifier: Apache-2.0
#include "bench_catalog.h"

static const char event_type[] =
    "{\"description\":\"One image read by the model\",\"time_precision\":\"second\","
    "\"properties\":{"
    "\"modality\":{\"type\":\"enum\",\"values\":[\"ct\",\"mri\",\"pathology\",\"xray\"],"
    "\"required\":true},"
    "\"model_version\":{\"type\":\"version\",\"required\":true},"
    "\"study\":{\"type\":\"token\",\"scope\":\"customer\"}}}";

static const char customer[] =
    "{\"name\":\"Load test\",\"currency\":\"USD\",\"time_zone\":\"America/New_York\"}";

static result put(struct client *client, struct arena *arena, str path, const char *document)
{
    struct call call = {.method = "PUT", .path = path, .body = str_from(document)};
    return client_call(client, arena, &call, NULL);
}

result bench_catalog_make(struct client *client, struct arena *arena,
                          const struct bench_events *events)
{
    str type = bench_event_type(arena, events);
    TRY(put(client, arena, str_printf(arena, "/v1/event-types/%" STR_FMT, STR_ARG(type)),
            event_type));
    for (int64_t i = 0; i < events->options->customers; i++) {
        str key = bench_customer(arena, events, i);
        TRY(put(client, arena, str_printf(arena, "/v1/customers/%" STR_FMT, STR_ARG(key)),
                customer));
    }
    return OK;
}

// A checkpoint's second line is its size.
static bool read_size(str note, int64_t *size)
{
    str origin = {0};
    str line = {0};
    str rest = {0};
    return str_cut(note, '\n', &origin, &rest) && str_cut(rest, '\n', &line, &rest) &&
           str_to_i64(line, size);
}

result bench_catalog_count(struct client *client, struct arena *arena,
                           const struct bench_events *events, int64_t *entries)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < events->options->customers; i++) {
        str key = bench_customer(arena, events, i);
        struct answer answer = {0};
        int64_t size = 0;
        TRY(client_send(
            client, arena,
            &(struct call){
                .method = "GET",
                .path = str_printf(arena, "/v1/ledger/%" STR_FMT "/checkpoint", STR_ARG(key))},
            &answer));
        if (answer.status != 200 || !read_size(answer.body, &size))
            return FAIL(INTERNAL, "the server does not show its checkpoints");
        sum += size;
    }
    *entries = sum;
    return OK;
}
