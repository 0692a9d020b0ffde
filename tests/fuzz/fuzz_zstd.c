// SPDX-License-Identifier: Apache-2.0
// Any bytes as a zstd body: what comes out is what zstd makes of them in one go, within the limit.
// And what was compressed comes back, in one frame or two, and cut or too large is refused.
#include "body_oracle.h"

#include <zstd.h>

static bool reference(str encoded, struct plain *plain)
{
    size_t len = ZSTD_decompress(plain->bytes, sizeof plain->bytes, encoded.ptr, encoded.len);
    plain->len = ZSTD_isError(len) != 0 ? sizeof plain->bytes : len;
    return ZSTD_isError(len) == 0;
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
