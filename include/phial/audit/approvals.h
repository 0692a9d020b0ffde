// SPDX-License-Identifier: Apache-2.0
// approvals.h - what one person asks for and a second one has to agree to. Knows who, when, why and
// what became of it; what an action does is its owner's.
#pragma once

#include "phial/catalog/catalog.h"
#include "phial/db/db.h"

struct approval {
    str id;
    str action;  // "phi_detectors_off"
    str subject; // what it is about
    str document;
    str requested_by;
    instant requested_at;
    str reason;
    str status; // "pending", "approved", "refused"
    str decided_by;
    bool decided;
    instant decided_at;
    str decision_reason;
    str meaning;   // of the signature
    str signature; // its document, canonical; "" without
};

// The same request by the same person, while it waits, is one: *made says whether it is new.
result approval_open(struct db_tx *tx, const struct approval *wanted, const struct change *change,
                     struct approval *approval, bool *made);
// only_of: "" or the one who may see no other's. NOT_FOUND.
result approval_get(struct db_tx *tx, str id, str only_of, struct approval *approval);
// Locked, so that two cannot decide. CONFLICT where it is decided.
result approval_lock(struct db_tx *tx, str id, str only_of, struct approval *approval);
// FORBIDDEN for who asked for it to approve.
result approval_check_approver(const struct approval *approval, str actor);
result approval_decide(struct db_tx *tx, str id, bool approves, str meaning,
                       const struct change *change);

struct approval_filter {
    str only_of; // likewise
    str status;  // "" for any
    str after;
    int64_t limit;
};
result approval_each(struct db_tx *tx, const struct approval_filter *filter,
                     result (*row)(void *context, const struct approval *approval), void *context);
