// SPDX-License-Identifier: Apache-2.0
// admit.h - decides on every event: refused with a code, or canonical and ready for the ledger.
#pragma once

#include "phial/ledger/ledger.h"
#include "split.h"

struct candidate {
    const struct cached_customer *customer; // NULL when unknown, or not for this key
    const struct event_type *type;          // NULL when unknown
    struct verdict verdict;
    str id;                // "" where it must not be repeated
    struct append *append; // NULL when refused
};

struct admission {
    const struct ingest *ingest;
    struct raw_events events;
    struct candidate *candidates; // one an event
    struct append *appends;       // of those not refused, in order
    size_t append_count;
};

// Looks customers and types up; all that admission needs of the database but token keys.
result admit_lookup(struct db_tx *tx, void *context); // a struct admission
// Token keys are made in transactions of their own, so this runs in none.
result admit_events(struct admission *admission);
