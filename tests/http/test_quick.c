// SPDX-License-Identifier: Apache-2.0
// A handler that is tried where its request arrives.
#include "wire.h"

#define END " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

static const struct route quick_route = {"GET", "/quick", get_quick, BODY_NONE, "", ""};

static void start_quick(struct wire *wire, int workers)
{
    struct http_options options = wire_options(wire);
    struct http_limits limits = wire_limits();
    options.quick = &quick_route;
    options.workers = workers;
    ck_assert_ok(http_start_limited(&options, &limits, &wire->server));
}

static uint64_t queued(const struct wire *wire)
{
    struct http_figures figures = {0};
    http_figures_read(wire->server, &figures);
    return figures.queued;
}

static void expect_hello(const struct wire *wire, str request)
{
    char *answer = wire_exchange(wire, request);
    ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 200"));
    ck_assert_ptr_nonnull(strstr(answer, "\r\n\r\nhello"));
    ck_assert_ptr_null(strstr(answer, "X-Tried"));
    free(answer);
}

START_TEST(answers_without_a_worker_what_needs_none)
{
    struct wire wire = {0};
    start_quick(&wire, 1);
    expect_hello(&wire, STR("GET /quick" END));
    ck_assert_int_eq(wire.tried, 1);
    ck_assert_uint_eq(queued(&wire), 0);
    expect_hello(&wire, STR("GET /hello" END)); // any other
    ck_assert_uint_eq(queued(&wire), 1);
    ck_assert_int_eq(wire.left, 2);
    http_stop(wire.server);
}
END_TEST

START_TEST(a_worker_runs_again_what_would_wait)
{
    struct wire wire = {0};
    start_quick(&wire, 2);
    for (int i = 1; i <= 20; i++) {
        expect_hello(&wire, STR("GET /quick?a=work" END));
        ck_assert_int_eq(wire.tried, i);
        ck_assert_int_eq(wire.executed, i);
        ck_assert_int_eq(wire.left, i); // the try was no answer
    }
    ck_assert_uint_eq(queued(&wire), 20);
    expect_hello(&wire, STR("GET /quick HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\n"
                            "Connection: close\r\n\r\n"));
    ck_assert_int_eq(wire.tried, 20); // what has to be unpacked is not tried
    http_stop(wire.server);
}
END_TEST

START_TEST(what_was_begun_on_the_loop_may_wait)
{
    struct wire wire = {0};
    start_quick(&wire, 1);
    char *answer = calloc(1, ANSWER_MAX);
    for (int i = 0; i < 20; i++) {
        const struct request *parked = NULL;
        int fd = wire_connect(&wire);
        ck_assert(wire_send(fd, "GET /quick?a=wait" END, strlen("GET /quick?a=wait" END)));
        while (parked == NULL)
            parked = atomic_exchange(&wire.parked, NULL);
        http_resume(parked); // before or after the loop has let it go
        answer[0] = '\0';
        ck_assert(wire_read(fd, answer, NULL, PATIENCE_MS));
        ck_assert_ptr_nonnull(strstr(answer, "\r\n\r\nhello"));
        (void)close(fd);
    }
    ck_assert_uint_eq(queued(&wire), 0);
    free(answer);
    http_stop(wire.server);
}
END_TEST

static void *get_slowly(void *argument)
{
    expect_hello(argument, STR("GET /slow" END));
    return NULL;
}

START_TEST(another_request_that_takes_long_keeps_nobody_from_being_tried)
{
    struct wire wire = {.hold = true};
    pthread_t slow;
    start_quick(&wire, 2);
    ck_assert_int_eq(pthread_create(&slow, NULL, get_slowly, &wire), 0);
    while (wire.entered == 0)
        (void)usleep(1000);
    expect_hello(&wire, STR("GET /quick" END));
    ck_assert_int_eq(wire.tried, 1);
    ck_assert_uint_eq(queued(&wire), 1); // the slow one
    wire.hold = false;
    (void)pthread_join(slow, NULL);
    http_stop(wire.server);
}
END_TEST

TEST_MAIN("http quick", another_request_that_takes_long_keeps_nobody_from_being_tried,
          answers_without_a_worker_what_needs_none, a_worker_runs_again_what_would_wait,
          what_was_begun_on_the_loop_may_wait)
