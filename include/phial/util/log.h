// SPDX-License-Identifier: Apache-2.0
// log.h - one JSON object a line on standard error. Only the top floors (http, jobs, app) log.
//
// Field values are numbers, constants and names that were declared; never what a client sent.
#pragma once

#include "phial/util/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log {
    enum log_level least; // what is below is not written
};

typedef struct {
    const char *name;
    bool is_number;
    bool is_optional; // an empty text is left out
    int64_t number;
    str text;
} log_field;

static inline log_field log_i64(const char *name, int64_t number)
{
    return (log_field){.name = name, .is_number = true, .number = number};
}

static inline log_field log_text(const char *name, str text)
{
    return (log_field){.name = name, .text = text};
}

static inline log_field log_text_if_any(const char *name, str text)
{
    return (log_field){.name = name, .is_optional = true, .text = text};
}

struct log_fields {
    const log_field *items;
    size_t count;
};

#define LOG_FIELDS(...)                              \
    ((struct log_fields){(log_field[]){__VA_ARGS__}, \
                         sizeof((log_field[]){__VA_ARGS__}) / sizeof(log_field)})
#define LOG_NOTHING ((struct log_fields){NULL, 0})

bool log_level_parse(str name, enum log_level *level); // debug info warn error
void log_write(const struct log *log, enum log_level level, const char *event,
               struct log_fields fields);

// Whole lines that are written with one call. Of one thread.
struct log_lines {
    char text[4096]; // what a pipe takes at once
    size_t len;
};

void log_collect(struct log_lines *lines, const struct log *log, enum log_level level,
                 const char *event, struct log_fields fields); // writes what has no room any more
void log_flush(struct log_lines *lines);
