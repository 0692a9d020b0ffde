// SPDX-License-Identifier: Apache-2.0
// claims.h - the customer's events by identity.
#pragma once

#include "phial/audit/reconciliation.h"
#include "phial/ledger/ledger.h"

struct claim {
    struct claimed_event event;
    bool seen;    // an event that counts is this one
    bool voided;  // one that was voided is
    bool repeats; // one before it is the same
};

// Its source and id, of one without a source as if that were ""; small, so that many are looked
// through fast.
struct claim_key {
    identity key;
    size_t place; // of the claim
};

// Makes the keys, so that claims_find works; *repeated: how many claims repeat another.
void claims_sort(struct claims *claims, int64_t *repeated);
// The claim that an event of the ledger is, that none before it was: NULL when there is none.
struct claim *claims_find(const struct claims *claims, str source, str id);
