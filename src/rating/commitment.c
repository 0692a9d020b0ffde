// SPDX-License-Identifier: Apache-2.0
#include "period.h"

result period_commitment(struct arena *arena, const struct subscription_terms *terms,
                         int64_t number, exact *amount)
{
    struct period period = {0};
    int64_t full_days = 0;
    exact sum = exact_zero();
    TRY(period_locate(terms, number, &period, &full_days));
    struct part *parts = arena_array(arena, struct part, SEGMENTS_MAX);
    size_t count = full_days == 0 ? 0 : period_parts(terms, &period, parts);
    for (size_t i = 0; i < count; i++) {
        const struct plan *plan = parts[i].segment->plan;
        if (!plan->has_commitment || parts[i].trial)
            continue;
        exact days = exact_from_i64(arena, days_between(terms->zone, parts[i].start, parts[i].end));
        exact share = exact_div(arena, days, exact_from_i64(arena, full_days));
        sum = exact_add(arena, sum,
                        exact_mul(arena, share, exact_from_decimal(arena, plan->commitment)));
    }
    *amount = sum;
    return OK;
}
