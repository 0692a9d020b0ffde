// SPDX-License-Identifier: Apache-2.0
// A share of a monetary sum, event by event: the first free_units of the sum are free, and an event
// of which a part lies beyond pays its rate on that part and the fixed amount, held between minimum
// and maximum. An event below zero counts as zero.
#include "models.h"

static void read(struct json_at charge, struct charge *terms)
{
    (void)charge_decimal(charge, "rate", true, &terms->rate);
    (void)charge_decimal(charge, "fixed_amount", false, &terms->fixed_amount);
}

// Where the event takes the sum from `before` to `after`, which lies beyond what is free.
static exact rate_event(struct arena *arena, const struct charge *terms, exact before, exact after)
{
    exact free_units = exact_from_decimal(arena, terms->free_units);
    exact from = exact_compare(before, free_units) < 0 ? free_units : before;
    exact share =
        exact_mul(arena, exact_sub(arena, after, from), exact_from_percent(arena, terms->rate));
    exact amount = exact_add(arena, share, exact_from_decimal(arena, terms->fixed_amount));
    if (terms->has_minimum) {
        exact least = exact_from_decimal(arena, terms->minimum);
        if (exact_compare(amount, least) < 0)
            amount = least;
    }
    if (terms->has_maximum) {
        exact most = exact_from_decimal(arena, terms->maximum);
        if (exact_compare(amount, most) > 0)
            amount = most;
    }
    return amount;
}

static void rate(struct arena *arena, const struct charge *terms, const struct metered *metered,
                 struct rated *rated)
{
    exact free_units = exact_from_decimal(arena, terms->free_units);
    exact sum = exact_zero();
    for (size_t i = 0; i < metered->item_count; i++) {
        if (exact_sign(metered->items[i].quantity) <= 0)
            continue;
        exact before = sum;
        sum = exact_add(arena, sum, metered->items[i].quantity);
        if (exact_compare(sum, free_units) > 0)
            rated->amount = exact_add(arena, rated->amount, rate_event(arena, terms, before, sum));
    }
}

const struct charge_model charge_model_percentage = {
    .name = "percentage",
    .read = read,
    .rate = rate,
    .members = "rate fixed_amount",
    .items = ITEMS_EVENTS,
    .takes_free_units = true,
    .limits_events = true,
};
