// SPDX-License-Identifier: Apache-2.0
// claims.h - the customer's events while they are compared: by identity, in 21 bytes each, and what
// they say of quantity and time where any does. Their texts stay where they came from.
#pragma once

#include "phial/audit/reconciliation.h"
#include "phial/ledger/ledger.h"

// What is known of one of them.
enum claim_mark {
    CLAIM_ANY_SOURCE = 1 << 0,
    CLAIM_HAS_QUANTITY = 1 << 1,
    CLAIM_HAS_TIME = 1 << 2,
    CLAIM_SEEN = 1 << 3,      // an event that counts is this one
    CLAIM_VOIDED = 1 << 4,    // one that was voided is
    CLAIM_REPEATS = 1 << 5,   // one before it is the same
    CLAIM_ELSEWHERE = 1 << 6, // the ledger has it, of another time or kind
};

// Its source and id, of one without a source as if that were "".
struct claim_key {
    identity key;
    uint32_t place; // in the order sent
};

struct claims {
    struct arena *arena;
    size_t count;
    size_t room;
    struct claim_key *keys; // in order
    unsigned char *marks;   // by place, as are the next two
    decimal *quantities;    // NULL: none says one
    instant *times;
    exact total;      // of the quantities
    bool partial;     // one says no quantity: there is no total
    int64_t repeated; // how many repeat one before them
};

result claims_read(struct db_tx *tx, const struct claimed *claimed, struct claims *claims);
// The place of the one that an event of the ledger is, and none before it was.
bool claims_find(const struct claims *claims, str source, str id, size_t *place);
// Ids and sources of those at the places, in rising order, until the arena goes.
result claims_name(struct db_tx *tx, struct arena *arena, const struct claimed *claimed,
                   const int64_t *places, size_t count, struct claimed_event *named);

// In reconcile_stage.c. Every one that was staged, in order; nobody drops them until the end of the
// transaction.
result staged_each(struct db_tx *tx, const struct staged_reconciliation *staged,
                   result (*take)(void *context, const struct claimed_event *event), void *context);
result staged_name(struct db_tx *tx, struct arena *arena,
                   const struct staged_reconciliation *staged, const int64_t *places, size_t count,
                   struct claimed_event *named);
