// SPDX-License-Identifier: Apache-2.0
// keyring.h - the master keys: one wraps, the others open what was wrapped before or will be.
//
// A master key never lies in the database; its id does, beside everything that it wraps.
#pragma once

#include "phial/crypto/crypto.h"

enum { MASTER_KEY_BYTES = 32, MASTER_KEY_ID_BYTES = 16, MASTER_KEYS_MAX = 3 };

struct master_key {
    unsigned char bytes[MASTER_KEY_BYTES];
    unsigned char id[MASTER_KEY_ID_BYTES]; // a one-way function of the bytes
};

struct keyring {
    struct master_key keys[MASTER_KEYS_MAX]; // the first one wraps
    size_t count;
    size_t replaced; // the one that gives way to the first; 0 for none
};

// `source` is 64 hexadecimal digits or a PKCS#11 URI (docs/adr/0020). BAD_CONFIG with a sentence
// that names neither key nor PIN.
result keyring_add(struct arena *arena, str source, struct keyring *ring);
void keyring_wipe(struct keyring *ring);
str keyring_id(const struct keyring *ring);          // of the key that wraps; borrows
str keyring_replaced_id(const struct keyring *ring); // "" for none
bool keyring_has(const struct keyring *ring, str id);

result keyring_seal(struct arena *arena, const struct keyring *ring, str context, str plain,
                    str *sealed);
// By whichever key opens it; VERIFICATION_FAILED when none does.
result keyring_unseal(struct arena *arena, const struct keyring *ring, str context, str sealed,
                      str *plain);
