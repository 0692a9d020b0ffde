// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/api/api.h"

#include <string.h>

START_TEST(names_a_scope_that_exists)
{
    for (size_t i = 0; i < api_routes.count; i++) {
        const char *scope = api_routes.routes[i].scope;
        enum scope parsed = SCOPE_admin;
        bool open = scope[0] == '\0' || strcmp(scope, "any") == 0;
        ck_assert_msg(open || scope_parse(str_from(scope), &parsed), "%s", scope);
        ck_assert_uint_gt(strlen(api_routes.routes[i].summary), 0);
    }
}
END_TEST

// Only what tells nothing about a customer may be asked for without a key.
START_TEST(keeps_everything_under_v1_behind_a_key)
{
    for (size_t i = 0; i < api_routes.count; i++) {
        const struct route *route = &api_routes.routes[i];
        bool open = route->scope[0] == '\0';
        ck_assert_int_eq(open, !str_starts_with(str_from(route->path), STR("/v1/")));
    }
}
END_TEST

START_TEST(has_each_route_once)
{
    for (size_t i = 0; i < api_routes.count; i++) {
        for (size_t k = 0; k < i; k++) {
            const struct route *a = &api_routes.routes[i];
            const struct route *b = &api_routes.routes[k];
            ck_assert(strcmp(a->method, b->method) != 0 || strcmp(a->path, b->path) != 0);
            ck_assert(a->handler != b->handler);
        }
    }
}
END_TEST

START_TEST(finds_the_handler_of_a_request)
{
    static const struct {
        const char *method;
        const char *path;
        http_handler handler;
    } cases[] = {
        {"GET", "/metrics", get_metrics},
        {"GET", "/v1/metrics", get_v1_metrics},
        {"POST", "/v1/events/validate", post_events_validate},
        {"GET", "/v1/events/clinic/7", get_events_customer_id},
        {"POST", "/v1/invoices/preview", post_invoices_preview},
        {"GET", "/v1/invoices/7.csv", get_invoices_invoice},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct route *route = NULL;
        str args[PATH_ARGS_MAX] = {0};
        ck_assert_ok(http_match(api_routes, str_from(cases[i].method), str_from(cases[i].path),
                                &route, args));
        ck_assert(route->handler == cases[i].handler);
    }
}
END_TEST

START_TEST(describes_every_route_to_programs)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    ck_assert_ptr_nonnull(out);
    api_print_openapi(out);
    ck_assert_int_eq(fclose(out), 0);
    OWNED(json_release) json_t *document = NULL;
    ck_assert_ok(json_parse((str){text, len}, &document));
    ck_assert_str_eq(json_string_value(json_object_get(document, "openapi")), "3.1.0");
    size_t operations = 0;
    const char *path = NULL;
    const char *method = NULL;
    json_t *methods = NULL;
    json_t *operation = NULL;
    json_object_foreach(json_object_get(document, "paths"), path, methods)
    {
        json_object_foreach(methods, method, operation)
        {
            operations++;
            ck_assert_ptr_nonnull(json_object_get(operation, "operationId"));
            ck_assert_ptr_nonnull(json_object_get(operation, "responses"));
        }
    }
    ck_assert_uint_eq(operations, api_routes.count);
    free(text);
}
END_TEST

TEST_MAIN("routes", names_a_scope_that_exists, keeps_everything_under_v1_behind_a_key,
          has_each_route_once, finds_the_handler_of_a_request, describes_every_route_to_programs)
