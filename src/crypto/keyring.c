// SPDX-License-Identifier: Apache-2.0
#include "phial/crypto/keyring.h"

#include "phial/util/encode.h"
#include "pkcs11.h"

#include <assert.h>
#include <string.h>

static str bytes_of(const struct master_key *key)
{
    return (str){(const char *)key->bytes, sizeof key->bytes};
}

static str id_of(const struct master_key *key)
{
    return (str){(const char *)key->id, sizeof key->id};
}

static void name_key(struct master_key *key)
{
    struct hmac_key prepared;
    struct sha256_state state;
    hmac_prepare(bytes_of(key), &prepared);
    hmac_start(&prepared, &state);
    sha256_add(&state, STR("phial/master-key-id/1"));
    sha256 mac = hmac_end(&prepared, &state);
    memcpy(key->id, mac.bytes, sizeof key->id);
    crypto_wipe(&prepared, sizeof prepared);
    crypto_wipe(&state, sizeof state);
}

static result read_hex(struct arena *arena, str source, struct master_key *key)
{
    str decoded = {0};
    if (!decode_hex(arena, source, &decoded) || decoded.len != sizeof key->bytes)
        return FAIL(BAD_CONFIG, "is neither 64 hexadecimal digits nor a PKCS#11 URI");
    memcpy(key->bytes, decoded.ptr, sizeof key->bytes);
    return OK;
}

result keyring_add(struct arena *arena, str source, struct keyring *ring)
{
    struct master_key key = {0};
    assert(ring->count < MASTER_KEYS_MAX);
    TRY(str_starts_with(source, STR("pkcs11:")) ? pkcs11_derive(arena, source, key.bytes)
                                                : read_hex(arena, source, &key));
    name_key(&key);
    ring->keys[ring->count++] = key;
    crypto_wipe(&key, sizeof key);
    return OK;
}

void keyring_wipe(struct keyring *ring)
{
    crypto_wipe(ring, sizeof *ring);
}

str keyring_id(const struct keyring *ring)
{
    assert(ring->count != 0);
    return id_of(&ring->keys[0]);
}

str keyring_replaced_id(const struct keyring *ring)
{
    return ring->replaced == 0 ? STR("") : id_of(&ring->keys[ring->replaced]);
}

bool keyring_has(const struct keyring *ring, str id)
{
    for (size_t i = 0; i < ring->count; i++) {
        if (str_eq(id, id_of(&ring->keys[i])))
            return true;
    }
    return false;
}

result keyring_seal(struct arena *arena, const struct keyring *ring, str context, str plain,
                    str *sealed)
{
    assert(ring->count != 0);
    return crypto_seal(arena, bytes_of(&ring->keys[0]), context, plain, sealed);
}

result keyring_unseal(struct arena *arena, const struct keyring *ring, str context, str sealed,
                      str *plain)
{
    result opened = FAIL(VERIFICATION_FAILED, "there is no master key");
    for (size_t i = 0; i < ring->count; i++) {
        opened = crypto_unseal(arena, bytes_of(&ring->keys[i]), context, sealed, plain);
        if (opened.code != ERR_VERIFICATION_FAILED)
            break;
    }
    return opened;
}
