// SPDX-License-Identifier: Apache-2.0
// A sealed string is nonce (12 bytes, random) || ciphertext || tag (16 bytes).
#include "phial/crypto/crypto.h"
#include "phial/util/owned.h"

#include <assert.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>

enum { SEAL_KEY_BYTES = 32, NONCE_BYTES = 12, TAG_BYTES = 16, SEALED_MAX = INT_MAX / 2 };

static void cipher_release(EVP_CIPHER_CTX **cipher)
{
    EVP_CIPHER_CTX_free(*cipher);
}

static const unsigned char *bytes_of(str s)
{
    return (const unsigned char *)(s.ptr == NULL ? "" : s.ptr);
}

// Puts the context in, then `in` through to `out`.
static bool run(EVP_CIPHER_CTX *cipher, str context, str in, unsigned char *out)
{
    int done = 0;
    return EVP_CipherUpdate(cipher, NULL, &done, bytes_of(context), (int)context.len) == 1 &&
           EVP_CipherUpdate(cipher, out, &done, bytes_of(in), (int)in.len) == 1 &&
           done == (int)in.len;
}

result crypto_seal(struct arena *arena, str key, str context, str plain, str *sealed)
{
    if (key.len != SEAL_KEY_BYTES || plain.len > SEALED_MAX || context.len > SEALED_MAX)
        return FAIL(INTERNAL, "a sealing key has 32 bytes, and a secret is short");
    OWNED(cipher_release) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    unsigned char *out = arena_array(arena, unsigned char, NONCE_BYTES + plain.len + TAG_BYTES);
    crypto_random(out, NONCE_BYTES);
    unsigned char *tag = out + NONCE_BYTES + plain.len;
    int none = 0;
    bool done = cipher != NULL &&
                EVP_CipherInit_ex(cipher, EVP_aes_256_gcm(), NULL, bytes_of(key), out, 1) == 1 &&
                run(cipher, context, plain, out + NONCE_BYTES) &&
                EVP_CipherFinal_ex(cipher, tag, &none) == 1 && none == 0 &&
                EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, tag) == 1;
    if (!done) {
        ERR_clear_error();
        return FAIL(INTERNAL, "the library does not seal");
    }
    *sealed = (str){(const char *)out, NONCE_BYTES + plain.len + TAG_BYTES};
    return OK;
}

result crypto_unseal(struct arena *arena, str key, str context, str sealed, str *plain)
{
    if (key.len != SEAL_KEY_BYTES || sealed.len > SEALED_MAX || context.len > SEALED_MAX)
        return FAIL(INTERNAL, "a sealing key has 32 bytes, and a secret is short");
    if (sealed.len < NONCE_BYTES + TAG_BYTES)
        return FAIL(VERIFICATION_FAILED, "the sealed secret is too short");
    OWNED(cipher_release) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    str hidden = str_slice(sealed, NONCE_BYTES, sealed.len - TAG_BYTES);
    unsigned char tag[TAG_BYTES];
    for (size_t i = 0; i < TAG_BYTES; i++)
        tag[i] = (unsigned char)sealed.ptr[sealed.len - TAG_BYTES + i];
    unsigned char *out = arena_array(arena, unsigned char, hidden.len + 1);
    unsigned char end[TAG_BYTES];
    int none = 0;
    bool done = cipher != NULL &&
                EVP_CipherInit_ex(cipher, EVP_aes_256_gcm(), NULL, bytes_of(key), bytes_of(sealed),
                                  0) == 1 &&
                run(cipher, context, hidden, out) &&
                EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, tag) == 1 &&
                EVP_CipherFinal_ex(cipher, end, &none) == 1 && none == 0;
    if (!done) {
        ERR_clear_error();
        crypto_wipe(out, hidden.len);
        return FAIL(VERIFICATION_FAILED, "the sealed secret does not open with this key");
    }
    *plain = (str){(const char *)out, hidden.len};
    return OK;
}
