// SPDX-License-Identifier: Apache-2.0
// signer.h - signs checkpoints, and never two histories: the last heads it signed stand in a file
// outside the database, which several daemons may share. It reads and hashes again every leaf that
// was added since it last signed: what it signs is what is stored, not what was meant to be.
#pragma once

#include "phial/crypto/crypto.h"
#include "phial/db/db.h"
#include "phial/ledger/heads.h"

struct signer;

struct signer_options {
    const char *key_path;      // Ed25519, PKCS#8 PEM; made by signer_open when `make` is set
    const char *public_path;   // written beside it as PEM when `make` is set
    const char *previous_path; // the key before, which signs beside it while it is there; or NULL
    const char *state_path;    // appended to and flushed before a signature leaves
    str server;                // origin is "<server>/ledger/<customer>"; as configured
    bool make;
};
result signer_open(const struct signer_options *options, struct signer **signer);
void signer_close(struct signer *signer);
const unsigned char *signer_public(const struct signer *signer);
str signer_server(const struct signer *signer); // of the epoch
int64_t signer_epoch(const struct signer *signer);
result signer_sign(struct signer *signer, str message,
                   unsigned char signature[ED25519_SIGNATURE_BYTES]); // export sums

// Which epoch it is; signs under its name from then on. Before the signer is shared.
result signer_begin(struct signer *signer, struct db_tx *tx);
// The signed note of the log at its present size. HEAD_REFUSED when the database holds less or
// other than what was signed before, or other entries than its head says. Thread-safe.
result signer_checkpoint(struct signer *signer, struct db_tx *tx, int64_t customer_id, str customer,
                         str *note, int64_t *size, sha256 *root);
// The same of the log of all heads; what it holds has to be committed before.
result signer_heads_checkpoint(struct signer *signer, struct db_tx *tx, str *note, int64_t *size);
// Compares every head signed with the database, and the key with the last one that the database
// names: at start, before becoming ready.
result signer_check(struct signer *signer, struct db_tx *tx);
// The first key there is names itself.
result signer_enroll(struct signer *signer, struct db_tx *tx, instant now);
// The last head signed of every origin, copied.
struct checkpoint;
result signer_signed(struct signer *signer, struct arena *arena, const struct checkpoint **heads,
                     size_t *count);
