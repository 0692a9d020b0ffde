// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "route.h"

static result answer(const struct request *request, struct reply *reply)
{
    (void)request;
    return http_reply_text(reply, 200, "text/plain", STR(""));
}

static const struct route routes[] = {
    {"GET", "/", answer, BODY_NONE, "", ""},
    {"GET", "/things/:id", answer, BODY_NONE, "", ""},
    {"PUT", "/things/:id", answer, BODY_JSON, "", ""},
    {"GET", "/things/all", answer, BODY_NONE, "", ""},
    {"POST", "/things/:id/parts/:part/move", answer, BODY_JSON, "", ""},
    {"POST", "/things/one", answer, BODY_JSON, "", ""},
};
static const struct route_table table = {routes, COUNT_OF(routes)};

START_TEST(matches_methods_and_paths)
{
    static const struct {
        const char *method;
        const char *path;
        const struct route *route;
        const char *first;
        const char *second;
    } cases[] = {
        {"GET", "/", &routes[0], "", ""},
        {"GET", "/things/7", &routes[1], "7", ""},
        {"PUT", "/things/all", &routes[2], "all", ""},
        {"GET", "/things/all", &routes[3], "", ""}, // literal before :id
        {"GET", "/things/one", &routes[1], "one", ""},
        {"POST", "/things/a%20b/parts/c/move", &routes[4], "a%20b", "c"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct route *route = NULL;
        str args[PATH_ARGS_MAX] = {0};
        ck_assert_ok(
            http_match(table, str_from(cases[i].method), str_from(cases[i].path), &route, args));
        ck_assert_ptr_eq(route, cases[i].route);
        ck_assert(str_eq(args[0], str_from(cases[i].first)));
        ck_assert(str_eq(args[1], str_from(cases[i].second)));
    }
}
END_TEST

START_TEST(refuses_what_no_route_has)
{
    static const char *const paths[] = {
        "",           "things/7",  "/things",     "/things/", "//things/7",
        "/things/7/", "/Things/7", "/things/7/8", "*",        "/a/b/c/d/e/f/g/h/i/j/k/l/m",
    };
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        const struct route *route = &routes[0];
        str args[PATH_ARGS_MAX] = {0};
        ck_assert_fails(NOT_FOUND, http_match(table, STR("GET"), str_from(paths[i]), &route, args));
        ck_assert_ptr_eq(route, &routes[0]);
    }
}
END_TEST

START_TEST(names_the_methods_of_a_path)
{
    struct arena arena = {0};
    const struct route *route = NULL;
    str args[PATH_ARGS_MAX] = {0};
    ck_assert_fails(METHOD_NOT_ALLOWED,
                    http_match(table, STR("DELETE"), STR("/things/7"), &route, args));
    ck_assert(str_eq(route_allow(&arena, table, STR("/things/7")), STR("GET, HEAD, PUT, OPTIONS")));
    ck_assert(
        str_eq(route_allow(&arena, table, STR("/things/all")), STR("GET, HEAD, PUT, OPTIONS")));
    ck_assert(str_eq(route_allow(&arena, table, STR("/none")), STR("")));
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("http/route", matches_methods_and_paths, refuses_what_no_route_has,
          names_the_methods_of_a_path)
