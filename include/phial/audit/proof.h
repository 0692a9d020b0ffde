// SPDX-License-Identifier: Apache-2.0
// proof.h - an issued statement made again from the bytes of its customer's log, by the code that
// verifies an export.
#pragma once

#include "phial/invoicing/invoicing.h"

// {"matches", "recomputed"}: whether the statement, made again, is byte for byte its entry. What
// its issue gave it (id, number, due_at) is taken from the entry, where there is nothing to
// compute. CONFLICT for a draft. The caller owns *proof.
result invoice_proof(struct db_tx *tx, const struct invoice *invoice, json_t **proof);
