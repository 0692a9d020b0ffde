// SPDX-License-Identifier: Apache-2.0
#include "signing_token.h"

#include "token.h"

#include <pthread.h>
#include <string.h>

enum { POINT_BYTES_MAX = 64, DER_OCTET_STRING = 4 };

struct signing_token {
    struct arena arena;
    struct token token;
    CK_OBJECT_HANDLE key;
    pthread_mutex_t mutex; // a session signs one thing at a time
};

// Some tokens wrap the point as a DER octet string, as the standard has it, others do not.
static result read_public(const struct token *token, unsigned char public[ED25519_PUBLIC_BYTES])
{
    CK_OBJECT_HANDLE object = 0;
    unsigned char point[POINT_BYTES_MAX];
    CK_ATTRIBUTE asked = {CKA_EC_POINT, point, sizeof point};
    TRY(token_find(token, CKO_PUBLIC_KEY, &object));
    if (token->module->C_GetAttributeValue(token->session, object, &asked, 1) != CKR_OK)
        return FAIL(BAD_CONFIG, "the PKCS#11 token does not tell the public key");
    const unsigned char *raw = point;
    if (asked.ulValueLen == ED25519_PUBLIC_BYTES + 2 && point[0] == DER_OCTET_STRING &&
        point[1] == ED25519_PUBLIC_BYTES)
        raw += 2;
    else if (asked.ulValueLen != ED25519_PUBLIC_BYTES)
        return FAIL(BAD_CONFIG, "the PKCS#11 key is no Ed25519 key");
    memcpy(public, raw, ED25519_PUBLIC_BYTES);
    return OK;
}

result signing_token_open(str uri, struct signing_token **token,
                          unsigned char public[ED25519_PUBLIC_BYTES])
{
    struct arena arena = {0};
    struct signing_token *made = arena_new(&arena, struct signing_token);
    made->arena = arena;
    result opened = token_open(&made->arena, uri, &made->token);
    if (failed(opened)) {
        arena = made->arena; // holds `made` itself
        arena_reset(&arena);
        return opened;
    }
    (void)pthread_mutex_init(&made->mutex, NULL);
    opened = token_find(&made->token, CKO_PRIVATE_KEY, &made->key);
    if (!failed(opened))
        opened = read_public(&made->token, public);
    if (failed(opened))
        signing_token_close(made);
    else
        *token = made;
    return opened;
}

void signing_token_close(struct signing_token *token)
{
    token_close(&token->token);
    (void)pthread_mutex_destroy(&token->mutex);
    struct arena arena = token->arena; // holds `token` itself
    arena_reset(&arena);
}

result signing_token_sign(struct signing_token *token, str message,
                          unsigned char signature[ED25519_SIGNATURE_BYTES])
{
    struct arena arena = {0};
    CK_MECHANISM mechanism = {.mechanism = CKM_EDDSA};
    CK_ULONG len = ED25519_SIGNATURE_BYTES;
    CK_FUNCTION_LIST *module = token->token.module;
    unsigned char *text = arena_array(&arena, unsigned char, message.len + 1);
    if (message.len != 0)
        memcpy(text, message.ptr, message.len);
    (void)pthread_mutex_lock(&token->mutex);
    bool done = module->C_SignInit(token->token.session, &mechanism, token->key) == CKR_OK &&
                module->C_Sign(token->token.session, text, (CK_ULONG)message.len, signature,
                               &len) == CKR_OK;
    (void)pthread_mutex_unlock(&token->mutex);
    arena_reset(&arena);
    return done && len == ED25519_SIGNATURE_BYTES
               ? OK
               : FAIL(SIGNER_AWAY, "the PKCS#11 token does not sign");
}
