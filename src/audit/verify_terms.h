// SPDX-License-Identifier: Apache-2.0
// verify_terms.h - what an invoice was rated by, read from the log alone.
#pragma once

#include "phial/rating/statement.h"
#include "verify_parts.h"

// The subscription as it stood at the invoice's ledger size, its plans and metrics in full; the
// invoice's own taxes. `before` is left out. VERIFICATION_FAILED with a sentence on what is
// missing.
result terms_read(struct arena *arena, const struct exported *exported, const json_t *invoice,
                  int64_t size, struct subscription_terms *terms);
