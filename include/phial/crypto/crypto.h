// SPDX-License-Identifier: Apache-2.0
// crypto.h - hashes, MACs, signatures, sealed secrets and random bytes. The only module that
// includes OpenSSL.
#pragma once

#include "phial/util/arena.h"
#include "phial/util/result.h"
#include "phial/util/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32, ED25519_PUBLIC_BYTES = 32, ED25519_SIGNATURE_BYTES = 64 };

typedef struct {
    unsigned char bytes[SHA256_BYTES];
} sha256;

struct sha256_state {
    uint64_t words[16]; // room for the library's state; see crypto/sha256.c
};

sha256 sha256_of(str bytes);
void sha256_start(struct sha256_state *state);
void sha256_add(struct sha256_state *state, str bytes);
sha256 sha256_end(struct sha256_state *state);
bool sha256_eq(const sha256 *a, const sha256 *b);
static inline str sha256_str(const sha256 *hash) // borrows
{
    return (str){(const char *)hash->bytes, SHA256_BYTES};
}

// HMAC-SHA-256 with the two padded states kept, so that a MAC costs the message's blocks only.
struct hmac_key {
    struct sha256_state inner;
    struct sha256_state outer;
};
void hmac_prepare(str key, struct hmac_key *prepared);
void hmac_start(const struct hmac_key *key, struct sha256_state *state); // then sha256_add
sha256 hmac_end(const struct hmac_key *key, struct sha256_state *state);

struct signing_key; // Ed25519
result signing_key_make(struct signing_key **key);
result signing_key_parse(str seed, struct signing_key **key);        // 32 raw bytes
result signing_key_read(const char *path, struct signing_key **key); // PKCS#8 PEM, or a PKCS#11 URI
result signing_key_write(const struct signing_key *key, const char *path); // 0600
void signing_key_close(struct signing_key *key);
void signing_key_public(const struct signing_key *key, unsigned char public[ED25519_PUBLIC_BYTES]);
result signing_key_sign(const struct signing_key *key, str message,
                        unsigned char signature[ED25519_SIGNATURE_BYTES]);

str public_key_print(struct arena *arena, const unsigned char public[ED25519_PUBLIC_BYTES]); // PEM
result public_key_parse(str pem, unsigned char public[ED25519_PUBLIC_BYTES]);
bool signature_holds(const unsigned char public[ED25519_PUBLIC_BYTES], str message, str signature);

// AES-256-GCM under a 32-byte key: nonce, ciphertext and tag in one string. `context` is bound in.
result crypto_seal(struct arena *arena, str key, str context, str plain, str *sealed);
result crypto_unseal(struct arena *arena, str key, str context, str sealed, str *plain);

void crypto_random(void *bytes, size_t len); // aborts when the system has none
bool crypto_equal(str a, str b);             // in constant time for equal lengths
void crypto_wipe(void *bytes, size_t len);
str crypto_id(struct arena *arena); // a time-ordered UUID, version 7, lower case; for our own rows
// Whether it can be one of those. What cannot is not looked for: the database, which would be told,
// need not know what stood in a path.
bool crypto_is_id(str text);
