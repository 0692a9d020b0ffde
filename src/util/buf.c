// SPDX-License-Identifier: Apache-2.0
#include "phial/util/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_SIZE = 256 };

char *buf_room(struct buf *buf, size_t len)
{
    if (buf->size - buf->len < len) {
        size_t size = buf->size == 0 ? FIRST_SIZE : buf->size * 2;
        while (size - buf->len < len)
            size *= 2;
        char *grown = arena_array(buf->arena, char, size);
        if (buf->len != 0)
            memcpy(grown, buf->ptr, buf->len);
        buf->ptr = grown;
        buf->size = size;
    }
    char *room = buf->ptr + buf->len;
    buf->len += len;
    return room;
}

void buf_add(struct buf *buf, str s)
{
    if (s.len != 0)
        memcpy(buf_room(buf, s.len), s.ptr, s.len);
}

void buf_add_char(struct buf *buf, char c)
{
    *buf_room(buf, 1) = c;
}

void buf_addf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(len >= 0);

    char *room = buf_room(buf, (size_t)len + 1);
    va_start(args, format);
    (void)vsnprintf(room, (size_t)len + 1, format, args);
    va_end(args);
    buf->len--; // the NUL
}
