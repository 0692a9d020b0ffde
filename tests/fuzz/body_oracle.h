// SPDX-License-Identifier: Apache-2.0
// body_oracle.h - what body_decode has to make of a compressed body, whatever the coding.
#pragma once

#include "body.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_BYTES_MAX = 64 * 1024, COPIES_MAX = 40 };

struct plain {
    size_t len;
    char bytes[BODY_BYTES_MAX + 1];
};

static inline result body_oracle_decode(str coding, str encoded, size_t max, struct bytes *body)
{
    bool kept = bytes_add(body, encoded);
    assert(kept);
    result decoded = body_decode(coding, max, body);
    if (failed(decoded))
        assert(str_eq(bytes_str(body), encoded)); // as it was
    else
        assert(body->len <= max && body->size <= (size_t)4 * BODY_BYTES_MAX);
    return decoded;
}

static inline void body_oracle_foreign(str coding, str encoded,
                                       bool (*reference)(str encoded, struct plain *plain))
{
    struct plain *plain = calloc(1, sizeof *plain);
    assert(plain != NULL);
    struct bytes body = {0};
    bool whole = encoded.len == 0 || reference(encoded, plain);
    result decoded = body_oracle_decode(coding, encoded, BODY_BYTES_MAX, &body);
    if (!failed(decoded))
        assert(whole && str_eq(bytes_str(&body), (str){plain->bytes, plain->len}));
    else if (whole && plain->len <= BODY_BYTES_MAX) // zstd alone: a window that is too large
        assert(decoded.code == ERR_BAD_ENCODING && str_eq(coding, STR("zstd")));
    bytes_wipe(&body);
    free(plain);
}

// The first three bytes say how the rest is compressed.
static inline void body_oracle_own(str coding, str bytes,
                                   size_t (*squeeze)(str plain, int level, char *into, size_t room))
{
    struct bytes plain = {0};
    struct bytes body = {0};
    if (bytes.len < 4 || bytes.len > BODY_BYTES_MAX / COPIES_MAX)
        return;
    for (int copy = 0; copy <= (unsigned char)bytes.ptr[0] % COPIES_MAX; copy++) {
        bool kept = bytes_add(&plain, str_slice(bytes, 3, bytes.len));
        assert(kept);
    }
    size_t room = 2 * plain.len + 256;
    char *encoded = malloc(room);
    assert(encoded != NULL);
    int level = (unsigned char)bytes.ptr[1];
    size_t cut = (unsigned char)bytes.ptr[2] * plain.len / 256;
    size_t first = squeeze(str_slice(bytes_str(&plain), 0, cut), level, encoded, room);
    size_t whole = first + squeeze(str_slice(bytes_str(&plain), cut, plain.len), level,
                                   encoded + first, room - first);

    result decoded = body_oracle_decode(coding, (str){encoded, whole}, plain.len, &body);
    assert(!failed(decoded) && str_eq(bytes_str(&body), bytes_str(&plain)));
    bytes_wipe(&body);
    decoded = body_oracle_decode(coding, (str){encoded, whole}, plain.len - 1, &body);
    assert(decoded.code == ERR_BODY_TOO_LARGE);
    bytes_wipe(&body);
    size_t part = (unsigned char)bytes.ptr[2] * whole / 256;
    decoded = body_oracle_decode(coding, (str){encoded, part}, plain.len, &body);
    assert(part == 0 || part == first || decoded.code == ERR_BAD_ENCODING);
    bytes_wipe(&body);
    bytes_wipe(&plain);
    free(encoded);
}
