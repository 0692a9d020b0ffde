// SPDX-License-Identifier: Apache-2.0
// Any target: decoded, matched and searched for parameters, or refused.
#include "message.h"
#include "route.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static result nothing(const struct request *request, struct reply *reply)
{
    (void)request;
    (void)reply;
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct route routes[] = {
        {"GET", "/a/:b", nothing, BODY_NONE, "", ""},
        {"PUT", "/a/b", nothing, BODY_NONE, "", ""},
        {"GET", "/:a/:b/:c/:d", nothing, BODY_NONE, "", ""},
    };
    const struct route_table table = {routes, sizeof routes / sizeof routes[0]};
    struct arena arena = {0};
    struct http_message *message = arena_new(&arena, struct http_message);
    struct request request = {.arena = &arena,
                              .message = message,
                              .target = str_copy(&arena, (str){(const char *)data, size})};
    str path = {0};
    const struct route *route = NULL;
    result read = message_read_target(&request, &path);
    if (!failed(read)) {
        assert(request.path.len <= path.len);
        result matched = http_match(table, STR("GET"), path, &route, request.args);
        assert(failed(matched) == (route == NULL));
        str allow = route_allow(&arena, table, path);
        assert((matched.code == ERR_NOT_FOUND) == (allow.len == 0));
        for (size_t i = 0; i < message->parameter_count; i++) {
            str value = {0};
            const char *name = str_to_c(&arena, message->parameters[i].name);
            assert(http_parameter(&request, name, &value));
            assert(str_eq(value, message->parameters[i].value));
        }
    }
    arena_reset(&arena);
    return 0;
}
