// SPDX-License-Identifier: Apache-2.0
// retention.h - runs that remove the bodies of entries whose time is past: planned, approved by a
// second person, exported, removed, and told of by an entry of each log.
//
// Invariants: nothing goes that a class, a hold, an open period or a metric that looks back keeps,
// which is judged once more under the head's lock; nothing goes that is not in a signed export;
// plans, subscriptions, statements, keys, erasures and what retention itself wrote stay for good.
#pragma once

#include "phial/audit/approvals.h"
#include "phial/phi/retention.h"

#define RETENTION_ACTION "retention_run" // of its approval; the subject is the run's id

struct retention_request {
    int64_t customer_id; // 0: every customer
    instant as_of;
    const struct retention_terms *terms;
};
struct retention_run {
    str id;
    instant as_of;
    str plan;   // JSON: what would go, and what keeps the rest
    str shares; // JSON: what became of it, by customer
    str status; // "waiting", "refused", "exporting", "done"
    instant created_at;
    str requested_by;
    str reason;
    str approval; // "" where nothing is due
    str approved_by;
    bool finished;
    instant finished_at;
};
result retention_run_create(struct db_tx *tx, const struct retention_request *request,
                            const struct change *change, struct retention_run *run);
result retention_run_get(struct db_tx *tx, str id, struct retention_run *run); // NOT_FOUND
// In the order of ids.
result retention_run_each(struct db_tx *tx, str after, int64_t limit,
                          result (*row)(void *context, const struct retention_run *run),
                          void *context);
// In the transaction of the decision: what was approved is done by retention_run_due.
result retention_run_approve(struct db_tx *tx, const struct approval *approval,
                             const struct change *decision);

// Asks for the exports of what was approved, and removes what they hold once they are ready. A log
// whose sums are not folded yet waits for the next call.
struct retention_work {
    const struct retention_terms *terms;
    instant now;
    int64_t removed; // an answer: bodies
};
result retention_run_due(struct db *db, struct arena *arena, struct retention_work *work);
