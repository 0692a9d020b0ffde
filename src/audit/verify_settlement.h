// SPDX-License-Identifier: Apache-2.0
// verify_settlement.h - what reduces statements, and what they are off by later, read from the log
// alone.
#pragma once

#include "phial/rating/statement.h"
#include "verify_parts.h"

// The usage of [from, to) of event time below a size, and what measures go by it.
struct measured {
    struct exported *exported;
    const struct subscription_terms *terms;
    instant from;
    instant to;
    int64_t size;
};
// verify_usage.c. Few events are held; many answer out of sums that are made of them on the way.
struct usage_held {
    struct usage_fold *fold;      // of all events
    struct usage_fold *corrected; // of those that a correction names
};
void usage_held_release(struct usage_held *held);
result usage_measured(struct arena *arena, const struct measured *what, struct usage_held *held,
                      struct usage *usage);

// The discounts that were in force when a statement was issued, and what was left of prepaid
// credit.
result reductions_read(struct arena *arena, const struct exported *exported,
                       const struct exported_document *statement, struct subscription_terms *terms);

// By what a statement's period is off at a size and by its plan's policy, less what was billed and
// credited of it; `sum` is the sum of the keys.
struct open_difference {
    struct key_amounts keys;
    money sum;
};
result difference_read(struct arena *arena, struct exported *exported,
                       const struct subscription_terms *terms,
                       const struct exported_document *statement, int64_t size,
                       struct open_difference *open);
// What the statement of a period bills, at a size, of its subscription's other periods.
result adjustments_read(struct arena *arena, struct exported *exported, int64_t size,
                        int64_t number, struct subscription_terms *terms);
