// SPDX-License-Identifier: Apache-2.0
// issue.h - what a billing run does with a draft past its grace.
#pragma once

#include "phial/invoicing/invoicing.h"

// What became of a draft: another was first; this call issued it; or it is a closing statement that
// has nothing left to bill, and so is still a draft.
enum issuing { ISSUED_BEFORE, ISSUED_NOW, ISSUED_NOTHING };
result invoice_issue_once(struct db_tx *tx, str id, const struct change *change,
                          enum issuing *issuing);

// Drafts of one customer, issued in one transaction: what it costs to read, to number and to commit
// is shared. What becomes of each stands in `became`: one that has to be issued alone, since it
// settles something else than its own period's usage and fees, is left for the caller.
enum { ISSUED_TOGETHER_MAX = 64 };
enum issued_together { TOGETHER_ISSUED, TOGETHER_LEFT, TOGETHER_NOT_CLAIMED };
struct issuing_together {
    const str *ids;
    size_t count;
    struct change change;
    enum issued_together became[ISSUED_TOGETHER_MAX];
};
result invoices_issue_together(struct db_tx *tx, void *context);
// When an issued invoice of a customer is due.
result invoice_find_due(struct db_tx *tx, int64_t customer_id, instant issued_at, instant *due_at);
// The members that only an issued statement has.
struct issue {
    str number;
    instant issued_at; // its entry's `at`: the ledger's time does not go back when the clock does
    instant due_at;
};
result statement_complete(struct arena *arena, str id, const struct issue *issue,
                          json_t *statement);
