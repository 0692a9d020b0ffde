// SPDX-License-Identifier: Apache-2.0
// Of each part of a sum the percentage of its own tier; flat amounts as in graduated.
#include "models.h"

static void read(struct json_at charge, struct charge *terms)
{
    charge_tiers(charge, "rate", terms);
}

static void rate(struct arena *arena, const struct charge *terms, const struct metered *metered,
                 struct rated *rated)
{
    rate_through_tiers(arena, terms, metered->quantity, exact_from_percent, rated);
}

const struct charge_model charge_model_graduated_percentage = {
    .name = "graduated_percentage",
    .read = read,
    .rate = rate,
    .members = "tiers",
    .tier_price = "rate",
};
