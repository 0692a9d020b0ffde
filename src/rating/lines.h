// SPDX-License-Identifier: Apache-2.0
// lines.h - the lines of a statement while it is made, and the statement's document.
#pragma once

#include "phial/rating/plan.h"
#include "phial/rating/statement.h"

enum line_kind {
    LINE_USAGE,
    LINE_FIXED,
    LINE_MINIMUM,
    LINE_MAXIMUM,
    LINE_COMMITMENT,
    LINE_ADJUSTMENT
};

struct line {
    str key;
    str name;
    enum line_kind kind;
    const struct charge *charge; // of usage lines
    const str *group;            // beside the charge's group_by; NULL without
    exact measured;              // the quantity before it is written
    exact exact_amount;
    money amount;   // rounded, this once
    money discount; // its share of the statement's
    const struct rated_tier *tiers;
    size_t tier_count;
    const struct rated_cell *cells;
    size_t cell_count;
    const struct usage_item *items; // what a later segment of the period goes on from
    size_t item_count;
    bool unbilled; // of a trial
    instant start;
    instant end;
    int64_t events;
    int64_t from_index;
    int64_t to_index;
    const struct adjustment *adjustment; // of adjustment lines
};

// A discount that has an id and is for the statement, and what it came to.
struct applied_discount {
    const struct discount *discount;
    money worth;
};

struct lines {
    struct arena *arena;
    struct line *items;
    size_t count;
    size_t room;
    const struct plan **plans; // of the statement's days
    size_t plan_count;
    struct applied_discount *applied;
    size_t applied_count;
};

// Rounds the exact amount into the line and takes it. AMOUNT_OVERFLOW.
result lines_add(struct lines *lines, struct line line, enum currency currency,
                 enum rounding rounding);

// Spreads each discount over the usage and fixed lines that it is for, in the order made, each on
// what the earlier ones left.
result discounts_spread(struct lines *lines, const struct subscription_terms *terms,
                        enum rounding rounding);

struct totals {
    money subtotal;
    money discounts; // of all lines
    money base;      // subtotal - discounts: what every tax rate is taken of
    money taxes[TAX_RATES_MAX];
    money total;
    money credits;
    money amount_due;
    struct prepaid *taken; // what of each credit
    size_t taken_count;
};
// Every rate once on the base, no tax on tax; none at all with an exempt_reason. Then what is owed
// is taken of prepaid credit.
result totals_compute(const struct lines *lines, const struct subscription_terms *terms,
                      enum rounding rounding, struct totals *totals);

// The caller owns the document.
json_t *statement_print(const struct lines *lines, const struct subscription_terms *terms,
                        const struct period *period, const struct plan *plan,
                        const struct totals *totals);
// What a simulation answers: the same without what a ledger and a calendar give a statement.
json_t *simulated_print(const struct lines *lines, const struct subscription_terms *terms,
                        const struct plan *plan, const struct totals *totals);
