// SPDX-License-Identifier: Apache-2.0
// metric.h - how events become a quantity: the definition, parsed, and the measurement.
//
// The same code measures for a usage query, a draft and an offline verification, so that the three
// cannot differ.
#pragma once

#include "phial/json/json.h"
#include "phial/money/money.h"
#include "phial/rating/usage.h"
#include "phial/time/time.h"

enum { FILTERS_MAX = 32, GROUP_BY_MAX = 8, METRIC_TYPES_MAX = 32, GROUPS_MAX = 10000 };

enum filter_kind {
    FILTER_IN,
    FILTER_NOT_IN,
    FILTER_EQ,
    FILTER_GT,
    FILTER_GTE,
    FILTER_LT,
    FILTER_LTE,
    FILTER_EXISTS
};

struct filter {
    str property;
    enum filter_kind kind;
    const str *values; // in, not_in, eq; canonical texts
    size_t value_count;
    decimal bound; // gt gte lt lte
    bool exists;
};

struct metric {
    str key;
    int64_t version;
    str sha256; // lower-case hexadecimal
    const str *event_types;
    size_t event_type_count;
    const struct aggregation *aggregation; // a row of rating/aggregations.def
    str property;                          // "" for the event's quantity
    const struct filter *filters;
    size_t filter_count;
    const str *group_by;
    size_t group_by_count;
    bool weighted;
    str weight_property;
    const str *weight_values; // beside weights
    const decimal *weights;
    size_t weight_count;
    decimal weight_default;
    int64_t days;     // unique_days
    int64_t max_days; // 0: any number
    decimal percent;  // percentile
    bool rounded;
    enum rounding round_mode;
    int round_digits;
};

// Adds a fault for everything wrong; NULL then. Members `key version sha256 created_at` are
// allowed, and key, version and sha256 are read, when `stored` is set (a version out of the catalog
// or a log).
const struct metric *metric_parse(struct json_at document, bool stored);
bool metric_takes_type(const struct metric *metric, str event_type);
// Whether an event is one of those that it measures, whatever its time.
bool metric_takes(const struct metric *metric, const struct usage_event *event);
// Whether what it measures of a window goes by the events before it as well.
bool metric_carries(const struct metric *metric);
// Filters of a charge are parsed alike.
const struct filter *filters_parse(struct json_at list, size_t *count);

// What a group is made of, for the models that price it singly.
enum usage_items {
    ITEMS_NONE,
    ITEMS_EVENTS, // each event, in the order of time, then index
    ITEMS_CELLS,  // each combination of the item_properties, measured by itself
};
struct usage_item {
    const str *values; // beside the item_properties asked for; without bytes where one is absent
    exact quantity;    // what it adds: 1 of a count, its weighted number of a sum
};

struct usage_group {
    const str *values; // beside the group_by asked for; "" for an absent property
    exact quantity;    // rounded as the metric says
    int64_t events;
    int64_t from_index; // the events counted lie in [from_index, to_index) of the log
    int64_t to_index;
    const struct usage_item *items; // of what was asked for with `items`
    size_t item_count;
};

struct measurement {
    const struct metric *metric;
    const struct filter *filters; // further ones, of a charge
    size_t filter_count;
    const str *group_by; // NULL: one group without values, always there
    size_t group_by_count;
    instant from; // half-open on event time
    instant to;
    const struct zone *zone;
    enum usage_items items;
    const str *item_properties; // what each item says of itself
    size_t item_property_count;
};

// Groups in byte order of their values. Of a metric that carries, `usage` holds what was before the
// window too, and a group without events in it is there where its quantity is not zero. INVALID
// when an aggregation is unknown to this version or there are more than GROUPS_MAX groups;
// AMOUNT_OVERFLOW.
result metric_measure(struct arena *arena, const struct measurement *what,
                      const struct usage *usage, struct usage_group **groups, size_t *count);
