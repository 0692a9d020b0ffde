// SPDX-License-Identifier: Apache-2.0
// All units at the price of the tier that the quantity falls in, plus that tier's flat amount.
#include "models.h"

static void read(struct json_at charge, struct charge *terms)
{
    charge_tiers(charge, "unit_amount", terms);
}

const struct charge_model charge_model_volume = {
    .name = "volume", .read = read, .rate = rate_in_tier, .members = "tiers"};
