// SPDX-License-Identifier: Apache-2.0
// value_runs.h - samples value by value of the property, for aggregations that count values.
#pragma once

#include "phial/rating/aggregation.h"

// The samples of one value: the earlier ones first, each part in the order of time, then index.
struct value_run {
    const struct sample *const *samples;
    size_t count;
    size_t earlier; // so many of them lie before the window
};

struct value_runs {
    const struct sample **sorted;
    size_t count;
    size_t at;
    instant from;
};

struct value_runs value_runs_of(const struct aggregating *what);
bool value_runs_next(struct value_runs *runs, struct value_run *run); // false at the end
