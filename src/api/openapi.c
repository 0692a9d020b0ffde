// SPDX-License-Identifier: Apache-2.0
// openapi.c - the OpenAPI document: paths out of the route table, schemas and what each operation
// takes and answers out of openapi_schemas.json, which is compiled in.
#include "phial/api/api.h"
#include "phial/util/array.h"

#include <string.h>

extern const char openapi_schemas_json[];

static const char *const operation_names[] = {
#define ROUTE(method, path, handler, body, scope, summary) #handler,
#include "phial/api/routes.def"
#undef ROUTE
};

static json_t *reference(const char *kind, const char *name)
{
    return json_pack("{s:o}", "$ref", json_sprintf("#/components/%s/%s", kind, name));
}

static json_t *content(const char *media, json_t *schema)
{
    return json_pack("{s:{s:o}}", media, "schema", schema);
}

// Whether the operation cannot do without the parameter.
static bool requires(const json_t *operation, const char *name)
{
    const json_t *names = json_object_get(operation, "required");
    bool is_required = false;
    for (size_t i = 0; i < json_array_size(names); i++)
        is_required |= strcmp(json_string_value(json_array_get(names, i)), name) == 0;
    return is_required;
}

static json_t *parameter(const char *name, const char *in, bool required)
{
    return json_pack("{s:s, s:s, s:b, s:{s:s}}", "name", name, "in", in, "required", (int)required,
                     "schema", "type", "string");
}

// "/v1/customers/:customer" as "/v1/customers/{customer}"; each name becomes a parameter.
static str print_path(struct arena *arena, str rest, json_t *parameters)
{
    struct buf text = {.arena = arena};
    while (rest.len != 0) {
        str part = rest;
        str tail = STR("");
        bool more = str_cut(rest, '/', &part, &tail);
        if (!more)
            part = rest;
        if (str_starts_with(part, STR(":"))) {
            str name = str_slice(part, 1, part.len);
            buf_addf(&text, "{%" STR_FMT "}", STR_ARG(name));
            (void)json_array_append_new(parameters, parameter(str_to_c(arena, name), "path", true));
        } else {
            buf_add(&text, part);
        }
        if (more)
            buf_add_char(&text, '/');
        rest = tail;
    }
    return buf_str(&text);
}

static void add_query(const json_t *operation, json_t *parameters)
{
    const json_t *names = json_object_get(operation, "query");
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        (void)json_array_append_new(parameters,
                                    parameter(name, "query", requires(operation, name)));
    }
    if (json_object_get(operation, "list") == NULL || json_object_get(operation, "unpaged") != NULL)
        return;
    (void)json_array_append_new(parameters, parameter("limit", "query", false));
    (void)json_array_append_new(parameters, parameter("cursor", "query", false));
}

// Headers of one operation alone.
static void add_own_headers(const json_t *operation, json_t *parameters)
{
    const json_t *names = json_object_get(operation, "headers");
    for (size_t i = 0; i < json_array_size(names); i++)
        (void)json_array_append_new(
            parameters, parameter(json_string_value(json_array_get(names, i)), "header", false));
}

// What has no ETag: keys, payments and reconciliations.
static bool deletes_tagged(const struct route *route)
{
    return strcmp(route->path, "/v1/keys/:id") != 0 &&
           strcmp(route->path, "/v1/invoices/:invoice/payments/:id") != 0 &&
           strcmp(route->path, "/v1/reconciliations/:id") != 0;
}

static void add_headers(const struct route *route, const json_t *operation, json_t *parameters)
{
    bool put = strcmp(route->method, "PUT") == 0;
    if (strcmp(route->method, "GET") == 0)
        return;
    (void)json_array_append_new(
        parameters, parameter("Phial-Reason", "header", requires(operation, "Phial-Reason")));
    if (strcmp(route->method, "POST") == 0 && route->body == BODY_JSON)
        (void)json_array_append_new(parameters, parameter("Idempotency-Key", "header", false));
    if (strcmp(route->method, "DELETE") == 0 && deletes_tagged(route))
        (void)json_array_append_new(parameters, parameter("If-Match", "header", false));
    if (put && strcmp(route->path, "/v1/test-clock") != 0) {
        (void)json_array_append_new(parameters, parameter("If-Match", "header", false));
        (void)json_array_append_new(parameters, parameter("If-None-Match", "header", false));
    }
}

static json_t *list_of(const char *schema)
{
    return json_pack("{s:s, s:{s:{s:s, s:o}, s:{s:[s, s]}}, s:[s, s]}", "type", "object",
                     "properties", "data", "type", "array", "items", reference("schemas", schema),
                     "next_cursor", "type", "string", "null", "required", "data", "next_cursor");
}

static json_t *success_content(const json_t *operation)
{
    const char *list = json_string_value(json_object_get(operation, "list"));
    const char *schema = json_string_value(json_object_get(operation, "response"));
    const char *media = json_string_value(json_object_get(operation, "media"));
    if (list != NULL)
        return content("application/json", list_of(list));
    if (schema != NULL)
        return content("application/json", reference("schemas", schema));
    return content(media == NULL ? "application/json" : media,
                   media == NULL ? json_object() : json_pack("{s:s}", "type", "string"));
}

// Representations beside JSON.
static void add_also(const json_t *operation, json_t *all)
{
    const json_t *also = json_object_get(operation, "also");
    for (size_t i = 0; i < json_array_size(also); i++)
        (void)json_object_set_new(all, json_string_value(json_array_get(also, i)),
                                  json_pack("{s:{s:s}}", "schema", "type", "string"));
}

static json_t *success(const json_t *operation)
{
    json_t *all = success_content(operation);
    add_also(operation, all);
    return all;
}

static json_t *responses(const json_t *operation)
{
    json_t *all = json_object();
    const json_t *statuses = json_object_get(operation, "status");
    size_t count = json_array_size(statuses);
    for (size_t i = 0; i < count || i == 0; i++) {
        const char *status = count == 0 ? "200" : json_string_value(json_array_get(statuses, i));
        json_t *response = json_pack("{s:s}", "description", "Done.");
        bool waits = count > 1 && strcmp(status, "202") == 0; // for a second person
        if (waits)
            (void)json_object_set_new(
                response, "content", content("application/json", reference("schemas", "Approval")));
        else if (strcmp(status, "204") != 0)
            (void)json_object_set_new(response, "content", success(operation));
        (void)json_object_set_new(all, status, response);
    }
    (void)json_object_set_new(all, "default", reference("responses", "Problem"));
    return all;
}

static json_t *request_body(const json_t *operation)
{
    const char *schema = json_string_value(json_object_get(operation, "request"));
    json_t *bodies = json_object_get(operation, "bodies");
    json_t *media = NULL;
    if (bodies != NULL) {
        const char *name = NULL;
        json_t *body = NULL;
        media = json_object();
        json_object_foreach(bodies, name, body)(void)
            json_object_set_new(media, name, json_pack("{s:O}", "schema", body));
    } else if (schema != NULL) {
        media = content("application/json", reference("schemas", schema));
    }
    return media == NULL ? NULL : json_pack("{s:b, s:o}", "required", 1, "content", media);
}

static json_t *security(const struct route *route)
{
    bool open = route->scope[0] == '\0';
    return open ? json_array() : json_pack("[{s:[]}]", "key");
}

static json_t *describe(const struct route *route, const char *name, const json_t *operation,
                        json_t *parameters)
{
    add_query(operation, parameters);
    add_own_headers(operation, parameters);
    add_headers(route, operation, parameters);
    return json_pack("{s:s, s:s, s:s, s:O, s:o*, s:o, s:o}", "operationId", name, "summary",
                     route->summary, "description",
                     route->scope[0] == '\0' ? "Needs no key." : route->scope, "parameters",
                     parameters, "requestBody", request_body(operation), "responses",
                     responses(operation), "security", security(route));
}

static void lower(char *into, size_t size, const char *method)
{
    size_t i = 0;
    for (; i + 1 < size && method[i] != '\0'; i++)
        into[i] = (char)(method[i] | 0x20);
    into[i] = '\0';
}

static void add_route(struct arena *arena, const struct route *route, const char *name,
                      const json_t *operations, json_t *paths)
{
    OWNED(json_release) json_t *parameters = json_array();
    char method[8];
    const char *path = str_to_c(arena, print_path(arena, str_from(route->path), parameters));
    lower(method, sizeof method, route->method);
    if (json_object_get(paths, path) == NULL)
        (void)json_object_set_new(paths, path, json_object());
    (void)json_object_set_new(json_object_get(paths, path), method,
                              describe(route, name, json_object_get(operations, name), parameters));
}

static json_t *components(json_t *schemas)
{
    return json_pack("{s:O, s:{s:{s:s, s:{s:{s:o}}}}, s:{s:{s:s, s:s, s:s}}}", "schemas", schemas,
                     "responses", "Problem", "description", "What went wrong.", "content",
                     "application/problem+json", "schema", reference("schemas", "Problem"),
                     "securitySchemes", "key", "type", "http", "scheme", "bearer", "description",
                     "An API key: phk_<id>_<secret><checksum>.");
}

static result make_document(struct arena *arena, json_t **document)
{
    OWNED(json_release) json_t *tables = NULL;
    OWNED(json_release) json_t *paths = json_object();
    TRY(json_parse(str_from(openapi_schemas_json), &tables));
    for (size_t i = 0; i < api_routes.count; i++)
        add_route(arena, &api_routes.routes[i], operation_names[i],
                  json_object_get(tables, "operations"), paths);
    json_t *made =
        json_pack("{s:s, s:{s:s, s:s, s:s, s:{s:s, s:s}}, s:O, s:o}", "openapi", "3.1.0", "info",
                  "title", "Phial", "version", PHIAL_VERSION, "summary",
                  "Usage-based billing for healthcare software, on a ledger that proves itself.",
                  "license", "name", "Apache-2.0", "identifier", "Apache-2.0", "paths", paths,
                  "components", components(json_object_get(tables, "schemas")));
    if (made == NULL)
        return FAIL(INTERNAL, "the OpenAPI document cannot be made");
    *document = made;
    return OK;
}

result get_openapi(const struct request *request, struct reply *reply)
{
    json_t *document = NULL;
    TRY(make_document(request->arena, &document));
    return http_reply_json(request, reply, 200, document);
}

void api_print_openapi(FILE *out)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *document = NULL;
    if (!failed(make_document(&arena, &document)))
        (void)json_dumpf(document, out, JSON_INDENT(2));
    (void)fputc('\n', out);
    arena_reset(&arena);
}
