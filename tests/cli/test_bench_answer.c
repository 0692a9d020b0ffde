// SPDX-License-Identifier: Apache-2.0
#include "bench_answer.h"
#include "check_main.h"
#include "phial/util/result.h"

#include <string.h>

#define COUNTS "{\"accepted\":997,\"duplicates\":2,\"rejected\":1,\"results\":[{\"accepted\":5}]}"

static enum bench_reading feed_by(struct bench_reader *reader, const char *text, size_t step)
{
    enum bench_reading reading = READING_MORE;
    str rest = str_from(text);
    bench_reader_reset(reader);
    while (rest.len != 0 && reading == READING_MORE) {
        reading = bench_reader_feed(reader, str_slice(rest, 0, step));
        rest = str_slice(rest, step, rest.len);
    }
    return reading;
}

START_TEST(reads_an_answer_however_it_is_cut)
{
    static const char text[] = "HTTP/1.1 207 Multi-Status\r\nDate: x\r\ncontent-length: 71\r\n"
                               "Retry-After: 3\r\nConnection: close\r\n\r\n" COUNTS;
    struct bench_reader reader;
    ck_assert_uint_eq(strlen(COUNTS), 71);
    for (size_t step = 1; step <= sizeof text; step++) {
        ck_assert_int_eq(feed_by(&reader, text, step), READING_DONE);
        ck_assert_int_eq(reader.answer.status, 207);
        ck_assert_int_eq(reader.answer.retry_after, 3);
        ck_assert(reader.answer.closes);
        ck_assert(reader.answer.has_counts);
        ck_assert_int_eq(reader.answer.accepted, 997);
        ck_assert_int_eq(reader.answer.duplicates, 2);
        ck_assert_int_eq(reader.answer.rejected, 1);
    }
}
END_TEST

START_TEST(tells_the_end_of_an_answer)
{
    static const struct {
        const char *text;
        enum bench_reading reading;
    } cases[] = {
        {"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", READING_DONE},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", READING_MORE},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd", READING_BROKEN},
        {"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\n", READING_BROKEN},
        {"HTTP/1.1 200 OK\r\n\r\n", READING_BROKEN},
        {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", READING_BROKEN},
        {"HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n", READING_BROKEN},
        {"nonsense\r\n\r\n", READING_BROKEN},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bench_reader reader;
        ck_assert_int_eq(feed_by(&reader, cases[i].text, 1000), cases[i].reading);
        ck_assert(!reader.answer.has_counts);
    }
}
END_TEST

START_TEST(refuses_a_head_without_end)
{
    struct bench_reader reader;
    char block[1024];
    memset(block, 'a', sizeof block);
    bench_reader_reset(&reader);
    for (size_t fed = sizeof block; fed < ANSWER_HEAD_MAX; fed += sizeof block)
        ck_assert_int_eq(bench_reader_feed(&reader, (str){block, sizeof block}), READING_MORE);
    ck_assert_int_eq(bench_reader_feed(&reader, (str){block, sizeof block}), READING_BROKEN);
}
END_TEST

TEST_MAIN("bench_answer", reads_an_answer_however_it_is_cut, tells_the_end_of_an_answer,
          refuses_a_head_without_end)
