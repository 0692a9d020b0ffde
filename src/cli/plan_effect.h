// SPDX-License-Identifier: Apache-2.0
// plan_effect.h - the difference in money that a change of a plan would make, before it is made.
#pragma once

#include "client.h"

#include <stdio.h>

struct plan_effect {
    struct client *client;
    struct arena *arena;
    str plan;               // its key
    const json_t *document; // as it shall be; NULL: as its version is
    int64_t version;
    const json_t *metrics; // by key, that shall be there; NULL without
    FILE *out;
};
// A line for each running subscription: what its current period comes to so far, under the plan it
// has and under the plan as it shall be.
result plan_effect_print(const struct plan_effect *effect);
// The same of one subscription, whatever its plan.
result plan_effect_on(const struct plan_effect *effect, const json_t *subscription);
