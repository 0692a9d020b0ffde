// SPDX-License-Identifier: Apache-2.0
#include "phial/crypto/crypto.h"
#include "phial/util/file.h"
#include "phial/util/owned.h"
#include "signing_token.h"

#include <assert.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

enum { SEED_BYTES = 32, KEY_FILE_MAX = 16 * 1024, KEY_FILE_MODE = 0600 };

struct signing_key {
    EVP_PKEY *pair;              // NULL where a token holds it
    struct signing_token *token; // NULL where it does not
    unsigned char public[ED25519_PUBLIC_BYTES];
};

static void pair_release(EVP_PKEY **pair)
{
    EVP_PKEY_free(*pair);
}

static void bio_release(BIO **bio)
{
    BIO_free_all(*bio);
}

static void context_release(EVP_MD_CTX **context)
{
    EVP_MD_CTX_free(*context);
}

static void *need(void *made) // the library gives NULL for these when memory is out
{
    assert(made != NULL);
    return made;
}

static const unsigned char *bytes_of(str s)
{
    return (const unsigned char *)(s.ptr == NULL ? "" : s.ptr);
}

// Takes the pair over.
static struct signing_key *key_of(EVP_PKEY *pair)
{
    struct signing_key *key = need(OPENSSL_zalloc(sizeof *key));
    size_t len = sizeof key->public;
    int got = EVP_PKEY_get_raw_public_key(pair, key->public, &len);
    assert(got == 1 && len == sizeof key->public);
    (void)got;
    key->pair = pair;
    return key;
}

result signing_key_make(struct signing_key **key)
{
    unsigned char seed[SEED_BYTES];
    crypto_random(seed, sizeof seed);
    result made = signing_key_parse((str){(const char *)seed, sizeof seed}, key);
    crypto_wipe(seed, sizeof seed);
    return made;
}

result signing_key_parse(str seed, struct signing_key **key)
{
    if (seed.len != SEED_BYTES)
        return FAIL(INVALID, "an Ed25519 seed has 32 bytes");
    EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, bytes_of(seed), seed.len);
    if (pair == NULL) {
        ERR_clear_error();
        return FAIL(INTERNAL, "the library makes no Ed25519 key");
    }
    *key = key_of(pair);
    return OK;
}

// An encrypted key is refused; without this the library would ask at the terminal.
// NOLINTNEXTLINE(readability-non-const-parameter): the library's callback type says so
static int no_password(char *password, int size, int writing, void *context)
{
    (void)password;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

static result read_token(str uri, struct signing_key **key)
{
    struct signing_key *made = need(OPENSSL_zalloc(sizeof *made));
    result opened = signing_token_open(uri, &made->token, made->public);
    if (failed(opened))
        OPENSSL_free(made);
    else
        *key = made;
    return opened;
}

result signing_key_read(const char *path, struct signing_key **key)
{
    if (str_starts_with(str_from(path), STR("pkcs11:")))
        return read_token(str_from(path), key);
    struct arena arena = {0};
    str pem = {0};
    result read = file_read(&arena, path, KEY_FILE_MAX, &pem);
    if (failed(read)) {
        arena_reset(&arena);
        return read;
    }
    OWNED(bio_release) BIO *bio = need(BIO_new_mem_buf(bytes_of(pem), (int)pem.len));
    EVP_PKEY *pair = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
    arena_reset(&arena);
    ERR_clear_error();
    if (pair == NULL || EVP_PKEY_get_id(pair) != EVP_PKEY_ED25519) {
        EVP_PKEY_free(pair);
        return FAIL(INVALID, "the file holds no unencrypted Ed25519 private key");
    }
    *key = key_of(pair);
    return OK;
}

result signing_key_write(const struct signing_key *key, const char *path)
{
    assert(key->pair != NULL); // a token's key stays there
    OWNED(bio_release) BIO *bio = need(BIO_new(BIO_s_secmem()));
    int put = PEM_write_bio_PKCS8PrivateKey(bio, key->pair, NULL, NULL, 0, NULL, NULL);
    assert(put == 1);
    (void)put;
    char *pem = NULL;
    long len = BIO_get_mem_data(bio, &pem);
    assert(len > 0);
    return file_write(path, (str){pem, (size_t)len}, KEY_FILE_MODE);
}

void signing_key_close(struct signing_key *key)
{
    if (key == NULL)
        return;
    if (key->token != NULL)
        signing_token_close(key->token);
    EVP_PKEY_free(key->pair);
    OPENSSL_free(key);
}

void signing_key_public(const struct signing_key *key, unsigned char public[ED25519_PUBLIC_BYTES])
{
    memcpy(public, key->public, ED25519_PUBLIC_BYTES);
}

result signing_key_sign(const struct signing_key *key, str message,
                        unsigned char signature[ED25519_SIGNATURE_BYTES])
{
    if (key->token != NULL)
        return signing_token_sign(key->token, message, signature);
    OWNED(context_release) EVP_MD_CTX *context = need(EVP_MD_CTX_new());
    unsigned char made[ED25519_SIGNATURE_BYTES];
    size_t len = sizeof made;
    if (EVP_DigestSignInit(context, NULL, NULL, NULL, key->pair) != 1 ||
        EVP_DigestSign(context, made, &len, bytes_of(message), message.len) != 1 ||
        len != sizeof made) {
        ERR_clear_error();
        return FAIL(INTERNAL, "the library does not sign");
    }
    memcpy(signature, made, sizeof made);
    return OK;
}

str public_key_print(struct arena *arena, const unsigned char public[ED25519_PUBLIC_BYTES])
{
    OWNED(pair_release)
    EVP_PKEY *pair =
        need(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public, ED25519_PUBLIC_BYTES));
    OWNED(bio_release) BIO *bio = need(BIO_new(BIO_s_mem()));
    int put = PEM_write_bio_PUBKEY(bio, pair);
    assert(put == 1);
    (void)put;
    char *pem = NULL;
    long len = BIO_get_mem_data(bio, &pem);
    assert(len > 0);
    return str_copy(arena, (str){pem, (size_t)len});
}

result public_key_parse(str pem, unsigned char public[ED25519_PUBLIC_BYTES])
{
    if (pem.len > KEY_FILE_MAX)
        return FAIL(INVALID, "this is no Ed25519 public key in PEM");
    OWNED(bio_release) BIO *bio = need(BIO_new_mem_buf(bytes_of(pem), (int)pem.len));
    OWNED(pair_release) EVP_PKEY *pair = PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL);
    ERR_clear_error();
    unsigned char raw[ED25519_PUBLIC_BYTES];
    size_t len = sizeof raw;
    if (pair == NULL || EVP_PKEY_get_id(pair) != EVP_PKEY_ED25519 ||
        EVP_PKEY_get_raw_public_key(pair, raw, &len) != 1 || len != sizeof raw)
        return FAIL(INVALID, "this is no Ed25519 public key in PEM");
    memcpy(public, raw, sizeof raw);
    return OK;
}

bool signature_holds(const unsigned char public[ED25519_PUBLIC_BYTES], str message, str signature)
{
    if (signature.len != ED25519_SIGNATURE_BYTES)
        return false;
    OWNED(pair_release)
    EVP_PKEY *pair =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public, ED25519_PUBLIC_BYTES);
    OWNED(context_release) EVP_MD_CTX *context = need(EVP_MD_CTX_new());
    bool holds = pair != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, pair) == 1 &&
                 EVP_DigestVerify(context, bytes_of(signature), signature.len, bytes_of(message),
                                  message.len) == 1;
    ERR_clear_error();
    return holds;
}
