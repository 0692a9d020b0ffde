// SPDX-License-Identifier: Apache-2.0
// Requests and their answers over real sockets: bodies, problems, overload, draining.
#include "squeeze.h"
#include "wire.h"

struct exchange {
    const char *request;
    const char *status;
    const char *holds[4]; // parts of the answer
};

static void check_exchanges(const struct wire *wire, const struct exchange *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *answer = wire_exchange(wire, str_from(cases[i].request));
        ck_assert_msg(strncmp(answer + strlen("HTTP/1.1 "), cases[i].status, 3) == 0, "%s\n%s",
                      cases[i].request, answer);
        for (size_t part = 0; part < 4 && cases[i].holds[part] != NULL; part++)
            ck_assert_msg(strstr(answer, cases[i].holds[part]) != NULL, "%s\n%s\nlacks %s",
                          cases[i].request, answer, cases[i].holds[part]);
        ck_assert_ptr_nonnull(strstr(answer, "Request-Id: "));
        ck_assert_ptr_nonnull(strstr(answer, "X-Content-Type-Options: nosniff"));
        ck_assert_ptr_nonnull(strstr(answer, "Cache-Control: no-store"));
        ck_assert_ptr_nonnull(strstr(answer, "Date: "));
        free(answer);
    }
}

#define END " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"

START_TEST(answers_and_explains)
{
    static const struct exchange cases[] = {
        {"GET /hello" END "\r\n", "200", {"Content-Type: text/plain", "\r\n\r\nhello"}},
        {"HEAD /hello" END "\r\n", "200", {"Content-Length: 5"}},
        {"GET /none" END "\r\n",
         "404",
         {"application/problem+json", "\"type\":\"/problems/not_found\"",
          "\"title\":\"No such resource.\",\"status\":404,\"code\":\"not_found\"",
          "\"request_id\":\"0"}},
        {"DELETE /hello" END "\r\n", "405", {"Allow: GET, HEAD, OPTIONS", "method_not_allowed"}},
        {"BREW /hello" END "\r\n", "405", {"Allow: GET, HEAD, OPTIONS"}},
        {"OPTIONS /json" END "\r\n", "204", {"Allow: POST, OPTIONS"}},
        {"GET /faults" END "\r\n",
         "422",
         {"\"code\":\"invalid\"",
          "\"errors\":[{\"pointer\":\"/a\",\"code\":\"invalid\",\"detail\":\"Not so.\"}",
          "{\"pointer\":\"/b\",\"code\":\"phi_detected\",\"detector\":\"us_ssn\""}},
        {"GET /nothing" END "\r\n",
         "500",
         {"internal_error", "\"detail\":\"The server failed; nothing was changed.\""}},
        {"GET /file" END "\r\n", "200", {"application/x-tar", "\r\n\r\nfrom a file"}},
        {"HEAD /file" END "\r\n", "200", {"Content-Length: 11"}},
        {"GET /args/a%2Fb/and/%C3%A9?a=1+2" END "\r\n", "200", {"[a/b][\xc3\xa9][1 2]"}},
        {"GET /args/a%00/and/b" END "\r\n", "400", {"bad_request"}},
        {"GET /args/a%zz/and/b" END "\r\n", "400", {"bad_request"}},
        {"GET /args/a/and/b?a=1&a=2" END "\r\n", "400", {"bad_parameter"}},
        {"GET /args/a/and/b?c=1" END "\r\n", "400", {"bad_parameter"}},
        {"GET /args//and/b" END "\r\n", "404", {"not_found"}},
        {"GET /hello" END "Authorization: a\r\nAuthorization: b\r\n\r\n", "400", {"bad_header"}},
        {"GET /hello" END "Request-Id: mine\r\n\r\n", "200", {"Request-Id: 0"}},
    };
    struct wire wire = {0};
    wire_start(&wire);
    check_exchanges(&wire, cases, COUNT_OF(cases));
    ck_assert_int_eq(wire.entered, wire.left);
    http_stop(wire.server);
}
END_TEST

START_TEST(reads_bodies)
{
    static const struct exchange cases[] = {
        {"POST /json" END "Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
         "201",
         {"Content-Type: application/json", "{\"got\":{\"a\":1}}"}},
        {"POST /json" END "Content-Type: Application/JSON; charset=utf-8\r\nContent-Length: 2\r\n"
         "\r\n[]",
         "201",
         {"{\"got\":[]}"}},
        {"POST /json" END "\r\n", "201", {"{\"got\":null}"}},
        {"POST /json" END "Content-Type: application/json\r\nContent-Length: 1\r\n\r\n{",
         "400",
         {"invalid_json"}},
        {"POST /json" END "Content-Length: 2\r\n\r\n[]", "415", {"Accept-Post: application/json"}},
        {"POST /json" END "Content-Type: application/json;x=\"y\" ; CHARSET=\"Utf-8\"\r\n"
         "Content-Length: 2\r\n\r\n[]",
         "201",
         {"{\"got\":[]}"}},
        {"POST /json" END "Content-Type: application/json; charset=latin1\r\nContent-Length: 2\r\n"
         "\r\n[]",
         "415",
         {"unsupported_media_type", "UTF-8"}},
        {"POST /json" END "Content-Type: application/json;charset=utf-16;charset=utf-8\r\n"
         "Content-Length: 2\r\n\r\n[]",
         "415",
         {"unsupported_media_type"}},
        {"POST /echo" END "Content-Type: application/x-ndjson; charset=\"us-ascii\"\r\n"
         "Content-Length: 2\r\n\r\n[]",
         "415",
         {"unsupported_media_type"}},
        {"POST /json" END "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n[]",
         "415",
         {"unsupported_media_type"}},
        {"POST /echo" END "Content-Encoding: br\r\nContent-Length: 2\r\n\r\n[]",
         "415",
         {"unsupported_coding", "Accept-Encoding: gzip, zstd"}},
        {"POST /echo" END "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n[]",
         "400",
         {"bad_encoding"}},
        {"GET /hello" END "Content-Length: 3\r\n\r\nabc", "200", {"\r\n\r\nhello"}},
    };
    struct wire wire = {0};
    wire_start(&wire);
    check_exchanges(&wire, cases, COUNT_OF(cases));
    http_stop(wire.server);
}
END_TEST

START_TEST(continues_when_asked)
{
    struct wire wire = {0};
    wire_start(&wire);
    char answer[ANSWER_MAX] = "";
    int fd = wire_connect(&wire);
    str head = STR("POST /echo" END "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    ck_assert(wire_send(fd, head.ptr, head.len));
    (void)wire_read(fd, answer, "\r\n\r\n", PATIENCE_MS);
    ck_assert_str_eq(answer, "HTTP/1.1 100 Continue\r\n\r\n");
    ck_assert(wire_send(fd, "hello", 5));
    ck_assert(wire_read(fd, answer, NULL, PATIENCE_MS));
    ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 200 OK"));
    ck_assert_ptr_nonnull(strstr(answer, "\r\n\r\nhello"));
    (void)close(fd);
    http_stop(wire.server);
}
END_TEST

static void send_body(const struct wire *wire, const char *coding, str body, const char *status)
{
    struct arena arena = {0};
    struct buf bytes = {.arena = &arena};
    buf_addf(&bytes, "POST /echo" END "Content-Encoding: %s\r\nContent-Length: %zu\r\n\r\n", coding,
             body.len);
    buf_add(&bytes, body);
    char *answer = wire_exchange(wire, buf_str(&bytes));
    ck_assert_msg(strncmp(answer + strlen("HTTP/1.1 "), status, 3) == 0, "%.300s", answer);
    free(answer);
    arena_reset(&arena);
}

START_TEST(decompresses_within_bounds)
{
    struct wire wire = {0};
    struct arena arena = {0};
    wire_start(&wire);
    char *zeros = arena_array(&arena, char, 16 << 20);
    send_body(&wire, "gzip", squeeze_gzip(&arena, (str){zeros, 50000}), "200");
    send_body(&wire, "zstd", squeeze_zstd(&arena, (str){zeros, 50000}, 0), "200");
    send_body(&wire, "gzip", squeeze_gzip(&arena, (str){zeros, 16 << 20}), "413");
    send_body(&wire, "zstd", squeeze_zstd(&arena, (str){zeros, 16 << 20}, 0), "413");
    ck_assert_int_eq(wire.executed, 2);
    arena_reset(&arena);
    http_stop(wire.server);
}
END_TEST

START_TEST(asks_who_before_what)
{
    static const struct exchange cases[] = {
        {"GET /hello" END "\r\n", "401", {"WWW-Authenticate: Bearer", "unauthenticated"}},
        {"POST /json" END "Content-Length: 1\r\n\r\n{", "401", {"unauthenticated"}},
        {"GET /none" END "\r\n", "404", {"not_found"}},
    };
    struct wire wire = {.locked = true};
    wire_start(&wire);
    check_exchanges(&wire, cases, COUNT_OF(cases));
    ck_assert_int_eq(wire.executed, 0);
    ck_assert_int_eq(wire.left, 2);
    http_stop(wire.server);
}
END_TEST

START_TEST(answers_a_pipeline_in_order)
{
    struct wire wire = {0};
    wire_start(&wire);
    char *answer = wire_exchange(
        &wire, STR("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
                   "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nfirst"
                   "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n"
                   "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "3\r\nsec\r\n3\r\nond\r\n0\r\n\r\n"
                   "GET /marked" END "\r\n"
                   "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")); // after a close: not read
    ck_assert_uint_eq(wire_count(answer, "HTTP/1.1 200 OK"), 5);
    const char *first = strstr(answer, "\r\n\r\nfirst");
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(strstr(first, "\r\n\r\nsecond"));
    ck_assert_int_eq(wire.executed, 5);
    ck_assert_int_eq(wire.marked, 1);
    free(answer);
    http_stop(wire.server);
}
END_TEST

START_TEST(sheds_what_it_cannot_queue)
{
    struct wire wire = {.hold = true};
    struct http_options options = wire_options(&wire);
    struct http_limits limits = wire_limits();
    options.workers = 1;
    options.queue_max = 1;
    ck_assert_ok(http_start_limited(&options, &limits, &wire.server));

    int fds[8];
    str slow = STR("GET /slow" END "\r\n");
    for (size_t i = 0; i < COUNT_OF(fds); i++) {
        fds[i] = wire_connect(&wire);
        ck_assert(wire_send(fds[i], slow.ptr, slow.len));
        (void)usleep(20000);
    }
    (void)usleep(50000);
    wire.hold = false;
    size_t served = 0;
    size_t shed = 0;
    for (size_t i = 0; i < COUNT_OF(fds); i++) {
        char answer[ANSWER_MAX] = "";
        ck_assert(wire_read(fds[i], answer, NULL, PATIENCE_MS));
        served += strstr(answer, "HTTP/1.1 200") == answer;
        bool busy = strstr(answer, "HTTP/1.1 503") == answer &&
                    strstr(answer, "Retry-After: 1") != NULL &&
                    strstr(answer, "\"code\":\"busy\"") != NULL;
        shed += busy;
        (void)close(fds[i]);
    }
    ck_assert_uint_eq(served, 2); // one at work, one waiting
    ck_assert_uint_eq(shed, COUNT_OF(fds) - 2);
    struct http_figures figures = {0};
    http_figures_read(wire.server, &figures);
    ck_assert_uint_eq(figures.overload_refused, COUNT_OF(fds) - 2);
    ck_assert_uint_eq(figures.requests_by_class[5], COUNT_OF(fds) - 2);
    ck_assert_uint_eq(figures.requests_by_class[2], 2);
    http_stop(wire.server);
}
END_TEST

// Answers that no worker makes keep the connection's order too.
START_TEST(sheds_and_still_refuses)
{
    struct wire wire = {0};
    struct http_options options = wire_options(&wire);
    struct http_limits limits = wire_limits();
    options.queue_max = 0;
    ck_assert_ok(http_start_limited(&options, &limits, &wire.server));
    char *answer = wire_exchange(&wire, STR("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
                                            "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
                                            "GET /marked HTTP/1.1\r\n\r\n"));
    ck_assert_uint_eq(wire_count(answer, "HTTP/1.1 503"), 2);
    ck_assert_uint_eq(wire_count(answer, "HTTP/1.1 400"), 1);
    free(answer);

    char *body = calloc(1, 900000); // larger than is read in vain
    ck_assert_ptr_nonnull(body);
    int len =
        snprintf(body, 900000, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 800000\r\n\r\n");
    answer = wire_exchange(&wire, (str){body, (size_t)len + 800000});
    ck_assert_ptr_eq(strstr(answer, "HTTP/1.1 503"), answer);
    free(answer);
    free(body);
    http_stop(wire.server);
}
END_TEST

START_TEST(bounds_all_bodies_together)
{
    struct wire wire = {0};
    struct http_options options = wire_options(&wire);
    struct http_limits limits = wire_limits();
    limits.bodies_bytes_max = 1000;
    ck_assert_ok(http_start_limited(&options, &limits, &wire.server));
    struct arena arena = {0};
    send_body(&wire, "identity", (str){arena_array(&arena, char, 2000), 2000}, "503");
    send_body(&wire, "identity", (str){arena_array(&arena, char, 900), 900}, "200");
    arena_reset(&arena);
    http_stop(wire.server);
}
END_TEST

static void *stop(void *argument)
{
    struct wire *wire = argument;
    http_stop(wire->server);
    return NULL;
}

START_TEST(finishes_what_runs_before_it_stops)
{
    struct wire wire = {.hold = true};
    wire_start(&wire);
    char answer[ANSWER_MAX] = "";
    int idle = wire_connect(&wire);
    int busy = wire_connect(&wire);
    str slow = STR("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    ck_assert(wire_send(busy, slow.ptr, slow.len));
    (void)usleep(50000);

    http_drain(wire.server);
    http_drain(wire.server);
    ck_assert(wire_read(idle, answer, NULL, PATIENCE_MS)); // closed at once
    ck_assert_str_eq(answer, "");
    ck_assert_int_eq(wire_connect(&wire), -1);
    pthread_t stopper;
    ck_assert_int_eq(pthread_create(&stopper, NULL, stop, &wire), 0);
    (void)usleep(100000);
    ck_assert_int_eq(wire.executed, 0);
    wire.hold = false;
    ck_assert(wire_read(busy, answer, NULL, PATIENCE_MS));
    ck_assert_ptr_eq(strstr(answer, "HTTP/1.1 200"), answer);
    ck_assert_ptr_nonnull(strstr(answer, "Connection: close"));
    ck_assert_ptr_nonnull(strstr(answer, "\r\n\r\nhello"));
    (void)pthread_join(stopper, NULL);
    (void)close(idle);
    (void)close(busy);
}
END_TEST

START_TEST(stops_in_spite_of_half_a_request)
{
    struct wire wire = {0};
    struct http_options options = wire_options(&wire);
    struct http_limits limits = wire_limits();
    limits.stop_client_us = 100000;
    limits.linger_us = 50000;
    limits.stop_us = 60000000;
    limits.head_us = 60000000;
    limits.body_window_us = 60000000;
    ck_assert_ok(http_start_limited(&options, &limits, &wire.server));
    int head = wire_connect(&wire);
    int body = wire_connect(&wire);
    str bytes = STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    ck_assert(wire_send(head, bytes.ptr, 10));
    ck_assert(wire_send(body, bytes.ptr, bytes.len));
    (void)usleep(50000);
    http_stop(wire.server);
    ck_assert_int_eq(wire.executed, 0);
    (void)close(head);
    (void)close(body);
}
END_TEST

// What is being served is waited for longer than a client that does not read.
START_TEST(waits_for_work_and_not_for_clients)
{
    struct wire wire = {.hold = true};
    struct http_options options = wire_options(&wire);
    struct http_limits limits = wire_limits();
    limits.stop_client_us = 100000;
    limits.linger_us = 50000;
    limits.stop_us = 60000000;
    limits.head_us = 60000000;
    ck_assert_ok(http_start_limited(&options, &limits, &wire.server));
    int half = wire_connect(&wire);
    int busy = wire_connect(&wire);
    str slow = STR("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    ck_assert(wire_send(half, slow.ptr, 10));
    ck_assert(wire_send(busy, slow.ptr, slow.len));
    (void)usleep(50000);
    pthread_t stopper;
    ck_assert_int_eq(pthread_create(&stopper, NULL, stop, &wire), 0);
    (void)usleep(400000);
    ck_assert_int_eq(wire.executed, 0);
    wire.hold = false;
    char answer[ANSWER_MAX] = "";
    ck_assert(wire_read(busy, answer, NULL, PATIENCE_MS));
    ck_assert_ptr_nonnull(strstr(answer, "\r\n\r\nhello"));
    (void)pthread_join(stopper, NULL);
    (void)close(half);
    (void)close(busy);
}
END_TEST

START_TEST(survives_clients_that_leave)
{
    struct wire wire = {.hold = true};
    wire_start(&wire);
    str slow = STR("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    for (size_t i = 0; i < 6; i++) {
        int fd = wire_connect(&wire);
        ck_assert(wire_send(fd, slow.ptr, i == 5 ? 10 : slow.len));
        (void)usleep(10000);
        struct linger now = {.l_onoff = 1};
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        (void)close(fd);
    }
    wire.hold = false;
    char *answer = wire_exchange(&wire, STR("GET /hello" END "\r\n"));
    ck_assert_ptr_eq(strstr(answer, "HTTP/1.1 200"), answer);
    free(answer);
    http_stop(wire.server);
}
END_TEST

START_TEST(refuses_a_port_that_is_taken)
{
    struct wire wire = {0};
    struct wire second = {0};
    wire_start(&wire);
    struct http_options options = wire_options(&second);
    options.port = http_port(wire.server);
    ck_assert_fails(BAD_CONFIG, http_start(&options, &second.server));
    ck_assert_ptr_null(second.server);
    http_stop(wire.server);
}
END_TEST

TEST_MAIN("http/server", answers_and_explains, reads_bodies, continues_when_asked,
          decompresses_within_bounds, asks_who_before_what, answers_a_pipeline_in_order,
          sheds_what_it_cannot_queue, sheds_and_still_refuses, bounds_all_bodies_together,
          finishes_what_runs_before_it_stops, stops_in_spite_of_half_a_request,
          waits_for_work_and_not_for_clients, survives_clients_that_leave,
          refuses_a_port_that_is_taken)
