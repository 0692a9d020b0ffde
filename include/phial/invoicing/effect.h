// SPDX-License-Identifier: Apache-2.0
// effect.h - what a backfill would change, were it committed now: every period of the customer's
// subscriptions that its events touch, computed with them and without. Nothing is written.
#pragma once

#include "phial/invoicing/invoicing.h"

enum { EFFECTS_MAX = 500, EFFECT_SUBSCRIPTIONS_MAX = 1000 };

struct effect {
    str subscription;
    struct period period;
    str invoice; // "" where the period has none yet; its id, number ("" of a draft) and status
    str number;
    str status;
    money before;
    money after;
    money difference;
};

// In the order of subscriptions, then of time.
struct effects {
    const struct effect *items;
    size_t count;
    int64_t events; // staged, that were looked at
    bool complete;  // false beyond either limit above: `difference` is of those listed
    money difference;
};

// Of an open backfill; NOT_FOUND for another one.
result backfill_effects(struct db_tx *tx, str backfill, struct effects *effects);
