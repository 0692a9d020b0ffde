// SPDX-License-Identifier: Apache-2.0
// period.h - a period with what it is cut from, and its parts, a segment each.
#pragma once

#include "phial/rating/statement.h"

// As period_find; full_days are those of the uncut period, 0 for a statement without days.
result period_locate(const struct subscription_terms *terms, int64_t number, struct period *period,
                     int64_t *full_days);

// A segment's share of a period.
struct part {
    const struct segment *segment;
    instant start;
    instant end;
    bool trial;           // all of it lies in the trial: nothing is billed
    instant period_start; // of the period that it is a part of
};
// The parts of [start, end), rising, without the days of the trial. At most SEGMENTS_MAX.
size_t period_parts(const struct subscription_terms *terms, const struct period *period,
                    struct part *parts);
// The first instant of a segment that is billed, and the first after it that is not.
void segment_bounds(const struct subscription_terms *terms, size_t index, instant *start,
                    bool *has_end, instant *end);
int64_t days_between(const struct zone *zone, instant start, instant end);
