// SPDX-License-Identifier: Apache-2.0
// tell.h - others are told how many events were refused: by type and code, never of whom or what.
#pragma once

#include "phial/db/db.h"

// One event.rejected of everything counted since the last one, if anything was. Two at a time tell
// of different refusals.
result refusals_tell(struct db_tx *tx, instant now);
