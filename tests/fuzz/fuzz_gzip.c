// SPDX-License-Identifier: Apache-2.0
// Any bytes as a gzip body: what comes out is what zlib makes of them in one go, within the limit.
// And what was compressed comes back, in one member or two, and cut or too large is refused.
#define ZLIB_CONST
#include "body_oracle.h"

#include <zlib.h>

static bool reference(str encoded, struct plain *plain)
{
    z_stream stream = {.next_in = (const Bytef *)encoded.ptr,
                       .avail_in = (uInt)encoded.len,
                       .next_out = (Bytef *)plain->bytes,
                       .avail_out = sizeof plain->bytes};
    int status = inflateInit2(&stream, 15 + 16);
    assert(status == Z_OK);
    do {
        status = inflate(&stream, Z_SYNC_FLUSH);
        bool again = status == Z_STREAM_END && stream.avail_in != 0;
        status = again ? inflateReset(&stream) : status;
    } while (status == Z_OK && stream.avail_in != 0 && stream.avail_out != 0);
    plain->len = sizeof plain->bytes - stream.avail_out;
    (void)inflateEnd(&stream);
    return status == Z_STREAM_END;
}

static size_t squeeze(str plain, int level, char *into, size_t room)
{
    z_stream stream = {.next_in = (const Bytef *)plain.ptr,
                       .avail_in = (uInt)plain.len,
                       .next_out = (Bytef *)into,
                       .avail_out = (uInt)room};
    int status = deflateInit2(&stream, level % 10, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    assert(status == Z_OK);
    status = deflate(&stream, Z_FINISH);
    assert(status == Z_STREAM_END);
    (void)deflateEnd(&stream);
    return room - stream.avail_out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    str bytes = {(const char *)data, size};
    body_oracle_foreign(STR("gzip"), bytes, reference);
    body_oracle_own(STR("gzip"), bytes, squeeze);
    return 0;
}
