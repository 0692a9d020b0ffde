// SPDX-License-Identifier: Apache-2.0
// signatures.h - what a second person signs, after 21 CFR 11.50 and 11.70: who, when, what it
// means, bound to what was signed by its hash. Never changed, and held by the audit trail's log as
// well.
#pragma once

#include "phial/audit/approvals.h"
#include "phial/json/json.h"

struct signing {
    const struct change *change;
    str name; // printed: what the signer's key is called
    str meaning;
    str customer; // whose records it is about; "" nobody's
};
// The signature of a decision in whose transaction this is.
result signature_add(struct db_tx *tx, const struct approval *approval,
                     const struct signing *signing);
// {"name", "signer", "time", "meaning", "document_sha256", ..., "sha256"}; null without one. The
// caller owns *json.
result signature_print(struct arena *arena, const struct approval *approval, json_t **json);
