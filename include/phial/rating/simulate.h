// SPDX-License-Identifier: Apache-2.0
// simulate.h - what a plan comes to on given usage: the pricing, discounts, limits and taxes of a
// statement, without a ledger, a calendar or a customer.
#pragma once

#include "phial/rating/statement.h"

// A charge's usage: a group a line.
struct simulated_usage {
    const struct usage_group *groups;
    size_t count;
};

struct simulation {
    const struct plan *plan;
    const struct simulated_usage *usage; // beside the plan's charges
    const struct discount *discounts;
    size_t discount_count;
    struct taxation tax;
    exact share;       // of a full period: scales prorated fees and limits
    bool among_others; // usage of a charge that the plan has not is another plan's, and no fault
};

// The members that say what is simulated, besides the plan and where the usage comes from:
// usage_share, discounts, tax. Adds a fault for everything wrong; false then.
bool simulation_terms_parse(struct json_at request, struct simulation *simulation);
// The members quantities and events as usage of the simulation's plan.
bool simulation_usage_parse(struct json_at request, struct simulation *simulation);

// The usage of the plan's charges over [from, to). INVALID when a charge's metric is not among the
// metrics.
struct simulated_time {
    const struct metric *const *metrics;
    size_t metric_count;
    const struct zone *zone;
    instant from;
    instant to;
};
result simulation_measure(struct arena *arena, const struct simulated_time *time,
                          const struct usage *usage, struct simulation *simulation);

// currency, lines, subtotal, discounts, tax, total, credits, amount_due, rounding. The caller owns
// *statement.
result statement_simulate(struct arena *arena, const struct simulation *simulation,
                          json_t **statement);
// Its total alone.
result simulation_total(struct arena *arena, const struct simulation *simulation, money *total);
// Two statements of plans of one currency, line by line and in total: a, b, lines, difference (b
// less a). The caller owns *comparison. CURRENCY_MISMATCH.
result statements_compare(struct arena *arena, const json_t *a, const json_t *b,
                          json_t **comparison);
