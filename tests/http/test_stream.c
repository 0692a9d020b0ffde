// SPDX-License-Identifier: Apache-2.0
// Answers that go on.
#include "wire.h"

#define END " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

static struct http_stream *await_stream(struct wire *wire)
{
    struct http_stream *stream = NULL;
    for (int i = 0; i < PATIENCE_MS && stream == NULL; i++) {
        stream = atomic_exchange(&wire->stream, NULL);
        if (stream == NULL)
            (void)usleep(1000);
    }
    ck_assert_ptr_nonnull(stream);
    return stream;
}

static int ask(struct wire *wire, const char *text)
{
    int fd = wire_connect(wire);
    ck_assert(wire_send(fd, text, strlen(text)));
    return fd;
}

// Reads until the text stands at the end of what has come.
static void await_text(int fd, char *answer, const char *text)
{
    size_t len = strlen(answer);
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    while (strstr(answer, text) == NULL) {
        ck_assert_int_eq(poll(&polled, 1, PATIENCE_MS), 1);
        ssize_t got = recv(fd, answer + len, ANSWER_MAX - 1 - len, 0);
        ck_assert_int_gt(got, 0);
        len += (size_t)got;
        answer[len] = '\0';
    }
}

START_TEST(sends_what_is_put_when_it_is_put)
{
    struct wire wire = {0};
    wire_start(&wire);
    int fd = ask(&wire, "GET /stream" END);
    struct http_stream *stream = await_stream(&wire);
    char *answer = calloc(1, ANSWER_MAX);
    ck_assert(http_stream_put(stream, STR("one")));
    await_text(fd, answer, "3\r\none\r\n");
    ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 200"));
    ck_assert_ptr_nonnull(strstr(answer, "Content-Type: text/event-stream\r\n"));
    ck_assert_ptr_nonnull(strstr(answer, "Transfer-Encoding: chunked\r\n"));
    (void)usleep(2500000); // longer than an idle connection may be
    ck_assert(http_stream_put(stream, STR("and two")));
    await_text(fd, answer, "7\r\nand two\r\n");
    ck_assert_ptr_null(strstr(answer, "\r\n0\r\n"));
    http_stream_end(stream);
    await_text(fd, answer, "\r\n0\r\n\r\n");
    (void)close(fd);
    free(answer);
    http_stop(wire.server);
}
END_TEST

START_TEST(tells_that_the_client_has_gone)
{
    struct wire wire = {0};
    wire_start(&wire);
    int fd = ask(&wire, "GET /stream" END);
    struct http_stream *stream = await_stream(&wire);
    char *answer = calloc(1, ANSWER_MAX);
    ck_assert(http_stream_put(stream, STR("one")));
    await_text(fd, answer, "one");
    (void)close(fd);
    int puts = 0;
    while (http_stream_put(stream, STR(":\n\n"))) {
        ck_assert_int_lt(puts++, 100);
        (void)usleep(20000);
    }
    http_stream_end(stream);
    free(answer);
    http_stop(wire.server);
}
END_TEST

START_TEST(keeps_no_more_than_a_stream_holds)
{
    enum { PIECE = 1 << 14, PIECES_MAX = 4096 }; // what the two sockets hold comes on top
    struct wire wire = {0};
    wire_start(&wire);
    int fd = ask(&wire, "GET /stream" END); // and does not read
    struct http_stream *stream = await_stream(&wire);
    char *piece = calloc(1, PIECE);
    int pieces = 0;
    while (http_stream_put(stream, (str){piece, PIECE})) {
        ck_assert_int_lt(pieces++, PIECES_MAX);
        (void)usleep(100);
    }
    (void)close(fd);
    http_stream_end(stream);
    free(piece);
    http_stop(wire.server);
}
END_TEST

START_TEST(ends_before_it_has_begun)
{
    struct wire wire = {0};
    wire_start(&wire);
    for (int i = 0; i < 20; i++) {
        int fd = ask(&wire, i % 2 == 0 ? "GET /stream" END : "HEAD /stream" END);
        struct http_stream *stream = await_stream(&wire);
        char *answer = calloc(1, ANSWER_MAX);
        (void)http_stream_put(stream, STR("hello"));
        http_stream_end(stream);
        ck_assert(wire_read(fd, answer, NULL, PATIENCE_MS));
        ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 200"));
        ck_assert((strstr(answer, "5\r\nhello\r\n0\r\n") != NULL) == (i % 2 == 0));
        (void)close(fd);
        free(answer);
    }
    char *refused = wire_exchange(&wire, STR("GET /stream?a=fail" END));
    ck_assert_ptr_nonnull(strstr(refused, "HTTP/1.1 503"));
    free(refused);
    http_stop(wire.server);
}
END_TEST

TEST_MAIN("http stream", sends_what_is_put_when_it_is_put, tells_that_the_client_has_gone,
          keeps_no_more_than_a_stream_holds, ends_before_it_has_begun)
