// SPDX-License-Identifier: Apache-2.0
// body.h - request bodies: collected piece by piece, then decompressed, never beyond a bound.
#pragma once

#include "phial/util/result.h"
#include "phial/util/str.h"

// Bytes that grow outside any arena, and are wiped wherever they have been.
struct bytes {
    char *ptr;
    size_t len;
    size_t size;
};

bool bytes_reserve(struct bytes *bytes, size_t size); // false when there is no memory
bool bytes_add(struct bytes *bytes, str piece);
void bytes_wipe(struct bytes *bytes); // and gives them back

static inline str bytes_str(const struct bytes *bytes)
{
    return (str){bytes->ptr == NULL ? "" : bytes->ptr, bytes->len};
}

// Replaces what a Content-Encoding made by what it was made of. BODY_TOO_LARGE beyond max,
// BAD_ENCODING for what does not decode, UNSUPPORTED_CODING for neither gzip nor zstd.
result body_decode(str coding, size_t max, struct bytes *body);
