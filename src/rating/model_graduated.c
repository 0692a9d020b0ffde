// SPDX-License-Identifier: Apache-2.0
// Each unit at its own tier's price; a tier's flat amount is due as soon as a part of a unit falls
// in it. Nothing is due at zero.
#include "models.h"

static void read(struct json_at charge, struct charge *terms)
{
    charge_tiers(charge, "unit_amount", terms);
}

static void rate(struct arena *arena, const struct charge *terms, const struct metered *metered,
                 struct rated *rated)
{
    rate_through_tiers(arena, terms, metered->quantity, exact_from_decimal, rated);
}

const struct charge_model charge_model_graduated = {
    .name = "graduated", .read = read, .rate = rate, .members = "tiers"};
