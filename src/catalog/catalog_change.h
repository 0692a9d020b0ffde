// SPDX-License-Identifier: Apache-2.0
// catalog_change.h - what every change of the catalog has in common: one lock, one revision, one
// rule for preconditions.
#pragma once

#include "phial/catalog/canonical.h"
#include "phial/catalog/catalog.h"

result catalog_lock(struct db_tx *tx); // first thing in every change
result catalog_bump(struct db_tx *tx);

// Whether a resource may be replaced; `current` is its sha256.
result precondition_check(struct precondition precondition, str current);

// Adds a fault unless it is a key, and one that holds nothing that looks like a patient's
// identifier. It stands in the path and not in the document: the fault points at the whole.
void key_fault(struct json_at document, str key);

// The canonical form of a document, hashed. A fault when it has none.
result document_hash(struct arena *arena, enum document_kind kind, struct json_at document,
                     sha256 *hash);

// Adds a fault unless the text has 1 to `max` bytes, none of them a control character, and nothing
// that looks like a patient's identifier. NULL is passed over.
enum scan {
    SCAN_NOTHING, // an organisation's own e-mail, address, tax number
    SCAN_STRONG,  // names of organisations and products, which the weaker detectors misread
    SCAN_ALL,
};
void text_fault(struct json_at at, size_t max, enum scan scan);
// For the last reason alone, of a text at `at` or of the name of one of its members.
void phi_fault(struct json_at at, str text, enum scan scan);
