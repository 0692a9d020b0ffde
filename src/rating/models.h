// SPDX-License-Identifier: Apache-2.0
// models.h - the rows of charge_models.def, and what their files share.
#pragma once

#include "phial/rating/plan.h"

#define CHARGE_MODEL(name) extern const struct charge_model charge_model_##name;
#include "phial/rating/charge_models.def"
#undef CHARGE_MODEL

// A decimal member of a charge; `required` ones are faults when absent.
bool charge_decimal(struct json_at charge, const char *name, bool required, decimal *into);
// The member `tiers`: rising, the last one open. With `priced` a tier may have a unit_amount.
void charge_tiers(struct json_at charge, bool priced, struct charge *terms);
// The tier that the whole quantity falls in; zero falls in the first.
const struct tier *tier_of(struct arena *arena, const struct charge *terms, exact quantity);
// One tier that holds the whole quantity: what volume and stairstep come to.
void rate_in_tier(struct arena *arena, const struct charge *terms, exact quantity,
                  struct rated *rated);
