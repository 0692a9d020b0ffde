// SPDX-License-Identifier: Apache-2.0
// append.h - an entry of a log whose content is one document.
#pragma once

#include "phial/catalog/catalog.h"
#include "phial/json/json.h"
#include "phial/ledger/ledger.h"

struct document_entry {
    int64_t customer_id;
    str customer;
    enum entry_kind kind;
    json_t *member; // what stands under the kind's name; NULL: memory was short
};
// Locks the head. Yields the entry's position.
result document_append(struct db_tx *tx, const struct document_entry *entry,
                       const struct change *change, int64_t *index);
