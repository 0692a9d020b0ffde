// SPDX-License-Identifier: Apache-2.0
// aggregation.h - one way to make a quantity of the events that a metric matched.
#pragma once

#include "phial/money/money.h"
#include "phial/rating/metric.h"
#include "phial/rating/usage.h"
#include "phial/util/arena.h"

// An event that passed every filter and carries what the aggregation reads.
struct sample {
    const struct usage_event *event;
    str text;       // the property's value; "" where the metric names none
    decimal number; // the quantity or the property's value; of numeric aggregations
    size_t weight;  // the position in metric.weights, or weight_count for the default
};

struct aggregation {
    const char *name;
    bool needs_property;
    bool numeric;  // reads numbers: an event whose property is none is left out
    bool weighted; // may be given weights
    // Samples stand in the order of time, then index. There may be none.
    result (*aggregate)(struct arena *arena, const struct metric *metric,
                        const struct sample *samples, size_t count, exact *quantity);
};

const struct aggregation *aggregation_find(str name); // NULL
