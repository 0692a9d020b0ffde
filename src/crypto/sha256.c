// SPDX-License-Identifier: Apache-2.0
// SHA-256 through the low-level calls: no allocation, and a state that can be copied
// (docs/adr/0014).
#define OPENSSL_SUPPRESS_DEPRECATED
#include "phial/crypto/crypto.h"

#include <assert.h>
#include <openssl/sha.h>
#include <string.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct sha256_state), "the library's state fits");
_Static_assert(alignof(SHA256_CTX) <= alignof(struct sha256_state), "and stands aligned");
_Static_assert(SHA256_DIGEST_LENGTH == SHA256_BYTES, "the digest is ours");

enum { INNER_PAD = 0x36, OUTER_PAD = 0x5c };

static SHA256_CTX *context_of(struct sha256_state *state)
{
    return (void *)state->words;
}

void sha256_start(struct sha256_state *state)
{
    int begun = SHA256_Init(context_of(state));
    assert(begun == 1);
    (void)begun;
}

void sha256_add(struct sha256_state *state, str bytes)
{
    if (bytes.len == 0)
        return;
    int added = SHA256_Update(context_of(state), bytes.ptr, bytes.len);
    assert(added == 1);
    (void)added;
}

sha256 sha256_end(struct sha256_state *state)
{
    sha256 hash;
    int ended = SHA256_Final(hash.bytes, context_of(state));
    assert(ended == 1);
    (void)ended;
    return hash;
}

sha256 sha256_of(str bytes)
{
    struct sha256_state state;
    sha256_start(&state);
    sha256_add(&state, bytes);
    return sha256_end(&state);
}

bool sha256_eq(const sha256 *a, const sha256 *b)
{
    return memcmp(a->bytes, b->bytes, SHA256_BYTES) == 0;
}

static void start_padded(const unsigned char block[SHA256_CBLOCK], unsigned char pad,
                         struct sha256_state *state)
{
    unsigned char padded[SHA256_CBLOCK];
    for (size_t i = 0; i < sizeof padded; i++)
        padded[i] = block[i] ^ pad;
    sha256_start(state);
    sha256_add(state, (str){(const char *)padded, sizeof padded});
    crypto_wipe(padded, sizeof padded);
}

void hmac_prepare(str key, struct hmac_key *prepared)
{
    unsigned char block[SHA256_CBLOCK] = {0};
    if (key.len > sizeof block) {
        sha256 hash = sha256_of(key);
        memcpy(block, hash.bytes, sizeof hash.bytes);
    } else if (key.len != 0) {
        memcpy(block, key.ptr, key.len);
    }
    start_padded(block, INNER_PAD, &prepared->inner);
    start_padded(block, OUTER_PAD, &prepared->outer);
    crypto_wipe(block, sizeof block);
}

void hmac_start(const struct hmac_key *key, struct sha256_state *state)
{
    *state = key->inner;
}

sha256 hmac_end(const struct hmac_key *key, struct sha256_state *state)
{
    sha256 inner = sha256_end(state);
    *state = key->outer;
    sha256_add(state, sha256_str(&inner));
    return sha256_end(state);
}
