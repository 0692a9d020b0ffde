// SPDX-License-Identifier: Apache-2.0
// Started packages, each at one price.
#include "models.h"

static void read(struct json_at charge, struct charge *terms)
{
    (void)charge_decimal(charge, "amount", true, &terms->amount);
    if (charge_decimal(charge, "package_size", true, &terms->package_size) &&
        terms->package_size.units <= 0)
        (void)json_wrong(json_member(charge, "package_size"), "invalid",
                         "A package holds more than nothing.");
}

static void rate(struct arena *arena, const struct charge *terms, const struct metered *metered,
                 struct rated *rated)
{
    exact size = exact_from_decimal(arena, terms->package_size);
    exact packages = exact_ceil(arena, exact_div(arena, metered->quantity, size));
    rated->amount = exact_mul(arena, packages, exact_from_decimal(arena, terms->amount));
}

const struct charge_model charge_model_package = {
    .name = "package", .read = read, .rate = rate, .members = "amount package_size"};
