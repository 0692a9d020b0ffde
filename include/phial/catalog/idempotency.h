// SPDX-License-Identifier: Apache-2.0
// idempotency.h - the first answer to a request with an Idempotency-Key, kept for 24 hours and
// given again. Neither the key nor the request is stored, only their hashes; the answer is sealed,
// as it may hold a secret that is shown once.
#pragma once

#include "phial/crypto/keyring.h"
#include "phial/db/db.h"

struct idempotency {
    str key_id;                    // of the API key: two callers' keys never meet
    sha256 name;                   // of the Idempotency-Key, method and path
    sha256 fingerprint;            // of the whole request
    const struct keyring *keyring; // seals the answer
    // What is asked for takes more transactions than this one, and is harmless to do again: the
    // session holds the claim.
    bool by_session;
};

struct kept_answer {
    int64_t status;
    str media_type;
    str body;
    str headers; // "Name: value\n" each
};

// Claims the name for this request until its transaction ends, or finds the answer that it got
// before. KEY_REUSED for another request, KEY_RUNNING while somebody else has the claim. The work
// and idempotency_keep belong into the same transaction: they are there together or not at all.
result idempotency_begin(struct db_tx *tx, const struct idempotency *what, bool *found,
                         struct kept_answer *answer);
result idempotency_keep(struct db_tx *tx, const struct idempotency *what,
                        const struct kept_answer *answer);
result idempotency_release(struct db_tx *tx, const struct idempotency *what); // by a session
// What an answer's seal is bound to.
str idempotency_context(struct arena *arena, str key_id, str name);
