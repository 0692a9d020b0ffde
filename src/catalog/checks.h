// SPDX-License-Identifier: Apache-2.0
// checks.h - what a document must say by itself, and agree on with the rest of the catalog: a
// metric names declared event types and properties, a plan names metrics.
#pragma once

#include "phial/catalog/catalog.h"

// Fails with the document's faults.
result document_check(struct db_tx *tx, enum catalog_kind kind, str key, struct json_at document);

// Whether a quantity of the plan tells tokens apart that change with the calendar month. `document`
// is the plan's.
result plan_counts_monthly_tokens(struct db_tx *tx, const struct plan *plan, const json_t *document,
                                  bool *counts);
