// SPDX-License-Identifier: Apache-2.0
// price.h - from measured quantities to lines, for one part of a period under one plan.
//
// The order: free units, the charge's model, the charge's limits; then, when the statement's
// discounts are spread over all of its lines, the plan's limits.
#pragma once

#include "lines.h"
#include "phial/rating/plan.h"

struct pricing {
    exact share;  // of a full period: scales the plan's limits, and a charge's that say so
    exact growth; // of what grows with time, to the part's end; 1 but for a projection
    const struct plan *plan;
    instant start;
    instant end;
    money ahead;         // the part's fees in advance: another statement has them, but they count
    size_t first;        // the lines before are those of earlier parts
    size_t last;         // the lines from here on are beyond the part's limits
    struct lines *lines; // where the lines go
    struct rated *rated; // scratch: PRICING_SCRATCH of them
    enum currency currency;
    bool trial; // nothing is billed
    bool grows; // the charge that is priced measures something that grows with time
};
enum { PRICING_SCRATCH = 2 };

result price_group(const struct pricing *pricing, const struct charge *charge,
                   const struct usage_group *measured);
result price_fee(const struct pricing *pricing, struct line fee);
// Minimum, maximum and commitment over the part's lines after discounts, and what was billed ahead
// for it.
result price_limits(const struct pricing *pricing);
