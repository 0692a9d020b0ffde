// SPDX-License-Identifier: Apache-2.0
// bench_answer.h - reads the answers of POST /v1/events off a socket: the status, when to come
// again, and the three counts. Nothing is allocated, and the list of results is skipped.
#pragma once

#include "phial/util/str.h"

enum { ANSWER_HEAD_MAX = 8192, ANSWER_COUNTS_MAX = 256 };

struct bench_answer {
    int64_t status;
    int64_t retry_after; // seconds; 0 when there is no such header
    bool closes;         // the server ends the connection after this answer
    bool has_counts;     // the body is the document of an ingest
    int64_t accepted;
    int64_t duplicates;
    int64_t rejected;
};

struct bench_reader {
    char head[ANSWER_HEAD_MAX];
    size_t head_len;
    bool in_body;
    int64_t body_left;
    char counts[ANSWER_COUNTS_MAX]; // the first bytes of the body: the counts come first
    size_t counts_len;
    struct bench_answer answer;
};

enum bench_reading { READING_MORE, READING_DONE, READING_BROKEN };

void bench_reader_reset(struct bench_reader *reader);
// Takes the next bytes of one answer. BROKEN for what is no answer with a Content-Length, and for
// bytes after its end.
enum bench_reading bench_reader_feed(struct bench_reader *reader, str bytes);
