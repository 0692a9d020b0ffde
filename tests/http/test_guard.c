// SPDX-License-Identifier: Apache-2.0
// What a client may do to the framing, over real sockets: the good request before is answered, the
// bad one is refused, nothing of it or after it is executed, and the connection ends.
#include "wire.h"

#define GOOD "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
#define EVIL "GET /marked HTTP/1.1\r\nHost: a\r\n\r\n"

struct bad {
    const char *label;
    str bytes;
    int status;
};

#define BAD(label, status, bytes)                 \
    {                                             \
        label, {bytes, sizeof(bytes) - 1}, status \
    }

static const struct bad bad_requests[] = {
    BAD("length and chunked", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
        "0\r\n\r\n" EVIL),
    BAD("chunked and length", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n"
        "0\r\n\r\n" EVIL),
    BAD("two lengths", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 35\r\n\r\n" EVIL),
    BAD("two equal lengths", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n" EVIL),
    BAD("a list of lengths", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 0\r\n\r\n" EVIL),
    BAD("a signed length", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +0\r\n\r\n" EVIL),
    BAD("a negative length", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n" EVIL),
    BAD("a hexadecimal length", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0x0\r\n\r\n" EVIL),
    BAD("an empty length", 400, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n" EVIL),
    BAD("an absurd length", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n" EVIL),
    BAD("a blank after the length", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0 \r\n\r\n" EVIL),
    BAD("a blank after the coding", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n" EVIL),
    BAD("an unknown coding", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" EVIL),
    BAD("a coding before chunked", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" EVIL),
    BAD("identity", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n" EVIL),
    BAD("chunked twice", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" EVIL),
    BAD("chunked in HTTP/1.0", 400,
        "POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" EVIL),
    BAD("no Host", 400, "GET /marked HTTP/1.1\r\n\r\n" EVIL),
    BAD("two Hosts", 400, "GET /marked HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n" EVIL),
    BAD("an empty Host", 400, "GET /marked HTTP/1.1\r\nHost:\r\n\r\n" EVIL),
    BAD("a Host with a path", 400, "GET /marked HTTP/1.1\r\nHost: a/b\r\n\r\n" EVIL),
    BAD("a Host with a user", 400, "GET /marked HTTP/1.1\r\nHost: u@a\r\n\r\n" EVIL),
    BAD("a Host with a bad port", 400, "GET /marked HTTP/1.1\r\nHost: a:99999\r\n\r\n" EVIL),
    BAD("two Hosts in one", 400, "GET /marked HTTP/1.1\r\nHost: a, b\r\n\r\n" EVIL),
    BAD("a folded header", 400, "GET /marked HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n" EVIL),
    BAD("a folded first header", 400, "GET /marked HTTP/1.1\r\n X: b\r\nHost: a\r\n\r\n" EVIL),
    BAD("a blank before the colon", 400, "GET /marked HTTP/1.1\r\nHost : a\r\n\r\n" EVIL),
    BAD("a tab before the colon", 400, "GET /marked HTTP/1.1\r\nHost: a\r\nX\t: a\r\n\r\n" EVIL),
    BAD("a name that is no token", 400, "GET /marked HTTP/1.1\r\nHost: a\r\nX(y): a\r\n\r\n" EVIL),
    BAD("no name", 400, "GET /marked HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n" EVIL),
    BAD("no colon", 400, "GET /marked HTTP/1.1\r\nHost: a\r\nX\r\n\r\n" EVIL),
    BAD("NUL in a value", 400, "GET /marked HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n" EVIL),
    BAD("NUL in a name", 400, "GET /marked HTTP/1.1\r\nHost: a\r\nX\0Y: b\r\n\r\n" EVIL),
    BAD("NUL in the target", 400, "GET /marked\0 HTTP/1.1\r\nHost: a\r\n\r\n" EVIL),
    BAD("a bare CR in a value", 400, "GET /marked HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n" EVIL),
    BAD("a bare LF after a value", 400, "GET /marked HTTP/1.1\r\nHost: a\nX: a\r\n\r\n" EVIL),
    BAD("a bare LF after the line", 400, "GET /marked HTTP/1.1\nHost: a\r\n\r\n" EVIL),
    BAD("a bare LF at the end", 400, "GET /marked HTTP/1.1\r\nHost: a\r\n\n" EVIL),
    BAD("no version", 400, "GET /marked\r\nHost: a\r\n\r\n" EVIL),
    BAD("two blanks", 400, "GET  /marked HTTP/1.1\r\nHost: a\r\n\r\n" EVIL),
    BAD("a blank in the target", 400, "GET /mar ked HTTP/1.1\r\nHost: a\r\n\r\n" EVIL),
    BAD("a target without a slash", 400, "GET marked HTTP/1.1\r\nHost: a\r\n\r\n" EVIL),
    BAD("a fragment", 400, "GET /marked#x HTTP/1.1\r\nHost: a\r\n\r\n" EVIL),
    BAD("a method that is no token", 400, "G@T /marked HTTP/1.1\r\nHost: a\r\n\r\n" EVIL),
    BAD("lower case version", 400, "GET /marked http/1.1\r\nHost: a\r\n\r\n" EVIL),
    BAD("HTTP/2", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" EVIL),
    BAD("HTTP/1.2", 505, "GET /marked HTTP/1.2\r\nHost: a\r\n\r\n" EVIL),
    BAD("two empty lines", 400, "\r\n\r\n" EVIL),
    BAD("TLS", 400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    BAD("a malformed chunk size", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n" EVIL),
    BAD("a signed chunk size", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+0\r\n\r\n" EVIL),
    BAD("a chunk size with 0x", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n" EVIL),
    BAD("a blank after a chunk size", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1 \r\na\r\n" EVIL),
    BAD("an absurd chunk size", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "10000000000000000\r\na\r\n" EVIL),
    BAD("a chunk longer than its size", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n2\r\nabc\r\n0\r\n\r\n" EVIL),
    BAD("a bare LF after a chunk size", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n" EVIL),
    BAD("a bare LF in a chunk extension", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x\nabc\r\n" EVIL),
    BAD("a length in the trailer", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "0\r\nContent-Length: 5\r\n\r\n" EVIL),
    BAD("a folded trailer", 400,
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "0\r\nX: 5\r\n y\r\n\r\n" EVIL),
    BAD("more than the largest body", 413,
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\nabc"),
    BAD("a chunk beyond the largest body", 413,
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "1\r\na\r\n100000\r\na"),
};

static void check_refusal(const struct bad *bad, const char *answer)
{
    char status[32];
    (void)snprintf(status, sizeof status, "HTTP/1.1 %d ", bad->status);
    ck_assert_msg(strstr(answer, status) == answer, "%s: %s", bad->label, answer);
    ck_assert_msg(strstr(answer, "application/problem+json") != NULL, "%s", bad->label);
    ck_assert_msg(strstr(answer, "Connection: close") != NULL, "%s", bad->label);
    ck_assert_msg(strstr(answer, "\"request_id\":\"") != NULL, "%s", bad->label);
    ck_assert_msg(wire_count(answer, "HTTP/1.1") == 1, "%s: %s", bad->label, answer);
}

START_TEST(refuses_and_executes_nothing_after)
{
    struct wire wire = {0};
    wire_start(&wire);
    for (size_t i = 0; i < COUNT_OF(bad_requests); i++) {
        char *answer = wire_exchange(&wire, bad_requests[i].bytes);
        check_refusal(&bad_requests[i], answer);
        free(answer);
    }
    ck_assert_int_eq(wire.executed, 0);
    struct http_figures figures = {0};
    http_figures_read(wire.server, &figures);
    ck_assert_uint_eq(figures.framing_refused, COUNT_OF(bad_requests));
    http_stop(wire.server);
}
END_TEST

START_TEST(answers_what_came_before)
{
    struct wire wire = {0};
    wire_start(&wire);
    for (size_t i = 0; i < COUNT_OF(bad_requests); i++) {
        struct arena arena = {0};
        struct buf bytes = {.arena = &arena};
        buf_add(&bytes, STR(GOOD "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxyz"));
        buf_add(&bytes, bad_requests[i].bytes);
        char *answer = wire_exchange(&wire, buf_str(&bytes));
        ck_assert_msg(wire_count(answer, "HTTP/1.1 200 OK") == 2, "%s: %s", bad_requests[i].label,
                      answer);
        const char *last = strstr(answer, "xyz");
        ck_assert_ptr_nonnull(last);
        check_refusal(&bad_requests[i], last + 3);
        free(answer);
        arena_reset(&arena);
    }
    ck_assert_uint_eq((size_t)wire.executed, 2 * COUNT_OF(bad_requests));
    ck_assert_int_eq(wire.marked, 0);
    http_stop(wire.server);
}
END_TEST

// As a client whose every byte is a packet of its own.
START_TEST(refuses_in_pieces)
{
    struct wire wire = {0};
    wire_start(&wire);
    for (size_t i = 0; i < COUNT_OF(bad_requests); i += 3) {
        char *answer = calloc(1, ANSWER_MAX);
        int fd = wire_connect(&wire);
        for (size_t at = 0; at < bad_requests[i].bytes.len; at++) {
            if (!wire_send(fd, bad_requests[i].bytes.ptr + at, 1))
                break;
            (void)usleep(at % 8 == 0 ? 300 : 0);
        }
        ck_assert(wire_read(fd, answer, NULL, PATIENCE_MS));
        check_refusal(&bad_requests[i], answer);
        (void)close(fd);
        free(answer);
    }
    ck_assert_int_eq(wire.executed, 0);
    http_stop(wire.server);
}
END_TEST

START_TEST(serves_what_is_unusual_but_clear)
{
    static const struct bad cases[] = {
        BAD("an empty line before", 200, "\r\n" GOOD),
        BAD("HTTP/1.0 without Host", 200, "GET /hello HTTP/1.0\r\n\r\n"),
        BAD("absolute form", 200, "GET http://a/hello HTTP/1.1\r\nHost: a\r\n\r\n"),
        BAD("an IPv6 Host", 200, "GET /hello HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"),
        BAD("odd case", 200, "GET /hello HTTP/1.1\r\nhOST:a\r\n\r\n"),
        BAD("obs-text", 200, "GET /hello HTTP/1.1\r\nHost: a\r\nX: \xc3\xa9\r\n\r\n"),
        BAD("chunked after a tab", 200,
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \t chunked\r\n\r\n"
            "5\r\nhello\r\n0\r\n\r\n"),
        BAD("chunked in odd case", 200,
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ChunKed\r\n\r\n"
            "5\r\nhello\r\n0\r\n\r\n"),
        BAD("chunks, extension, trailer", 200,
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            "0003;a=\"b\"\r\nhel\r\n2;x\r\nlo\r\n000\r\nX-Sum: 1\r\n\r\n"),
        BAD("a length with zeros", 200,
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0005\r\n\r\nhello"),
    };
    struct wire wire = {0};
    wire_start(&wire);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char answer[ANSWER_MAX] = "";
        int fd = wire_connect(&wire);
        ck_assert(wire_send(fd, cases[i].bytes.ptr, cases[i].bytes.len));
        (void)wire_read(fd, answer, "hello", PATIENCE_MS);
        ck_assert_msg(strncmp(answer + strlen("HTTP/1.x "), "200 ", 4) == 0, "%s: %s",
                      cases[i].label, answer);
        ck_assert_msg(strstr(answer, "\r\n\r\nhello") != NULL, "%s: %s", cases[i].label, answer);
        (void)close(fd);
    }
    http_stop(wire.server);
}
END_TEST

START_TEST(bounds_target_and_headers)
{
    struct wire wire = {0};
    wire_start(&wire);
    struct arena arena = {0};
    char *filler = arena_array(&arena, char, 40000);
    memset(filler, 'a', 39999);
    static const struct {
        int target;
        int header;
        const char *status;
    } cases[] = {
        {8192 - 1, 1, "HTTP/1.1 404"},
        {8192, 1, "HTTP/1.1 414"},
        {30000, 1, "HTTP/1.1 414"},
        {1, 32768 - 23, "HTTP/1.1 404"}, // with Host, the names and the line ends: 32 KiB
        {1, 32768 - 22, "HTTP/1.1 431"},
        {8192 - 1, 32768 - 23, "HTTP/1.1 404"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        str bytes = str_printf(&arena, "GET /%.*s HTTP/1.1\r\nHost: abc\r\nX-Long: %.*s\r\n\r\n%s",
                               cases[i].target, filler, cases[i].header, filler, "PRI\r\n");
        char *answer = wire_exchange(&wire, bytes);
        ck_assert_msg(strstr(answer, cases[i].status) == answer, "%zu: %.200s", i, answer);
        ck_assert_ptr_nonnull(strstr(answer, "application/problem+json"));
        free(answer);
    }
    arena_reset(&arena);
    http_stop(wire.server);
}
END_TEST

START_TEST(bounds_lines_and_parameters)
{
    struct wire wire = {0};
    wire_start(&wire);
    struct arena arena = {0};
    struct buf lines = {.arena = &arena};
    buf_add(&lines, STR("GET /hello HTTP/1.1\r\nHost: a\r\n"));
    for (int i = 0; i < 8000; i++)
        buf_add(&lines, STR("a:\r\n"));
    buf_add(&lines, STR("\r\n"));
    char *answer = wire_exchange(&wire, buf_str(&lines));
    ck_assert_msg(strstr(answer, "HTTP/1.1 431") == answer, "%.200s", answer);
    free(answer);

    struct buf cookies = {.arena = &arena};
    buf_add(&cookies, STR("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\nCookie: "));
    for (int i = 0; i < 8000; i++)
        buf_add(&cookies, STR("a=b;"));
    buf_add(&cookies, STR("\r\n\r\n"));
    answer = wire_exchange(&wire, buf_str(&cookies));
    ck_assert_msg(strstr(answer, "HTTP/1.1 431") == answer, "%.200s", answer);
    free(answer);

    struct buf target = {.arena = &arena};
    buf_add(&target, STR("GET /hello?"));
    for (int i = 0; i < 8000; i++)
        buf_add(&target, STR("&"));
    buf_add(&target, STR(" HTTP/1.1\r\nHost: a\r\n\r\n"));
    answer = wire_exchange(&wire, buf_str(&target));
    ck_assert_msg(strstr(answer, "HTTP/1.1 414") == answer, "%.200s", answer);
    ck_assert_ptr_nonnull(strstr(answer, "\"code\":\"target_too_long\""));
    free(answer);
    arena_reset(&arena);
    http_stop(wire.server);
}
END_TEST

START_TEST(ends_requests_that_arrive_too_slowly)
{
    static const struct bad cases[] = {
        BAD("half a line", 408, "GET /hel"),
        BAD("half a head", 408, "GET /hello HTTP/1.1\r\nHost: a\r\n"),
        BAD("half a body", 408, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\nabc"),
        BAD("half a chunk", 408,
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
    };
    struct wire wire = {0};
    wire_start(&wire);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *answer = wire_exchange(&wire, cases[i].bytes);
        check_refusal(&cases[i], answer);
        free(answer);
    }
    char *answer = wire_exchange(&wire, STR("")); // idle: ended without a word
    ck_assert_str_eq(answer, "");
    free(answer);
    ck_assert_int_eq(wire.executed, 0);
    http_stop(wire.server);
}
END_TEST

// The times stand still while the server works, and a body that flows may take long.
START_TEST(waits_for_what_flows)
{
    struct wire wire = {.hold = true};
    wire_start(&wire);
    char answer[ANSWER_MAX] = "";
    int fd = wire_connect(&wire);
    str slow = STR("GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /hel"); // the next one begins already
    ck_assert(wire_send(fd, slow.ptr, slow.len));
    (void)usleep(600000);
    wire.hold = false;
    ck_assert(wire_send(fd, &GOOD[8], sizeof GOOD - 1 - 8));
    (void)wire_read(fd, answer, "hello", PATIENCE_MS);
    answer[0] = '\0';
    (void)wire_read(fd, answer, "hello", PATIENCE_MS);
    (void)close(fd);

    fd = wire_connect(&wire);
    str head = STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
    ck_assert(wire_send(fd, head.ptr, head.len));
    char piece[50];
    memset(piece, 'x', sizeof piece);
    for (int i = 0; i < 20; i++) {
        (void)usleep(50000);
        ck_assert(wire_send(fd, piece, sizeof piece));
    }
    answer[0] = '\0';
    (void)wire_read(fd, answer, "xxxxx", PATIENCE_MS);
    ck_assert_ptr_eq(strstr(answer, "HTTP/1.1 200"), answer);
    (void)close(fd);
    http_stop(wire.server);
}
END_TEST

// A client that goes on sending what was refused must still be able to read why.
START_TEST(lingers_until_the_client_has_sent)
{
    struct wire wire = {0};
    wire_start(&wire);
    char answer[ANSWER_MAX] = "";
    int fd = wire_connect(&wire);
    str head = STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n");
    ck_assert(wire_send(fd, head.ptr, head.len));
    char *body = calloc(1, 20000000);
    ck_assert(wire_send(fd, body, 20000000));
    free(body);
    ck_assert(wire_read(fd, answer, NULL, PATIENCE_MS));
    ck_assert_msg(strstr(answer, "HTTP/1.1 413") == answer, "%s", answer);
    (void)close(fd);
    http_stop(wire.server);
}
END_TEST

TEST_MAIN("http/guard", refuses_and_executes_nothing_after, answers_what_came_before,
          refuses_in_pieces, serves_what_is_unusual_but_clear, bounds_target_and_headers,
          bounds_lines_and_parameters, ends_requests_that_arrive_too_slowly, waits_for_what_flows,
          lingers_until_the_client_has_sent)
