// SPDX-License-Identifier: Apache-2.0
// Any text as a plan: it is refused with a fault, or what it says can be rated.
#include "phial/rating/plan.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void rate(struct arena *arena, const struct charge *charge)
{
    struct rated *rated = arena_new(arena, struct rated);
    struct metered metered = {.quantity = exact_from_i64(arena, 1247)};
    charge->model->rate(arena, charge, &metered, rated);
    assert(rated->tier_count <= TIERS_MAX);
    (void)exact_print(arena, rated->amount);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct faults *faults = arena_new(&arena, struct faults);
    OWNED(json_release) json_t *root = NULL;
    faults->arena = &arena;
    if (!failed(json_parse((str){(const char *)data, size}, &root))) {
        const struct plan *plan = plan_parse((struct json_at){root, STR(""), faults}, true);
        assert((plan == NULL) == (faults->count > 0));
        for (size_t i = 0; plan != NULL && i < plan->charge_count; i++)
            rate(&arena, &plan->charges[i]);
    }
    arena_reset(&arena);
    return 0;
}
