// SPDX-License-Identifier: Apache-2.0
// Every unit at one price; the only model that a negative quantity reaches.
#include "models.h"

static void read(struct json_at charge, struct charge *terms)
{
    (void)charge_decimal(charge, "unit_amount", true, &terms->unit_amount);
}

static void rate(struct arena *arena, const struct charge *terms, const struct metered *metered,
                 struct rated *rated)
{
    rated->amount =
        exact_mul(arena, metered->quantity, exact_from_decimal(arena, terms->unit_amount));
}

const struct charge_model charge_model_per_unit = {
    .name = "per_unit",
    .read = read,
    .rate = rate,
    .members = "unit_amount",
    .takes_negative = true,
};
