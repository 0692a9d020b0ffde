// SPDX-License-Identifier: Apache-2.0
#include "phial/rating/simulate.h"

#include "items.h"
#include "price.h"

static result add_usage(const struct simulation *simulation, const struct pricing *pricing)
{
    for (size_t i = 0; i < simulation->plan->charge_count; i++) {
        const struct simulated_usage *usage = &simulation->usage[i];
        for (size_t j = 0; j < usage->count; j++)
            TRY(price_group(pricing, &simulation->plan->charges[i], &usage->groups[j]));
    }
    return OK;
}

static result add_fees(const struct simulation *simulation, const struct pricing *pricing)
{
    struct arena *arena = pricing->lines->arena;
    for (size_t i = 0; i < simulation->plan->fixed_count; i++) {
        const struct fixed_fee *fee = &simulation->plan->fixed[i];
        exact amount = exact_from_decimal(arena, fee->amount);
        if (fee->prorate && !fee->once)
            amount = exact_mul(arena, amount, simulation->share);
        TRY(price_fee(pricing,
                      (struct line){.key = fee->key, .name = fee->name, .exact_amount = amount}));
    }
    return OK;
}

// A simulation's lines, and what they are taxed and added up by.
struct simulated {
    struct lines lines;
    struct subscription_terms terms;
    struct totals totals;
};

static result price(struct arena *arena, const struct simulation *simulation,
                    struct simulated *simulated)
{
    const struct plan *plan = simulation->plan;
    struct pricing pricing = {
        .plan = plan,
        .currency = plan->currency,
        .share = simulation->share,
        .ahead = {0, plan->currency},
        .lines = &simulated->lines,
        .rated = arena_array(arena, struct rated, PRICING_SCRATCH),
    };
    simulated->lines = (struct lines){.arena = arena};
    simulated->terms = (struct subscription_terms){
        .currency = plan->currency,
        .taxes = simulation->tax.rates,
        .tax_count = simulation->tax.count,
        .exempt_reason = simulation->tax.exempt_reason,
        .discounts = simulation->discounts,
        .discount_count = simulation->discount_count,
    };
    TRY(add_usage(simulation, &pricing));
    TRY(add_fees(simulation, &pricing));
    pricing.last = simulated->lines.count;
    TRY(discounts_spread(&simulated->lines, &simulated->terms, plan->rounding));
    TRY(price_limits(&pricing));
    return totals_compute(&simulated->lines, &simulated->terms, plan->rounding, &simulated->totals);
}

result statement_simulate(struct arena *arena, const struct simulation *simulation,
                          json_t **statement)
{
    struct simulated simulated = {0};
    TRY(price(arena, simulation, &simulated));
    *statement =
        simulated_print(&simulated.lines, &simulated.terms, simulation->plan, &simulated.totals);
    return OK;
}

result simulation_total(struct arena *arena, const struct simulation *simulation, money *total)
{
    struct simulated simulated = {0};
    TRY(price(arena, simulation, &simulated));
    *total = simulated.totals.total;
    return OK;
}

static const struct metric *find_metric(const struct simulated_time *time, str key)
{
    for (size_t i = 0; i < time->metric_count; i++) {
        if (str_eq(time->metrics[i]->key, key))
            return time->metrics[i];
    }
    return NULL;
}

result simulation_measure(struct arena *arena, const struct simulated_time *time,
                          const struct usage *usage, struct simulation *simulation)
{
    const struct plan *plan = simulation->plan;
    struct simulated_usage *measured =
        arena_array(arena, struct simulated_usage, plan->charge_count);
    for (size_t i = 0; i < plan->charge_count; i++) {
        struct usage_group *groups = NULL;
        struct charge_usage what = {.charge = &plan->charges[i],
                                    .metric = find_metric(time, plan->charges[i].metric),
                                    .zone = time->zone,
                                    .from = time->from,
                                    .to = time->to};
        if (what.metric == NULL)
            return FAIL(INVALID, "a charge names a metric that is not there");
        TRY(charge_measure(arena, &what, usage, &groups, &measured[i].count));
        measured[i].groups = groups;
    }
    simulation->usage = measured;
    return OK;
}
