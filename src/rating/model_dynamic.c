// SPDX-License-Identifier: Apache-2.0
// The sum of the amounts that the events themselves carry; one that carries none adds nothing.
#include "models.h"

static void read(struct json_at charge, struct charge *terms)
{
    static const str amount[] = {{"amount", sizeof "amount" - 1}};
    (void)charge;
    terms->properties = amount;
    terms->property_count = 1;
}

static void rate(struct arena *arena, const struct charge *terms, const struct metered *metered,
                 struct rated *rated)
{
    (void)terms;
    for (size_t i = 0; i < metered->item_count; i++) {
        decimal amount = {0};
        str carried = metered->items[i].values[0];
        if (carried.len > 0 && !failed(decimal_parse(carried, &amount)))
            rated->amount = exact_add(arena, rated->amount, exact_from_decimal(arena, amount));
    }
}

const struct charge_model charge_model_dynamic = {
    .name = "dynamic",
    .read = read,
    .rate = rate,
    .members = "",
    .items = ITEMS_EVENTS,
    .without_free_units = true,
    .carries_amount = true,
};
