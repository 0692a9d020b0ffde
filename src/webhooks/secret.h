// SPDX-License-Identifier: Apache-2.0
// secret.h - secrets of webhooks: made, sealed, and signing.
#pragma once

#include "phial/crypto/keyring.h"

enum { SECRET_BYTES = 32 };

// The one place that seals: columns secret and old_secret of the table webhook, both with the key
// whose id stands in sealed_by.
result secret_seal(struct arena *arena, const struct keyring *keyring, str webhook, str secret,
                   str *sealed);
result secret_unseal(struct arena *arena, const struct keyring *keyring, str webhook, str sealed,
                     str *secret);

str secret_make(struct arena *arena);              // SECRET_BYTES random ones
str secret_print(struct arena *arena, str secret); // "whsec_" and base64

// "v1," and the base64 of HMAC-SHA-256 over id.timestamp.body.
struct signed_content {
    str id;
    int64_t timestamp; // seconds
    str body;
};
str secret_sign(struct arena *arena, str secret, const struct signed_content *content);
