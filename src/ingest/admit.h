// SPDX-License-Identifier: Apache-2.0
// admit.h - decides on every event: refused with a code, or canonical and ready for the ledger.
#pragma once

#include "phial/ledger/ledger.h"
#include "split.h"

struct candidate {
    // of the cache: until it is refreshed
    const struct cached_customer *customer; // NULL when unknown, or not for this key
    const struct event_type *type;          // NULL when unknown
    // for as long as the request
    struct verdict verdict;
    str type_key;          // "" when unknown
    str id;                // "" where it must not be repeated
    struct append *append; // NULL when refused
    int64_t dropped;       // properties that its type lets fall, of one that is not
};

struct admission {
    const struct ingest *ingest;
    struct raw_events events;
    struct candidate *candidates; // one an event
    struct append **appends;      // of those not refused and not settled before, in order
    struct append *room;          // the same, side by side
    size_t append_count;
    int64_t revision; // of the catalog that decided
};

// Looks customers and types up, and decides. What an earlier admission of the same events has
// settled stays. Where `fresh` is false, what the cache knows is good enough: the revision has to
// be compared by who writes. Runs in no transaction.
result admit_events(struct admission *admission, bool fresh);
