// SPDX-License-Identifier: Apache-2.0
#define ZLIB_CONST
#include "body.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>
#include <zstd.h>

enum {
    FIRST_SIZE = 16 * 1024,
    GZIP_WINDOW_BITS = 15 + 16, // a gzip header is required
    ZSTD_WINDOW_LOG_MAX = 23,   // 8 MiB: RFC 9659
};

bool bytes_reserve(struct bytes *bytes, size_t size)
{
    if (size <= bytes->size)
        return true;
    char *grown = malloc(size); // not realloc: it would leave a copy behind
    if (grown == NULL)
        return false;
    if (bytes->len != 0)
        memcpy(grown, bytes->ptr, bytes->len);
    size_t len = bytes->len;
    bytes_wipe(bytes);
    *bytes = (struct bytes){grown, len, size};
    return true;
}

static bool make_room(struct bytes *bytes, size_t more)
{
    if (bytes->size - bytes->len >= more)
        return true;
    size_t size = bytes->size < FIRST_SIZE ? FIRST_SIZE : bytes->size;
    while (size - bytes->len < more)
        size *= 2;
    return bytes_reserve(bytes, size);
}

bool bytes_add(struct bytes *bytes, str piece)
{
    if (!make_room(bytes, piece.len))
        return false;
    memcpy(bytes->ptr + bytes->len, piece.ptr, piece.len);
    bytes->len += piece.len;
    return true;
}

void bytes_wipe(struct bytes *bytes)
{
    if (bytes->ptr != NULL)
        explicit_bzero(bytes->ptr, bytes->len);
    free(bytes->ptr);
    *bytes = (struct bytes){0};
}

// Room for output: at least one byte, and at most one more than may come.
static result output_room(struct bytes *decoded, size_t max, size_t *room)
{
    if (decoded->len > max)
        return FAIL(BODY_TOO_LARGE, "The decoded body exceeds the limit.");
    if (!make_room(decoded, 1))
        return FAIL(BUSY, "");
    size_t most = max + 1 - decoded->len;
    size_t free_bytes = decoded->size - decoded->len;
    *room = free_bytes < most ? free_bytes : most;
    return OK;
}

// zlib's window holds plain text too, so it gets memory that is wiped.
struct wiped {
    size_t size;
    max_align_t first;
};

static voidpf wiped_alloc(voidpf closure, uInt items, uInt size)
{
    (void)closure;
    size_t bytes = (size_t)items * size;
    struct wiped *block = calloc(1, offsetof(struct wiped, first) + bytes);
    if (block == NULL)
        return NULL;
    block->size = bytes;
    return &block->first;
}

static void wiped_free(voidpf closure, voidpf memory)
{
    (void)closure;
    struct wiped *block = (struct wiped *)((char *)memory - offsetof(struct wiped, first));
    explicit_bzero(memory, block->size);
    free(block);
}

// Members may follow one another, as gzip files do.
static result inflate_all(z_stream *stream, size_t max, struct bytes *decoded)
{
    while (true) {
        size_t room = 0;
        TRY(output_room(decoded, max, &room));
        stream->next_out = (Bytef *)decoded->ptr + decoded->len;
        stream->avail_out = (uInt)(room > UINT_MAX ? UINT_MAX : room);
        uInt before = stream->avail_out;
        int status = inflate(stream, Z_NO_FLUSH);
        decoded->len += before - stream->avail_out;
        if (status == Z_STREAM_END && stream->avail_in == 0)
            break;
        if (status == Z_STREAM_END)
            status = inflateReset(stream);
        if (status != Z_OK || (stream->avail_in == 0 && stream->avail_out != 0))
            return FAIL(BAD_ENCODING, "The gzip body is broken or cut.");
    }
    return decoded->len <= max ? OK : FAIL(BODY_TOO_LARGE, "The decoded body exceeds the limit.");
}

static result decode_gzip(str encoded, size_t max, struct bytes *decoded)
{
    assert(encoded.len <= UINT_MAX);
    z_stream stream = {.zalloc = wiped_alloc,
                       .zfree = wiped_free,
                       .next_in = (const Bytef *)encoded.ptr,
                       .avail_in = (uInt)encoded.len};
    if (inflateInit2(&stream, GZIP_WINDOW_BITS) != Z_OK)
        return FAIL(BUSY, "");
    result inflated = inflate_all(&stream, max, decoded);
    (void)inflateEnd(&stream);
    return inflated;
}

static result decompress_all(ZSTD_DStream *stream, str encoded, size_t max, struct bytes *decoded)
{
    ZSTD_inBuffer in = {encoded.ptr, encoded.len, 0};
    while (true) {
        size_t room = 0;
        TRY(output_room(decoded, max, &room));
        ZSTD_outBuffer out = {decoded->ptr + decoded->len, room, 0};
        size_t status = ZSTD_decompressStream(stream, &out, &in);
        decoded->len += out.pos;
        if (ZSTD_isError(status) != 0)
            return FAIL(BAD_ENCODING, "The zstd body is broken or needs too large a window.");
        if (status == 0 && in.pos == in.size)
            break;
        if (in.pos == in.size && out.pos < out.size)
            return FAIL(BAD_ENCODING, "The zstd body is cut.");
    }
    return decoded->len <= max ? OK : FAIL(BODY_TOO_LARGE, "The decoded body exceeds the limit.");
}

static result decode_zstd(str encoded, size_t max, struct bytes *decoded)
{
    ZSTD_DStream *stream = ZSTD_createDStream();
    if (stream == NULL)
        return FAIL(BUSY, "");
    size_t bounded = ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
    assert(ZSTD_isError(bounded) == 0);
    result decompressed = decompress_all(stream, encoded, max, decoded);
    (void)ZSTD_freeDStream(stream);
    return decompressed;
}

static bool is_coding(str coding, const char *name)
{
    return coding.len == strlen(name) && strncasecmp(coding.ptr, name, coding.len) == 0;
}

result body_decode(str coding, size_t max, struct bytes *body)
{
    if (coding.len == 0 || is_coding(coding, "identity"))
        return OK;
    bool gzip = is_coding(coding, "gzip") || is_coding(coding, "x-gzip");
    if (!gzip && !is_coding(coding, "zstd"))
        return FAIL(UNSUPPORTED_CODING, "");
    if (body->len == 0)
        return OK;

    struct bytes decoded = {0};
    result done = gzip ? decode_gzip(bytes_str(body), max, &decoded)
                       : decode_zstd(bytes_str(body), max, &decoded);
    if (failed(done)) {
        bytes_wipe(&decoded);
        return done;
    }
    bytes_wipe(body);
    *body = decoded;
    return OK;
}
