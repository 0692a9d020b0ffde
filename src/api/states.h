// SPDX-License-Identifier: Apache-2.0
// states.h - what the audit trail keeps of a thing before and after it is changed: what its GET
// answers, by the function that prints that.
#pragma once

#include "caller.h"

// Whether things of a collection ("invoices", as in paths) have a document to keep.
bool state_kept(str collection);
// The document of one of them, NULL where there is none. The caller owns *json.
result state_read(struct db_tx *tx, const struct request *request, str collection, str key,
                  json_t **json);

// Each beside its GET. NOT_FOUND where there is none any more.
#define STATE(collection, name, key) \
    result state_##name(struct db_tx *tx, const struct request *request, str id, json_t **json);
#include "states.def"
#undef STATE
