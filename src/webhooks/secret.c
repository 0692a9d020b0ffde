// SPDX-License-Identifier: Apache-2.0
#include "secret.h"

#include "phial/util/encode.h"

static str context_of(struct arena *arena, str webhook)
{
    return str_printf(arena, "webhook/%" STR_FMT, STR_ARG(webhook));
}

result secret_seal(struct arena *arena, const struct keyring *keyring, str webhook, str secret,
                   str *sealed)
{
    return keyring_seal(arena, keyring, context_of(arena, webhook), secret, sealed);
}

result secret_unseal(struct arena *arena, const struct keyring *keyring, str webhook, str sealed,
                     str *secret)
{
    return keyring_unseal(arena, keyring, context_of(arena, webhook), sealed, secret);
}

str secret_make(struct arena *arena)
{
    char *bytes = arena_array(arena, char, SECRET_BYTES);
    crypto_random(bytes, SECRET_BYTES);
    return (str){bytes, SECRET_BYTES};
}

str secret_print(struct arena *arena, str secret)
{
    return str_concat(arena, STR("whsec_"), encode_base64(arena, secret), STR(""));
}

str secret_sign(struct arena *arena, str secret, const struct signed_content *content)
{
    struct hmac_key key;
    struct sha256_state state;
    hmac_prepare(secret, &key);
    hmac_start(&key, &state);
    sha256_add(&state, str_printf(arena, "%" STR_FMT ".%lld.", STR_ARG(content->id),
                                  (long long)content->timestamp));
    sha256_add(&state, content->body);
    sha256 mac = hmac_end(&key, &state);
    crypto_wipe(&key, sizeof key);
    return str_concat(arena, STR("v1,"), encode_base64(arena, sha256_str(&mac)), STR(""));
}
