// SPDX-License-Identifier: Apache-2.0
// models.h - the rows of charge_models.def, and what their files share.
#pragma once

#include "phial/rating/plan.h"

#define CHARGE_MODEL(name) extern const struct charge_model charge_model_##name;
#include "phial/rating/charge_models.def"
#undef CHARGE_MODEL

// A decimal member of a charge; `required` ones are faults when absent.
bool charge_decimal(struct json_at charge, const char *name, bool required, decimal *into);
// The member `tiers`: rising, the last one open. A tier's price has this name; NULL: it has none.
void charge_tiers(struct json_at charge, const char *price, struct charge *terms);
// The member `property` or `properties`: what makes a cell. Without either, what the prices match.
void charge_properties(struct json_at charge, struct charge *terms);
// The member `subject`, which an exclusive outcome must have: the first of the properties.
void charge_subject(struct json_at charge, struct charge *terms);
// The member `prices`. A property that they match and that is not among the charge's is added,
// unless these were named.
void charge_prices(struct json_at charge, struct charge *terms);

// The tier that the whole quantity falls in; zero falls in the first.
const struct tier *tier_of(struct arena *arena, const struct charge *terms, exact quantity);
// One tier that holds the whole quantity: what volume and stairstep come to.
void rate_in_tier(struct arena *arena, const struct charge *terms, const struct metered *metered,
                  struct rated *rated);
// Every tier that holds something, at the price that `price` makes of its own.
void rate_through_tiers(struct arena *arena, const struct charge *terms, exact quantity,
                        exact (*price)(struct arena *, decimal), struct rated *rated);

// The first price that the item matches; price_count when none does.
size_t price_of(const struct charge *terms, const struct usage_item *item);
// A cell for each price and one for the rest, all empty.
void cells_open(const struct charge *terms, struct rated *rated);
// Adds what so much of a cell costs to the cell and to the whole.
void cell_pays(struct arena *arena, const struct charge *terms, size_t index, exact paid,
               struct rated *rated);
