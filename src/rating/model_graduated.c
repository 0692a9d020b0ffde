// SPDX-License-Identifier: Apache-2.0
// Each unit at its own tier's price; a tier's flat amount is due as soon as a part of a unit falls
// in it. Nothing is due at zero.
#include "models.h"

static void read(struct json_at charge, struct charge *terms)
{
    charge_tiers(charge, true, terms);
}

static void rate(struct arena *arena, const struct charge *terms, exact quantity,
                 struct rated *rated)
{
    exact below = exact_zero(); // what the earlier tiers hold
    exact total = exact_zero();
    for (size_t i = 0; i < terms->tier_count && exact_compare(below, quantity) < 0; i++) {
        const struct tier *tier = &terms->tiers[i];
        exact upper = quantity;
        if (!tier->open) {
            exact bound = exact_from_decimal(arena, tier->up_to);
            upper = exact_compare(quantity, bound) < 0 ? quantity : bound;
        }
        exact held = exact_sub(arena, upper, below);
        exact units = exact_mul(arena, held, exact_from_decimal(arena, tier->unit_amount));
        exact amount = exact_add(arena, units, exact_from_decimal(arena, tier->flat_amount));
        rated->tiers[rated->tier_count++] = (struct rated_tier){.open = tier->open,
                                                                .up_to = tier->up_to,
                                                                .quantity = held,
                                                                .unit_amount = tier->unit_amount,
                                                                .flat_amount = tier->flat_amount,
                                                                .amount = amount};
        total = exact_add(arena, total, amount);
        below = upper;
    }
    rated->amount = total;
}

const struct charge_model charge_model_graduated = {
    .name = "graduated", .read = read, .rate = rate, .members = "tiers"};
