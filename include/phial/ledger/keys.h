// SPDX-License-Identifier: Apache-2.0
// keys.h - which keys have signed, and under which names: each new one is announced by the one
// before it, in every log, so that who holds an earlier one can follow.
#pragma once

#include "phial/ledger/heads.h"
#include "phial/ledger/signer.h"

struct ledger_key {
    int64_t number;         // from 1 on
    str public;             // 32 bytes
    str previous_signature; // "" of the first
    str signature;
    str server;
};
result ledger_key_last(struct db_tx *tx,
                       struct ledger_key *key); // NOT_FOUND before the first start
result ledger_key_each(struct db_tx *tx, result (*row)(void *context, const struct ledger_key *key),
                       void *context);
result ledger_key_enroll(struct db_tx *tx, const unsigned char public[ED25519_PUBLIC_BYTES],
                         str server, instant now);

// What a change of keys signs, with the old key and with the new one. The keys are raw.
str ledger_key_announcement(struct arena *arena, str server, str previous, str public);

struct key_change {
    const struct signing_key *previous;
    const struct signing_key *next;
    const struct epoch *epoch;
    str reason; // "" for none
    instant now;
};
// Announces the next key in every log that has an entry, and in that of the heads. CONFLICT unless
// the previous one is the last.
result ledger_key_rotate(struct db_tx *tx, const struct key_change *change);

// Begins another epoch: every log says under which name it goes on, and what was signed of it last
// under the name before, whether or not it still holds it.
struct epoch_change {
    struct signer *signer; // with what it signed
    str name;              // as configured
    str reason;
    instant now;
    struct epoch epoch; // an answer
};
result epoch_begin(struct db_tx *tx, struct epoch_change *change);
