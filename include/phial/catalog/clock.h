// SPDX-License-Identifier: Apache-2.0
// clock.h - what time it is: the machine's, or with --test-clock the one that was set, which stands
// still, is kept in the database and is the same for every daemon on it.
#pragma once

#include "phial/db/db.h"

instant clock_machine(void);
result clock_now(struct db_tx *tx, bool test_clock, instant *now);
result clock_read(struct db *db, struct arena *arena, bool test_clock, instant *now); // by itself
result clock_set(struct db_tx *tx, instant now); // CLOCK_BACKWARDS
