// SPDX-License-Identifier: Apache-2.0
// signer.h - signs checkpoints, and never two histories: the last heads it signed stand in a file
// outside the database, which several daemons may share.
#pragma once

#include "phial/crypto/crypto.h"
#include "phial/db/db.h"

struct signer;

struct signer_options {
    const char *key_path;    // Ed25519, PKCS#8 PEM; made by signer_open when `make` is set
    const char *public_path; // written beside it as PEM when `make` is set
    const char *state_path;  // appended to and flushed before a signature leaves
    str server;              // origin is "<server>/ledger/<customer>"
    bool make;
};
result signer_open(const struct signer_options *options, struct signer **signer);
void signer_close(struct signer *signer);
const unsigned char *signer_public(const struct signer *signer);
str signer_server(const struct signer *signer);
result signer_sign(struct signer *signer, str message,
                   unsigned char signature[ED25519_SIGNATURE_BYTES]); // export sums

// The signed note of the log at its present size. HEAD_REFUSED when the database holds less or
// other than what was signed before. Thread-safe.
result signer_checkpoint(struct signer *signer, struct db_tx *tx, int64_t customer_id, str customer,
                         str *note, int64_t *size, sha256 *root);
// Compares every head signed with the database: at start, before becoming ready.
result signer_check(struct signer *signer, struct db_tx *tx);
