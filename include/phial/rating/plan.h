// SPDX-License-Identifier: Apache-2.0
// plan.h - what a plan says, parsed: charges, fixed fees, limits. Pure.
#pragma once

#include "phial/json/json.h"
#include "phial/money/money.h"
#include "phial/rating/metric.h"
#include "phial/time/time.h"

enum { CHARGES_MAX = 100, FIXED_MAX = 100, TIERS_MAX = 100, PRICES_MAX = 100, MATCHES_MAX = 8 };

enum interval {
    INTERVAL_WEEK,
    INTERVAL_MONTH,
    INTERVAL_QUARTER,
    INTERVAL_HALF_YEAR,
    INTERVAL_YEAR
};

enum late_usage { LATE_BILL_NEXT, LATE_CREDIT_ONLY, LATE_HOLD };

struct tier {
    bool open; // up_to null
    decimal up_to;
    decimal unit_amount; // of graduated_percentage its rate, in percent
    decimal flat_amount;
};

// A price of a matrix or an outcome, and what it asks of an item's properties.
struct price {
    const str *match; // beside the charge's properties; without bytes where it asks nothing
    decimal unit_amount;
};

struct charge {
    str key;
    str name;
    str metric; // its key
    const struct charge_model *model;
    const struct filter *filters;
    size_t filter_count;
    const str *group_by;
    size_t group_by_count;
    const struct tier *tiers; // graduated, graduated_percentage, volume, stairstep
    size_t tier_count;
    const struct price *prices; // matrix, outcome
    size_t price_count;
    const str *properties; // what the model asks of an item of usage; of outcome the subject first
    size_t property_count;
    decimal free_units;
    decimal minimum, maximum;
    decimal unit_amount;  // per_unit
    decimal package_size; // package
    decimal amount;
    decimal rate;         // percentage: in percent
    decimal fixed_amount; // percentage: of an event that pays
    decimal fallback;     // matrix: the price of a cell that none of its prices is for
    bool has_subject;     // outcome
    bool exclusive;       // outcome: one a subject and period
    bool has_minimum, has_maximum;
    bool prorate;
};

struct fixed_fee {
    str key;
    str name;
    decimal amount;
    bool advance; // else arrears
    bool prorate;
    bool once;
};

struct plan {
    str key;
    int64_t version;
    str sha256;
    enum currency currency;
    enum interval interval;
    const struct charge *charges;
    size_t charge_count;
    const struct fixed_fee *fixed;
    size_t fixed_count;
    bool has_minimum, has_maximum, has_commitment;
    decimal minimum, maximum, commitment, overage_factor;
    int64_t trial_days;
    int64_t grace_us; // PT24H by default
    enum late_usage late_usage;
    enum rounding rounding;
    bool tier_scope_period;
};

// Adds a fault for everything wrong; NULL then. `stored` as in metric_parse, and allows `metrics`.
const struct plan *plan_parse(struct json_at document, bool stored);

// One way to turn a quantity into money: rating/charge_models.def. A model's file is
// src/rating/model_<name>.c.
struct rated_tier {
    bool open;
    decimal up_to;
    exact quantity;
    decimal unit_amount;
    decimal flat_amount;
    exact amount;
};
struct rated_cell {
    exact quantity;
    exact amount;
};
struct rated {
    exact amount;
    struct rated_tier tiers[TIERS_MAX];
    size_t tier_count; // tiers that hold something; 0 for models without
    struct rated_cell cells[PRICES_MAX + 1];
    size_t cell_count; // one a price, then that of the fallback; 0 for models without
};
// What is priced: a quantity, and for the models that price them singly what it is made of.
struct metered {
    exact quantity;
    const struct usage_item *items;
    size_t item_count;
};
struct charge_model {
    const char *name;
    void (*read)(struct json_at charge, struct charge *terms); // its own members and their faults
    // The quantity is what free units left of it, unless the model takes them itself; never
    // negative but for per_unit.
    void (*rate)(struct arena *arena, const struct charge *terms, const struct metered *metered,
                 struct rated *rated);
    const char *members;     // blank-separated names of its own members
    bool takes_negative;     // else a negative quantity is rated as zero
    enum usage_items items;  // what it prices singly
    bool takes_free_units;   // by itself, item by item
    bool without_free_units; // it prices no units
    bool carries_amount;     // an item's first property is its amount
    bool limits_events;      // its minimum and maximum are those of an event
    const char *tier_price;  // what a tier's price is called, where it is no unit_amount
};
const struct charge_model *charge_model_find(str name); // NULL
