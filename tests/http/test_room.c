// SPDX-License-Identifier: Apache-2.0
// Who says nothing does not keep others out.
#include "wire.h"

#include <time.h>

#define HELLO "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"

static void start(struct wire *wire, int connections_max, const struct http_limits *limits)
{
    struct http_options options = wire_options(wire);
    options.connections_max = connections_max;
    ck_assert_ok(http_start_limited(&options, limits, &wire->server));
}

static struct http_figures figures_of(const struct wire *wire)
{
    struct http_figures figures = {0};
    http_figures_read(wire->server, &figures);
    return figures;
}

static void await_connections(const struct wire *wire, uint64_t count)
{
    for (int i = 0; i < PATIENCE_MS && figures_of(wire).connections_open != count; i++)
        (void)usleep(1000);
    ck_assert_uint_eq(figures_of(wire).connections_open, count);
}

static bool is_open(int fd)
{
    char byte = 0;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
}

static void assert_served(int fd)
{
    char answer[ANSWER_MAX] = "";
    ck_assert(wire_send(fd, HELLO, sizeof HELLO - 1));
    (void)wire_read(fd, answer, "\r\n\r\nhello", PATIENCE_MS);
    ck_assert_msg(strstr(answer, "HTTP/1.1 200") == answer, "%s", answer);
}

static int64_t now_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

START_TEST(ends_a_connection_that_never_says_anything)
{
    struct wire wire = {0};
    struct http_limits limits = wire_limits();
    limits.idle_seconds = 60;
    start(&wire, 100, &limits);
    char answer[ANSWER_MAX] = "";
    int used = wire_connect(&wire);
    assert_served(used);
    int silent = wire_connect(&wire);
    int64_t before = now_ms();
    ck_assert(wire_read(silent, answer, NULL, PATIENCE_MS));
    ck_assert_str_eq(answer, "");
    ck_assert_int_ge(now_ms() - before, limits.head_us / 1000);
    ck_assert(is_open(used)); // has longer
    (void)close(silent);
    (void)close(used);
    http_stop(wire.server);
}
END_TEST

START_TEST(a_newcomer_takes_the_place_of_the_one_idle_longest)
{
    enum { PLACES = 4, NEWCOMERS = 20 };
    struct wire wire = {0};
    struct http_limits limits = wire_limits();
    limits.head_us = 60000000;
    limits.idle_seconds = 60;
    start(&wire, PLACES, &limits);
    int fds[PLACES];
    for (size_t i = 0; i < PLACES; i++) {
        fds[i] = wire_connect(&wire);
        assert_served(fds[i]);
        (void)usleep(2000);
    }
    assert_served(fds[0]); // the second is now the longest idle
    await_connections(&wire, PLACES);

    int newcomer = wire_connect(&wire);
    assert_served(newcomer);
    await_connections(&wire, PLACES);
    char answer[ANSWER_MAX] = "";
    ck_assert(wire_read(fds[1], answer, NULL, PATIENCE_MS));
    ck_assert_str_eq(answer, "");
    ck_assert(is_open(fds[0]) && is_open(fds[2]) && is_open(fds[3]));
    (void)close(newcomer);

    for (size_t i = 0; i < NEWCOMERS; i++) { // and so on, also when nobody leaves by himself
        int fd = wire_connect(&wire);
        assert_served(fd);
    }
    await_connections(&wire, PLACES);
    http_stop(wire.server);
}
END_TEST

START_TEST(who_never_spoke_gives_way_first)
{
    struct wire wire = {0};
    struct http_limits limits = wire_limits();
    limits.head_us = 60000000;
    limits.idle_seconds = 60;
    start(&wire, 2, &limits);
    int used = wire_connect(&wire);
    assert_served(used);
    int silent = wire_connect(&wire);
    await_connections(&wire, 2);
    (void)usleep(1100000);
    int newcomer = wire_connect(&wire);
    assert_served(newcomer);
    await_connections(&wire, 2);
    ck_assert(!is_open(silent));
    ck_assert(is_open(used));
    (void)close(used);
    (void)close(silent);
    (void)close(newcomer);
    http_stop(wire.server);
}
END_TEST

START_TEST(a_newcomer_is_told_when_every_connection_works)
{
    struct wire wire = {.hold = true};
    struct http_limits limits = wire_limits();
    start(&wire, 2, &limits);
    str slow = STR("GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    int busy[2];
    for (size_t i = 0; i < COUNT_OF(busy); i++) {
        busy[i] = wire_connect(&wire);
        ck_assert(wire_send(busy[i], slow.ptr, slow.len));
    }
    await_connections(&wire, 2);
    (void)usleep(50000);

    for (int i = 0; i < 3; i++) {
        int64_t before = now_ms();
        char *answer = wire_exchange(&wire, i == 0 ? STR("") : STR(HELLO));
        ck_assert_int_lt(now_ms() - before, 1000);
        ck_assert_msg(strstr(answer, "HTTP/1.1 503") == answer, "%s", answer);
        ck_assert_ptr_nonnull(strstr(answer, "Retry-After: 1\r\n"));
        ck_assert_ptr_nonnull(strstr(answer, "Connection: close\r\n"));
        ck_assert_ptr_nonnull(strstr(answer, "\"code\":\"busy\""));
        free(answer);
    }
    ck_assert_uint_eq(figures_of(&wire).overload_refused, 3);
    ck_assert_uint_eq(figures_of(&wire).framing_refused, 0);
    await_connections(&wire, 2);
    wire.hold = false;
    for (size_t i = 0; i < COUNT_OF(busy); i++) {
        char answer[ANSWER_MAX] = "";
        ck_assert(wire_read(busy[i], answer, NULL, PATIENCE_MS));
        ck_assert_ptr_eq(strstr(answer, "HTTP/1.1 200"), answer);
        (void)close(busy[i]);
    }
    await_connections(&wire, 0);
    char *answer = wire_exchange(&wire, STR("GET /hello HTTP/1.1\r\nHost: a\r\n"
                                            "Connection: close\r\n\r\n"));
    ck_assert_ptr_eq(strstr(answer, "HTTP/1.1 200"), answer);
    free(answer);
    ck_assert_uint_eq(figures_of(&wire).connections, 6);
    ck_assert_uint_eq(figures_of(&wire).queue_length, 0);
    ck_assert_uint_eq(figures_of(&wire).queued, 3);
    http_stop(wire.server);
}
END_TEST

TEST_MAIN("http/room", ends_a_connection_that_never_says_anything,
          a_newcomer_takes_the_place_of_the_one_idle_longest, who_never_spoke_gives_way_first,
          a_newcomer_is_told_when_every_connection_works)
