// SPDX-License-Identifier: Apache-2.0
// pkcs11.h - a master key that a token or an HSM holds (docs/adr/0020).
#pragma once

#include "phial/crypto/keyring.h"

// Has the secret key that the URI names make a MAC of a constant: the master key. The secret itself
// does not leave its token and may be unextractable. The token is let go of before this returns.
// BAD_CONFIG with a sentence.
result pkcs11_derive(struct arena *arena, str uri, unsigned char key[MASTER_KEY_BYTES]);
