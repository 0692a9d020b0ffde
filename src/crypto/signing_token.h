// SPDX-License-Identifier: Apache-2.0
// signing_token.h - an Ed25519 key that a token or an HSM holds and signs with. Thread-safe.
#pragma once

#include "phial/crypto/crypto.h"

struct signing_token;
// The private key that the URI names, and the public one beside it. BAD_CONFIG with a sentence.
result signing_token_open(str uri, struct signing_token **token,
                          unsigned char public[ED25519_PUBLIC_BYTES]);
void signing_token_close(struct signing_token *token);
result signing_token_sign(struct signing_token *token, str message,
                          unsigned char signature[ED25519_SIGNATURE_BYTES]);
