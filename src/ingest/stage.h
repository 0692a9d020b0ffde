// SPDX-License-Identifier: Apache-2.0
// stage.h - events into a backfill instead of the ledger.
#pragma once

#include "phial/ingest/backfill.h"

// Answers as ledger_append would, by what the ledger holds and what is staged; what is new is
// staged unless `dry`, and has NO_INDEX. BACKFILL_CLOSED when it is not open any more,
// BACKFILL_FULL when not all of it has room.
result stage_events(struct db_tx *tx, const struct backfill *backfill, bool dry,
                    struct append *appends, size_t count);
