// SPDX-License-Identifier: Apache-2.0
// canonical.h - the one form in which a document is hashed and entered into a log: every decimal a
// string without superfluous zeros, amounts of money with their currency's digits.
#pragma once

#include "phial/crypto/crypto.h"
#include "phial/json/json.h"

enum document_kind {
    DOCUMENT_CUSTOMER,
    DOCUMENT_EVENT_TYPE,
    DOCUMENT_METRIC,
    DOCUMENT_PLAN,
    DOCUMENT_REPORT_TEMPLATE
};

// A copy of a document that was found to be valid; made again from the copy it is the same. The
// caller owns it.
result document_canonical(struct arena *arena, enum document_kind kind, const json_t *document,
                          json_t **canonical);

// SHA-256 of its canonical JSON. INVALID when it has none.
result document_sha256(struct arena *arena, enum document_kind kind, const json_t *document,
                       sha256 *hash);
