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
    bool removes;   // of switched aggregations: the operation is `remove`, else `add`
};

// What one quantity is made of: the samples of a window, in the order of time, then index. There
// may be none.
struct aggregating {
    struct arena *arena;
    const struct metric *metric;
    const struct zone *zone;
    instant from; // half-open
    instant to;
    const struct sample *samples;
    size_t count;
    const struct sample *earlier; // those before `from`; of aggregations that carry
    size_t earlier_count;
};

// What running sums keep for an aggregation, beside the number of events. See rating/tally.h.
enum folding {
    FOLDS_COUNT,
    FOLDS_TOTAL,
    FOLDS_MOMENT, // the total, and when it came
    FOLDS_MOST,
    FOLDS_LEAST,
    FOLDS_LATEST,
    FOLDS_VALUES,  // how many events have each value
    FOLDS_SWITCHES // what switches a value on or off
};

// What the running sums of a window hold.
struct folded_value {
    str value;
    int64_t events;
    instant bucket; // a time within the local day of the events
    bool earlier;   // before the window
};
struct folded {
    struct arena *arena;
    const struct metric *metric;
    const struct zone *zone;
    int64_t events;
    const decimal *totals; // by weight
    decimal extreme;
    const exact *switched;       // of switches: the time on, or the active; NULL: the values tell
    exact area;                  // of time_weighted: see rating/aggregate_time_weighted.c
    struct folded_value *values; // in no order; more than one of a value
    size_t value_count;
    instant from; // the window
    instant to;
};

struct aggregation {
    const char *name;
    enum folding folds;
    bool by_day; // its values are told apart by the day, as well

    bool needs_property;
    bool numeric;           // reads numbers: an event whose property is none is left out
    bool weighted;          // may be given weights
    bool grows;             // over a longer time it comes to more, about in proportion
    bool carries;           // goes by what was before the window as well
    bool switched;          // with a property, goes by the event's `operation`: add, remove
    const char *parameters; // blank-separated names of its own members; NULL without
    // Adds a fault for everything wrong with them. NULL without parameters.
    bool (*check)(struct json_at document, const struct metric *metric);
    result (*aggregate)(const struct aggregating *what, exact *quantity);
    result (*finish)(const struct folded *folded, exact *quantity);
};

// Of a metric: time_weighted of a property goes by what switches its values.
enum folding metric_folding(const struct metric *metric);
// Whether a row stands for each value as well; and whether that is of a quarter of an hour alone,
// because local days or moments tell the values apart.
bool metric_folds_values(const struct metric *metric);
bool metric_folds_by_quarters(const struct metric *metric);

const struct aggregation *aggregation_find(str name); // NULL
