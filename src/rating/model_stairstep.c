// SPDX-License-Identifier: Apache-2.0
// The flat amount of the tier that the quantity falls in.
#include "models.h"

static void read(struct json_at charge, struct charge *terms)
{
    charge_tiers(charge, NULL, terms);
}

const struct charge_model charge_model_stairstep = {
    .name = "stairstep", .read = read, .rate = rate_in_tier, .members = "tiers"};
