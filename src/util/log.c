// SPDX-License-Identifier: Apache-2.0
#include "phial/util/log.h"

#include "phial/util/array.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const levels[] = {"debug", "info", "warn", "error"};

bool log_level_parse(str name, enum log_level *level)
{
    for (size_t i = 0; i < COUNT_OF(levels); i++) {
        if (str_eq(name, str_from(levels[i]))) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

enum { LINE_BYTES_MAX = 4096, TEXTS_BYTES_MAX = 3072 }; // texts leave room for what is ours

_Static_assert(LINE_BYTES_MAX <= sizeof(((struct log_lines *)0)->text), "a line has room there");

struct line {
    char text[LINE_BYTES_MAX];
    size_t len;
};

static void add(struct line *line, const char *text, size_t len)
{
    assert(len <= sizeof line->text - line->len);
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

static void add_text(struct line *line, const char *text)
{
    add(line, text, strlen(text));
}

static void add_number(struct line *line, int64_t number, int digits)
{
    char text[24];
    size_t at = sizeof text;
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
    for (; left != 0 || digits > 0; left /= 10, digits--)
        text[--at] = (char)('0' + left % 10);
    if (number < 0)
        text[--at] = '-';
    add(line, text + at, sizeof text - at);
}

static bool is_plain(unsigned char c)
{
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

static size_t plain_run(str text)
{
    size_t len = 0;
    while (len < text.len && is_plain((unsigned char)text.ptr[len]))
        len++;
    return len;
}

static void add_escaped(struct line *line, unsigned char c)
{
    char escaped[8];
    int len = snprintf(escaped, sizeof escaped, c == '"' || c == '\\' ? "\\%c" : "\\u%04x", c);
    add(line, escaped, (size_t)len);
}

// What does not fit is left out.
static void add_quoted(struct line *line, str text)
{
    add_text(line, "\"");
    while (text.len != 0 && line->len < TEXTS_BYTES_MAX) {
        size_t plain = plain_run(str_slice(text, 0, TEXTS_BYTES_MAX - line->len));
        add(line, text.ptr, plain);
        if (plain == 0)
            add_escaped(line, (unsigned char)text.ptr[0]);
        text = str_slice(text, plain == 0 ? 1 : plain, text.len);
    }
    add_text(line, "\"");
}

static void add_time(struct line *line)
{
    char text[64];
    struct timespec now = {0};
    struct tm civil = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &civil);
    size_t len = strftime(text, sizeof text, "{\"time\":\"%Y-%m-%dT%H:%M:%S.", &civil);
    add(line, text, len);
    add_number(line, now.tv_nsec / 1000, 6);
    add_text(line, "Z\"");
}

static void print_line(struct line *line, enum log_level level, const char *event,
                       struct log_fields fields)
{
    line->len = 0;
    add_time(line);
    add_text(line, ",\"level\":\"");
    add_text(line, levels[level]);
    add_text(line, "\",\"event\":\"");
    add_text(line, event);
    add_text(line, "\"");
    for (size_t i = 0; i < fields.count; i++) {
        if (fields.items[i].is_optional && fields.items[i].text.len == 0)
            continue;
        add_text(line, ",\"");
        add_text(line, fields.items[i].name);
        add_text(line, "\":");
        if (fields.items[i].is_number)
            add_number(line, fields.items[i].number, 1);
        else
            add_quoted(line, fields.items[i].text);
    }
    add_text(line, "}\n");
}

void log_write(const struct log *log, enum log_level level, const char *event,
               struct log_fields fields)
{
    if (level < log->least)
        return;
    struct line line;
    print_line(&line, level, event, fields);
    (void)!write(STDERR_FILENO, line.text, line.len); // one call, so that lines never mix
}

void log_collect(struct log_lines *lines, const struct log *log, enum log_level level,
                 const char *event, struct log_fields fields)
{
    if (level < log->least)
        return;
    struct line line;
    print_line(&line, level, event, fields);
    if (line.len > sizeof lines->text - lines->len)
        log_flush(lines);
    memcpy(lines->text + lines->len, line.text, line.len);
    lines->len += line.len;
}

void log_flush(struct log_lines *lines)
{
    if (lines->len != 0)
        (void)!write(STDERR_FILENO, lines->text, lines->len);
    lines->len = 0;
}
