// SPDX-License-Identifier: Apache-2.0
// The scanner alone: however the bytes are cut, it finds the same ends and the same faults.
#include "check_main.h"
#include "framing.h"

#include <string.h>

static const struct framing_limits limits = {.target_max = 20, .head_max = 100, .body_max = 50};

// A str that a static table may hold.
#define LITERAL(text)          \
    {                          \
        text, sizeof(text) - 1 \
    }
#define HEAD "GET /a HTTP/1.1\r\nHost: a\r\n"

static const struct {
    str bytes;
    size_t complete;
    unsigned requests;
    enum error_code verdict;
    enum framing_phase phase; // where it stands, if nothing was refused
} cases[] = {
    {LITERAL(""), 0, 0, ERR_NONE, FRAMING_IDLE},
    {LITERAL("\r\n"), 0, 0, ERR_NONE, FRAMING_IDLE},
    {LITERAL(HEAD), 0, 0, ERR_NONE, FRAMING_HEAD},
    {LITERAL(HEAD "\r\n"), 28, 1, ERR_NONE, FRAMING_IDLE},
    {LITERAL(HEAD "\r\n\r\n" HEAD "\r\n"), 58, 2, ERR_NONE, FRAMING_IDLE},
    {LITERAL(HEAD "\r\nG"), 28, 1, ERR_NONE, FRAMING_HEAD},
    {LITERAL(HEAD "\r\n\n"), 28, 1, ERR_BAD_REQUEST, FRAMING_IDLE},
    {LITERAL(HEAD "Content-Length: 3\r\n\r\nab"), 0, 0, ERR_NONE, FRAMING_BODY},
    {LITERAL(HEAD "Content-Length: 3\r\n\r\nabc"), 50, 1, ERR_NONE, FRAMING_IDLE},
    {LITERAL(HEAD "Content-Length: 50\r\n\r\n"), 0, 0, ERR_NONE, FRAMING_BODY},
    {LITERAL(HEAD "Content-Length: 51\r\n\r\n"), 0, 0, ERR_BODY_TOO_LARGE, FRAMING_IDLE},
    {LITERAL(HEAD "Transfer-Encoding: chunked\r\n\r\n2;x\r\nab\r\n0\r\nA: b\r\n\r\n"), 76, 1,
     ERR_NONE, FRAMING_IDLE},
    {LITERAL(HEAD "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n"), 0, 0, ERR_NONE, FRAMING_BODY},
    {LITERAL(HEAD "Transfer-Encoding: chunked\r\n\r\n32\r\n"), 0, 0, ERR_NONE, FRAMING_BODY},
    {LITERAL(HEAD "Transfer-Encoding: chunked\r\n\r\n33\r\n"), 0, 0, ERR_BODY_TOO_LARGE,
     FRAMING_IDLE},
    {LITERAL("GET /aaaaaaaaaaaaaaaaaaa H"), 0, 0, ERR_NONE, FRAMING_HEAD},
    {LITERAL("GET /aaaaaaaaaaaaaaaaaaaa H"), 0, 0, ERR_TARGET_TOO_LONG, FRAMING_IDLE},
    {LITERAL(
         HEAD
         "a: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
     0, 0, ERR_NONE, FRAMING_HEAD},
};

static struct framing_found scan(struct framing *framing, str bytes, size_t step)
{
    struct framing_found all = {.verdict = OK};
    framing_start(framing, &limits);
    for (size_t at = 0; at < bytes.len && !failed(all.verdict); at += step) {
        struct framing_found found = framing_scan(framing, str_slice(bytes, at, at + step));
        if (found.requests != 0)
            all.complete = at + found.complete;
        all.requests += found.requests;
        all.verdict = found.verdict;
    }
    return all;
}

START_TEST(finds_the_same_however_cut)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (size_t step = 1; step <= cases[i].bytes.len; step++) {
            struct framing framing = {0};
            struct framing_found found = scan(&framing, cases[i].bytes, step);
            ck_assert_msg(found.verdict.code == cases[i].verdict, "case %zu, step %zu", i, step);
            ck_assert_msg(found.complete == cases[i].complete, "case %zu, step %zu", i, step);
            ck_assert_uint_eq(found.requests, cases[i].requests);
            if (!failed(found.verdict))
                ck_assert_msg(framing_phase(&framing) == cases[i].phase, "case %zu", i);
        }
    }
}
END_TEST

START_TEST(bounds_the_head_to_the_byte)
{
    char bytes[200] = HEAD "a: ";
    size_t len = strlen(bytes);
    memset(bytes + len, 'x', 100);
    for (size_t filler = 80; filler < 90; filler++) { // "Host: a", "a: ", and three line ends: 16
        struct framing framing = {0};
        memcpy(bytes + len + filler, "\r\n\r\n", sizeof "\r\n\r\n");
        struct framing_found found = scan(&framing, (str){bytes, len + filler + 4}, 7);
        ck_assert_int_eq(found.verdict.code, filler <= 84 ? ERR_NONE : ERR_HEADERS_TOO_LARGE);
        memset(bytes + len, 'x', 100);
    }
}
END_TEST

START_TEST(reads_hosts)
{
    static const struct {
        const char *host;
        bool holds;
    } hosts[] = {
        {"a", true},         {"a.b-c_d~", true},    {"a:80", true},     {"a:", true},
        {"[::1]", true},     {"[::1]:65535", true}, {" a\t", true},     {"127.0.0.1:8080", true},
        {"", false},         {":80", false},        {"a:65536", false}, {"a:8x", false},
        {"[::1", false},     {"::1", false},        {"[]", false},      {"[::1]80", false},
        {"a b", false},      {"a,b", false},        {"a/b", false},     {"%61", false},
        {"\xc3\xa9", false}, {"a:80:90", false},    {"a@b", false},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        struct framing framing = {0};
        str bytes = str_printf(&arena, "GET / HTTP/1.1\r\nHost:%s\r\n\r\n", hosts[i].host);
        struct framing_found found = scan(&framing, bytes, bytes.len);
        ck_assert_msg(failed(found.verdict) != hosts[i].holds, "%s", hosts[i].host);
    }
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("http/framing", finds_the_same_however_cut, bounds_the_head_to_the_byte, reads_hosts)
