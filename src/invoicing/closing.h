// SPDX-License-Identifier: Apache-2.0
// closing.h - the statements behind a subscription's last one, for what came too late for that. A
// closing statement has adjustments and nothing else, and there is none without something to bill.
#pragma once

#include "compute.h"

// The number of the next one; 0 where none is due: a statement is open or still to come, which will
// bill it, or nothing is owed. Of a subscription that has ended, and not at its start. `held` owns
// what the terms gain.
result closing_find(struct db_tx *tx, struct subscription_terms *terms, const struct head *head,
                    json_t *held, int64_t *number);
