// SPDX-License-Identifier: Apache-2.0
// backfill_row.h - a backfill's row, locked by who is about to close it.
#pragma once

#include "phial/ingest/backfill.h"

result backfill_lock(struct db_tx *tx, str id, int64_t only_customer, struct backfill *backfill);
