// SPDX-License-Identifier: Apache-2.0
// carry.h - a change of the catalog is mostly of one thing: what else was known still holds.
#pragma once

#include "snapshot.h"

// Customers and token keys that are there as before, each kind by one statement. Event types and
// API keys are few, and read again when they are met; codes are forgotten with their snapshot.
result carry_over(struct db_tx *tx, const struct snapshot *before, struct snapshot *next);
