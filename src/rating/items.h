// SPDX-License-Identifier: Apache-2.0
// items.h - what a charge's usage is made of, for the models that price it item by item.
#pragma once

#include "phial/rating/aggregation.h"
#include "phial/rating/plan.h"

// The group's samples as items: group->events of them, in their order.
void items_of_events(struct arena *arena, const struct measurement *what,
                     const struct sample *samples, struct usage_group *group);

// The usage of a charge over [from, to): a group a line, with the items that its model prices.
struct charge_usage {
    const struct charge *charge;
    const struct metric *metric;
    const struct zone *zone;
    instant from;
    instant to;
};
result charge_measure(struct arena *arena, const struct charge_usage *what,
                      const struct usage *usage, struct usage_group **groups, size_t *count);
