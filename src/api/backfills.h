// SPDX-License-Identifier: Apache-2.0
// backfills.h - what POST /v1/events?backfill= needs of /v1/backfills.
#pragma once

#include "caller.h"
#include "phial/ingest/backfill.h"

// The open backfill of that id. NOT_FOUND, also for another customer's; BACKFILL_CLOSED.
result find_open_backfill(const struct request *request, str id, struct backfill *backfill);
