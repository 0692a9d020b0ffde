// SPDX-License-Identifier: Apache-2.0
// states.h - what the audit trail keeps of a thing before and after it is changed.
#pragma once

#include "phial/db/db.h"

// Whether things of a collection ("invoices", as in paths) have a document to keep.
bool state_kept(str collection);
// The document of one of them; "" where there is none.
result state_read(struct db_tx *tx, str collection, str key, str *document);
