// SPDX-License-Identifier: Apache-2.0
// approvals.h - requests that become approvals instead of changes, and become changes after all.
//
// An action is done by the very code that does it without an approval: it is tried when it is asked
// for, and undone, so that a request that makes no sense is refused at once and the second person
// sees what it comes to; it is done for good when it is approved, if it still comes to the same.
#pragma once

#include "caller.h"
#include "phial/audit/approvals.h"

// PUT of an event type that switches detectors off: 202 and the approval. REASON_REQUIRED.
result approval_ask_detectors_off(const struct request *request, struct reply *reply);

// Answers 202 with an approval where the action needs one (reply->status is set then), and leaves
// the reply alone where it does not. REASON_REQUIRED, and whatever the action itself says.
result approval_ask(const struct request *request, struct reply *reply,
                    enum approval_action action);

// In the transaction of the decision. PRECONDITION_FAILED where it does not come to the same any
// more, CONFLICT for an action that is none of these.
result approval_execute(struct db_tx *tx, const struct approval *approval,
                        const struct request *decision);

// Opens the approval, or finds the one that waits for the same.
result approval_reply_asked(const struct request *request, struct reply *reply,
                            const struct approval *wanted);

// Writes down outside the database what was destroyed, once that is committed; see
// audit/erasure_file.h. Where the file cannot be written the next start does it.
void erasure_note(const struct request *request);

// Each does what its request asks for, in a transaction that commits or not, and says what it comes
// to: {"customer", "currency", "total", ...}, nothing of which differs from one try to the next.
// The caller owns *outcome.
#define APPROVAL(name) \
    result approved_##name(struct db_tx *tx, const struct request *request, json_t **outcome);
#include "phial/api/approval_actions.def"
#undef APPROVAL
