// SPDX-License-Identifier: Apache-2.0
// squeeze.h - compressed bodies for the tests.
#pragma once

#include "body.h"
#include "check_main.h"

#include <zlib.h>
#include <zstd.h>

static inline str squeeze_gzip(struct arena *arena, str plain)
{
    size_t room = compressBound(plain.len) + 64;
    char *bytes = arena_array(arena, char, room);
    char *copy = arena_array(arena, char, plain.len + 1); // zlib wants to write where it may not
    memcpy(copy, plain.ptr, plain.len);
    z_stream stream = {.next_in = (Bytef *)copy,
                       .avail_in = (uInt)plain.len,
                       .next_out = (Bytef *)bytes,
                       .avail_out = (uInt)room};
    ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t len = stream.total_out;
    ck_assert_int_eq(deflateEnd(&stream), Z_OK);
    return (str){bytes, len};
}

// A window log of 0 is zstd's own choice.
static inline str squeeze_zstd(struct arena *arena, str plain, int window_log)
{
    size_t room = ZSTD_compressBound(plain.len) + 64;
    char *bytes = arena_array(arena, char, room);
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ck_assert(!ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log)));
    ck_assert(!ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0)));
    ZSTD_inBuffer in = {plain.ptr, plain.len, 0}; // in two steps, so that the window stays as asked
    ZSTD_outBuffer out = {bytes, room, 0};
    ck_assert(!ZSTD_isError(ZSTD_compressStream2(context, &out, &in, ZSTD_e_continue)));
    ck_assert_uint_eq(ZSTD_compressStream2(context, &out, &in, ZSTD_e_end), 0);
    (void)ZSTD_freeCCtx(context);
    return (str){bytes, out.pos};
}
