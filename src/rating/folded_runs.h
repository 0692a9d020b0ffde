// SPDX-License-Identifier: Apache-2.0
// folded_runs.h - the values of running sums, one by one.
#pragma once

#include "phial/rating/aggregation.h"

// What is held of one value; values whose events were all taken away again are passed over.
struct folded_run {
    const struct folded_value *values; // by time
    size_t value_count;
    int64_t count;   // events of the window
    int64_t earlier; // and before it
};

struct folded_runs {
    const struct folded *folded;
    size_t at;
    bool earlier_too; // also those with events before the window alone
};

struct folded_runs folded_runs_of(const struct folded *folded); // sorts them
bool folded_runs_next(struct folded_runs *runs, struct folded_run *run);
// Local days with events.
int64_t folded_run_days(const struct folded *folded, const struct folded_run *run);
