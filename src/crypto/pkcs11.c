// SPDX-License-Identifier: Apache-2.0
#include "pkcs11.h"

#include "token.h"

#include <string.h>

enum { CMAC_BYTES = 16 };

static const char label[] = "phial/master-key/1";

static result refuse(const char *says)
{
    return FAIL(BAD_CONFIG, says);
}

static bool sign(const struct token *token, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE type,
                 str message, unsigned char *mac, size_t mac_len)
{
    CK_MECHANISM mechanism = {.mechanism = type};
    CK_ULONG len = (CK_ULONG)mac_len;
    unsigned char *text = arena_array(token->arena, unsigned char, message.len);
    memcpy(text, message.ptr, message.len);
    return token->module->C_SignInit(token->session, &mechanism, key) == CKR_OK &&
           token->module->C_Sign(token->session, text, (CK_ULONG)message.len, mac, &len) ==
               CKR_OK &&
           len == mac_len;
}

// HMAC-SHA-256 by a generic secret; by an AES key two CMACs, numbered as NIST SP 800-108 does.
static result derive(const struct token *token, CK_OBJECT_HANDLE key,
                     unsigned char into[MASTER_KEY_BYTES])
{
    CK_KEY_TYPE type = 0;
    CK_ATTRIBUTE asked = {CKA_KEY_TYPE, &type, sizeof type};
    bool done = token->module->C_GetAttributeValue(token->session, key, &asked, 1) == CKR_OK;
    if (done && type == CKK_AES) {
        for (int half = 0; done && half < 2; half++) {
            str message = str_printf(token->arena, "%c%s", half + 1, label);
            done = sign(token, key, CKM_AES_CMAC, message, into + (size_t)half * CMAC_BYTES,
                        CMAC_BYTES);
        }
    } else if (done) {
        done = sign(token, key, CKM_SHA256_HMAC, str_from(label), into, MASTER_KEY_BYTES);
    }
    return done ? OK
                : refuse("the PKCS#11 key can sign neither by SHA256-HMAC (a generic secret) nor "
                         "by AES-CMAC (an AES key)");
}

result pkcs11_derive(struct arena *arena, str uri, unsigned char key[MASTER_KEY_BYTES])
{
    struct token token = {0};
    CK_OBJECT_HANDLE found = 0;
    unsigned char derived[MASTER_KEY_BYTES] = {0};
    TRY(token_open(arena, uri, &token));
    result done = token_find(&token, CKO_SECRET_KEY, &found);
    if (!failed(done))
        done = derive(&token, found, derived);
    token_close(&token);
    if (!failed(done))
        memcpy(key, derived, sizeof derived);
    crypto_wipe(derived, sizeof derived);
    return done;
}
