// SPDX-License-Identifier: Apache-2.0
#include "exact.h"

#include <stdlib.h>

// What rounding down took from a share, and whose it was.
struct remainder {
    exact lost;
    size_t index;
};

static int by_loss(const void *a, const void *b)
{
    const struct remainder *left = a;
    const struct remainder *right = b;
    int order = exact_compare(right->lost, left->lost);
    if (order != 0)
        return order;
    return (left->index > right->index) - (left->index < right->index);
}

// Of a whole number that fits.
static int64_t to_i64(exact whole)
{
    mpq_t view;
    exact_view(whole, view);
    return mpz_get_si(mpq_numref(view));
}

static result weigh(struct arena *arena, const exact *weights, size_t count, exact *sum)
{
    *sum = exact_zero();
    for (size_t i = 0; i < count; i++) {
        if (exact_sign(weights[i]) < 0)
            return FAIL(INVALID, "A weight is below zero.");
        *sum = exact_add(arena, *sum, weights[i]);
    }
    if (exact_sign(*sum) == 0)
        return FAIL(INVALID, "All weights are zero.");
    return OK;
}

result money_allocate(struct arena *arena, money total, const exact *weights, size_t count,
                      money *shares)
{
    exact sum = exact_zero();
    TRY(weigh(arena, weights, count, &sum));

    // A negative total is shared as its positive twin, and each share gets its sign back.
    bool negative = total.minor < 0;
    exact zero = exact_zero();
    exact amount = exact_from_i64(arena, total.minor);
    if (negative)
        amount = exact_sub(arena, zero, amount);
    exact each = exact_div(arena, amount, sum);

    struct remainder *remainders = arena_array(arena, struct remainder, count);
    exact left = amount;
    for (size_t i = 0; i < count; i++) {
        exact share = exact_mul(arena, each, weights[i]);
        exact whole = exact_floor(arena, share);
        left = exact_sub(arena, left, whole);
        remainders[i] = (struct remainder){exact_sub(arena, share, whole), i};
        shares[i].minor = to_i64(negative ? exact_sub(arena, zero, whole) : whole);
        shares[i].currency = total.currency;
    }
    qsort(remainders, count, sizeof(struct remainder), by_loss);
    int64_t units = to_i64(left); // fewer than there are shares
    for (int64_t i = 0; i < units; i++)
        shares[remainders[i].index].minor += negative ? -1 : 1;
    return OK;
}
