// SPDX-License-Identifier: Apache-2.0
// drafts.h - what a billing run does with subscriptions of which a period has ended.
#pragma once

#include "phial/invoicing/invoicing.h"

// Of one subscription, in one transaction.
struct drafting {
    struct change change;
    str subscription;
    bool claimed; // it is locked, or whoever has it is waited for
    // answers
    int64_t made;
    bool more;  // there are still periods to draft
    bool ended; // all of them: what comes late from then on takes a closing statement
    bool passed_over;
    // its periods
    bool *present; // those below present_count that have an invoice
    int64_t present_count;
    bool has_invoice;
};
result draft_subscription(struct db_tx *tx, void *context); // struct drafting, as the next
// Of one that has ended, with what came late.
result draft_closing(struct db_tx *tx, void *context);

// Of several subscriptions, which are passed over where another run has them: what it costs to read
// their terms and to commit is shared. LEFT: the caller goes on with it alone.
enum { DRAFTED_TOGETHER_MAX = 64 };
enum drafted { DRAFTS_MADE, DRAFTS_LEFT, DRAFTS_NOT_CLAIMED };
struct drafting_together {
    const str *ids;
    size_t count;
    struct change change;
    // answers
    int64_t made;
    enum drafted became[DRAFTED_TOGETHER_MAX];
};
result draft_together(struct db_tx *tx, void *context);
