// SPDX-License-Identifier: Apache-2.0
// refusals.h - counts what was refused, by hour, type, pointer, code and detector; never a value.
#pragma once

#include "admit.h"

// Counts the request's refusals in one statement; conflicts count once the ledger has spoken.
result refusals_count(struct db_tx *tx, const struct admission *admission);
