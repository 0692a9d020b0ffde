// SPDX-License-Identifier: Apache-2.0
// Any bytes as a zstd body: what comes out is what zstd makes of them, within the limit.
// And what was compressed comes back, in one frame or two, and cut or too large is refused.
#include "body_oracle.h"

#include <zstd.h>

// libzstd in one go refuses an empty compressed block, and by pieces it passes over it. So what it
// does not take in one go is given to it byte by byte.
static bool piecewise(str encoded, struct plain *plain)
{
    ZSTD_DStream *stream = ZSTD_createDStream();
    assert(stream != NULL);
    ZSTD_outBuffer out = {plain->bytes, sizeof plain->bytes, 0};
    size_t status = 1;
    for (size_t at = 0; at < encoded.len && ZSTD_isError(status) == 0; at++) {
        ZSTD_inBuffer in = {encoded.ptr + at, 1, 0};
        while (ZSTD_isError(status) == 0 && in.pos == 0 && out.pos < out.size)
            status = ZSTD_decompressStream(stream, &out, &in);
    }
    while (ZSTD_isError(status) == 0 && status != 0 && out.pos < out.size) {
        ZSTD_inBuffer none = {encoded.ptr, 0, 0};
        size_t before = out.pos;
        status = ZSTD_decompressStream(stream, &out, &none);
        if (out.pos == before)
            break;
    }
    (void)ZSTD_freeDStream(stream);
    plain->len = out.pos;
    return status == 0;
}

static bool reference(str encoded, struct plain *plain)
{
    size_t len = ZSTD_decompress(plain->bytes, sizeof plain->bytes, encoded.ptr, encoded.len);
    plain->len = len;
    return ZSTD_isError(len) == 0 || piecewise(encoded, plain);
}

static size_t squeeze(str plain, int level, char *into, size_t room)
{
    size_t len = ZSTD_compress(into, room, plain.ptr, plain.len, level % 20);
    assert(ZSTD_isError(len) == 0);
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    str bytes = {(const char *)data, size};
    body_oracle_foreign(STR("zstd"), bytes, reference);
    body_oracle_own(STR("zstd"), bytes, squeeze);
    return 0;
}
