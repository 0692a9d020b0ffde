// SPDX-License-Identifier: Apache-2.0
#include "exact.h"

#include <assert.h>
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

static result weigh(struct arena *arena, const exact *weights, size_t count, exact *sum)
{
    *sum = exact_zero();
    for (size_t i = 0; i < count; i++)
        *sum = exact_add(arena, *sum, weights[i]);
    if (exact_sign(*sum) <= 0)
        return FAIL(INVALID, "The weights do not add up to more than zero.");
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
    int128 *minors = arena_array(arena, int128, count);
    int128 units = 0; // fewer than there are shares
    exact left = amount;
    for (size_t i = 0; i < count; i++) {
        exact share = exact_mul(arena, each, weights[i]);
        exact whole = exact_floor(arena, share);
        left = exact_sub(arena, left, whole);
        remainders[i] = (struct remainder){exact_sub(arena, share, whole), i};
        if (!exact_scale(whole, 0, ROUND_FLOOR, &minors[i]))
            return FAIL(AMOUNT_OVERFLOW, "A share does not fit.");
    }
    qsort(remainders, count, sizeof(struct remainder), by_loss);
    bool few = exact_scale(left, 0, ROUND_FLOOR, &units) && units >= 0 && units < (int128)count;
    assert(few);
    for (size_t i = 0; few && i < (size_t)units; i++)
        minors[remainders[i].index]++;
    for (size_t i = 0; i < count; i++) {
        minors[i] = negative ? -minors[i] : minors[i];
        if (minors[i] > INT64_MAX || minors[i] < INT64_MIN)
            return FAIL(AMOUNT_OVERFLOW, "A share does not fit.");
    }
    for (size_t i = 0; i < count; i++)
        shares[i] = (money){(int64_t)minors[i], total.currency};
    return OK;
}
