// SPDX-License-Identifier: Apache-2.0
#include "phial/util/log.h"

#include "phial/util/array.h"
#include "phial/util/buf.h"

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

static void add_quoted(struct buf *line, str text)
{
    buf_add_char(line, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '"' || c == '\\')
            buf_addf(line, "\\%c", c);
        else if (c < ' ' || c >= 0x7f)
            buf_addf(line, "\\u%04x", c);
        else
            buf_add_char(line, (char)c);
    }
    buf_add_char(line, '"');
}

static void add_time(struct buf *line)
{
    struct timespec now = {0};
    struct tm civil = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &civil);
    buf_addf(line, "{\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ\"", civil.tm_year + 1900,
             civil.tm_mon + 1, civil.tm_mday, civil.tm_hour, civil.tm_min, civil.tm_sec,
             now.tv_nsec / 1000);
}

void log_write(const struct log *log, enum log_level level, const char *event,
               struct log_fields fields)
{
    if (level < log->least)
        return;
    struct arena arena = {0};
    struct buf line = {.arena = &arena};
    add_time(&line);
    buf_addf(&line, ",\"level\":\"%s\",\"event\":\"%s\"", levels[level], event);
    for (size_t i = 0; i < fields.count; i++) {
        buf_addf(&line, ",\"%s\":", fields.items[i].name);
        if (fields.items[i].is_number)
            buf_addf(&line, "%lld", (long long)fields.items[i].number);
        else
            add_quoted(&line, fields.items[i].text);
    }
    buf_add(&line, STR("}\n"));
    (void)!write(STDERR_FILENO, line.ptr, line.len); // one call, so that lines never mix
    arena_reset(&arena);
}
