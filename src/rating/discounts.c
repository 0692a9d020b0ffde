// SPDX-License-Identifier: Apache-2.0
#include "lines.h"

// The lines that a discount is for, and what the earlier ones left of them.
struct discounted {
    struct line **lines;
    exact *left;
    size_t count;
    money whole; // of what is left
};

static bool is_for(const struct discount *discount, const struct line *line)
{
    if (line->kind != LINE_USAGE && line->kind != LINE_FIXED)
        return false;
    for (size_t i = 0; i < discount->charge_count; i++) {
        if (str_eq(discount->charges[i], line->key))
            return true;
    }
    return discount->charge_count == 0;
}

static result collect(const struct lines *lines, const struct discount *discount,
                      enum currency currency, struct discounted *discounted)
{
    struct discounted found = {
        .lines = arena_array(lines->arena, struct line *, lines->count),
        .left = arena_array(lines->arena, exact, lines->count),
        .whole = {0, currency},
    };
    for (size_t i = 0; i < lines->count; i++) {
        struct line *line = &lines->items[i];
        money left = {0};
        if (!is_for(discount, line))
            continue;
        TRY(money_sub(line->amount, line->discount, &left));
        TRY(money_add(found.whole, left, &found.whole));
        found.left[found.count] = money_to_exact(lines->arena, left);
        found.lines[found.count++] = line;
    }
    *discounted = found;
    return OK;
}

// Rounded once, and never more than what is left.
static result worth(struct arena *arena, const struct discount *discount, money whole,
                    enum rounding rounding, money *worth)
{
    exact amount = exact_from_decimal(arena, discount->amount);
    if (discount->is_percent)
        amount = exact_mul(arena, money_to_exact(arena, whole),
                           exact_from_percent(arena, discount->percent));
    TRY(money_round(amount, whole.currency, rounding, worth));
    if (worth->minor > whole.minor)
        *worth = whole;
    return OK;
}

static bool has_key(const struct plan *plan, str key)
{
    for (size_t i = 0; i < plan->charge_count; i++) {
        if (str_eq(plan->charges[i].key, key))
            return true;
    }
    for (size_t i = 0; i < plan->fixed_count; i++) {
        if (str_eq(plan->fixed[i].key, key))
            return true;
    }
    return false;
}

// A discount of some charges is for the statement where one of them has a line, or may yet have
// one: in groups a charge without usage has none.
static bool is_for_statement(const struct lines *lines, const struct discount *discount,
                             size_t line_count)
{
    if (discount->charge_count == 0 || line_count > 0)
        return true;
    for (size_t i = 0; i < lines->plan_count; i++) {
        for (size_t k = 0; k < discount->charge_count; k++) {
            if (has_key(lines->plans[i], discount->charges[k]))
                return true;
        }
    }
    return false;
}

static void note_applied(struct lines *lines, const struct discount *discount, size_t line_count,
                         money worth)
{
    if (discount->id.len > 0 && is_for_statement(lines, discount, line_count))
        lines->applied[lines->applied_count++] = (struct applied_discount){discount, worth};
}

static result spread(struct lines *lines, const struct discount *discount, enum currency currency,
                     enum rounding rounding)
{
    struct discounted discounted = {0};
    money whole = {0, currency};
    TRY(collect(lines, discount, currency, &discounted));
    if (discounted.whole.minor > 0) {
        TRY(worth(lines->arena, discount, discounted.whole, rounding, &whole));
        money *shares = arena_array(lines->arena, money, discounted.count);
        TRY(money_allocate(lines->arena, whole, discounted.left, discounted.count, shares));
        for (size_t i = 0; i < discounted.count; i++)
            TRY(money_add(discounted.lines[i]->discount, shares[i],
                          &discounted.lines[i]->discount));
    }
    note_applied(lines, discount, discounted.count, whole);
    return OK;
}

result discounts_spread(struct lines *lines, const struct subscription_terms *terms,
                        enum rounding rounding)
{
    lines->applied = arena_array(lines->arena, struct applied_discount, terms->discount_count);
    lines->applied_count = 0;
    for (size_t i = 0; i < terms->discount_count; i++)
        TRY(spread(lines, &terms->discounts[i], terms->currency, rounding));
    return OK;
}
