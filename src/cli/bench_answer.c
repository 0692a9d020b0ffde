// SPDX-License-Identifier: Apache-2.0
#include "bench_answer.h"

#include <string.h>
#include <strings.h>

void bench_reader_reset(struct bench_reader *reader)
{
    reader->head_len = 0;
    reader->in_body = false;
    reader->body_left = 0;
    reader->counts_len = 0;
    reader->answer = (struct bench_answer){0};
}

static bool same_name(str name, str wanted)
{
    return name.len == wanted.len && strncasecmp(name.ptr, wanted.ptr, wanted.len) == 0;
}

// "HTTP/1.1 200 OK"
static bool read_status(str line, int64_t *status)
{
    str version = {0};
    str rest = {0};
    return str_starts_with(line, STR("HTTP/1.1 ")) && str_cut(line, ' ', &version, &rest) &&
           rest.len >= 3 && str_to_i64(str_slice(rest, 0, 3), status);
}

static bool read_head(struct bench_reader *reader)
{
    str rest = {reader->head, reader->head_len};
    str line = {0};
    bool has_length = false;
    bool is_first = true;
    while (str_cut(rest, '\n', &line, &rest)) {
        if (str_ends_with(line, STR("\r")))
            line.len--;
        str name = {0};
        str value = {0};
        if (is_first && !read_status(line, &reader->answer.status))
            return false;
        if (!is_first && str_cut(line, ':', &name, &value)) {
            value = str_trim(value);
            if (same_name(name, STR("Content-Length")))
                has_length = str_to_i64(value, &reader->body_left) && reader->body_left >= 0;
            else if (same_name(name, STR("Retry-After")))
                (void)str_to_i64(value, &reader->answer.retry_after);
            else if (same_name(name, STR("Connection")))
                reader->answer.closes = same_name(value, STR("close"));
        }
        is_first = false;
    }
    return has_length;
}

static bool read_count(str text, const char *member, int64_t *count)
{
    const char *at = memmem(text.ptr, text.len, member, strlen(member));
    if (at == NULL)
        return false;
    str rest = str_slice(text, (size_t)(at - text.ptr) + strlen(member), text.len);
    while (rest.len != 0 && (*rest.ptr == ' ' || *rest.ptr == ':'))
        rest = str_slice(rest, 1, rest.len);
    size_t digits = 0;
    while (digits < rest.len && rest.ptr[digits] >= '0' && rest.ptr[digits] <= '9')
        digits++;
    return str_to_i64(str_slice(rest, 0, digits), count);
}

static enum bench_reading finish(struct bench_reader *reader)
{
    struct bench_answer *answer = &reader->answer;
    str text = {reader->counts, reader->counts_len};
    answer->has_counts = read_count(text, "\"accepted\"", &answer->accepted) &&
                         read_count(text, "\"duplicates\"", &answer->duplicates) &&
                         read_count(text, "\"rejected\"", &answer->rejected);
    return READING_DONE;
}

static enum bench_reading feed_body(struct bench_reader *reader, str bytes)
{
    if ((int64_t)bytes.len > reader->body_left)
        return READING_BROKEN;
    size_t room = sizeof reader->counts - reader->counts_len;
    size_t kept = bytes.len < room ? bytes.len : room;
    if (kept != 0)
        memcpy(reader->counts + reader->counts_len, bytes.ptr, kept);
    reader->counts_len += kept;
    reader->body_left -= (int64_t)bytes.len;
    return reader->body_left == 0 ? finish(reader) : READING_MORE;
}

enum bench_reading bench_reader_feed(struct bench_reader *reader, str bytes)
{
    if (reader->in_body)
        return feed_body(reader, bytes);
    size_t room = sizeof reader->head - reader->head_len;
    size_t taken = bytes.len < room ? bytes.len : room;
    memcpy(reader->head + reader->head_len, bytes.ptr, taken);
    size_t seen = reader->head_len + taken;
    const char *end = memmem(reader->head, seen, "\r\n\r\n", 4);
    if (end == NULL) {
        reader->head_len = seen;
        return seen == sizeof reader->head ? READING_BROKEN : READING_MORE;
    }
    size_t head = (size_t)(end - reader->head) + 4;
    size_t used = head - reader->head_len; // of these bytes
    reader->head_len = head;
    reader->in_body = true;
    if (!read_head(reader))
        return READING_BROKEN;
    return feed_body(reader, str_slice(bytes, used, bytes.len));
}
