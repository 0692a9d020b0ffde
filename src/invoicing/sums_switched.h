// SPDX-License-Identifier: Apache-2.0
// sums_switched.h - the rows that say what values had been switched to before a time, and the
// switches of a stretch of time.
#pragma once

#include "phial/db/db.h"
#include "phial/rating/switches.h"

// A series of a customer's.
struct switched_series {
    struct db_tx *tx;
    int64_t customer_id;
    int64_t id;
};

// What is known as of the latest time up to a limit, and that time; nothing, and the beginning of
// time, where there is none.
result switched_start(const struct switched_series *series, instant limit, instant *since,
                      struct switches *switches);
// The switches of [from, to), whole quarters of an hour.
result switched_read(const struct switched_series *series, instant from, instant to,
                     struct switches *switches);

// Switches at or after a time have come or gone: what lies behind it is no longer known.
result switched_drop(const struct switched_series *series, instant since);
// Makes it known of some more days, where there are enough switches since the last that is.
result switched_advance(const struct switched_series *series);

// Whether the latest that is known is what the one before and the switches since come to.
result switched_check(const struct switched_series *series, bool *right);
