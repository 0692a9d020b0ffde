// SPDX-License-Identifier: Apache-2.0
// tell.h - what others are told of an invoice: its ids, and nothing of what it says.
#pragma once

#include "phial/invoicing/invoicing.h"
#include "phial/outbox/outbox.h"

result invoice_tell(struct db_tx *tx, enum outbox_type type, instant at,
                    const struct invoice *invoice);
result credit_note_tell(struct db_tx *tx, instant at, str note, const struct invoice *invoice);
