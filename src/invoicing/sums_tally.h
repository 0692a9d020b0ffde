// SPDX-License-Identifier: Apache-2.0
// sums_tally.h - what a stretch of a log comes to, into the rows of running sums.
#pragma once

#include "sums_rows.h"

// The stretch [from, to), folded for so many metrics.
struct sums_stretch {
    struct sums_place at;
    size_t metric_count;
    int64_t from;
    int64_t to;
};
result sums_store_tally(const struct sums_stretch *stretch, const struct usage_tally *tally);
