// SPDX-License-Identifier: Apache-2.0
// publish.h - the checkpoint of all heads as they are now: entered, committed, read again, signed,
// kept.
#pragma once

#include "phial/ledger/signer.h"

// The kept one, with its cosignatures, where no head has changed since; it is as old as `fresh_us`
// at most in any case, and where it is younger nothing is looked for.
struct publication {
    struct signer *signer;
    instant now;
    int64_t fresh_us;
    struct heads_checkpoint checkpoint; // an answer
};
result heads_publish(struct db *db, struct arena *arena, struct publication *publication);
