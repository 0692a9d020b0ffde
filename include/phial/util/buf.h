// SPDX-License-Identifier: Apache-2.0
// buf.h - text that grows, in an arena. What it held before growing stays in the arena until reset.
#pragma once

#include "phial/util/str.h"

struct buf {
    struct arena *arena;
    char *ptr;
    size_t len;
    size_t size;
};

void buf_add(struct buf *buf, str s);
void buf_add_char(struct buf *buf, char c);
void buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *buf_room(struct buf *buf, size_t len); // len bytes to fill in, already counted

static inline str buf_str(const struct buf *buf)
{
    return (str){buf->ptr == NULL ? "" : buf->ptr, buf->len};
}
