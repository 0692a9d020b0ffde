// SPDX-License-Identifier: Apache-2.0
#include "price.h"

#include <string.h>

// What is left of a quantity for the model to price.
static exact priced(struct arena *arena, const struct charge *charge, exact quantity)
{
    if (exact_sign(quantity) <= 0)
        return charge->model->takes_negative ? quantity : exact_zero();
    if (charge->model->takes_free_units || charge->free_units.units == 0)
        return quantity;
    quantity = exact_sub(arena, quantity, exact_from_decimal(arena, charge->free_units));
    return exact_sign(quantity) < 0 ? exact_zero() : quantity;
}

// What usage costs by the charge's model, free units taken off.
static void rate(struct arena *arena, const struct charge *charge, struct metered metered,
                 struct rated *rated)
{
    metered.quantity = priced(arena, charge, metered.quantity);
    rated->amount = exact_zero();
    rated->tier_count = 0;
    rated->cell_count = 0;
    charge->model->rate(arena, charge, &metered, rated);
}

static bool is_same_tier(const struct rated_tier *a, const struct rated_tier *b)
{
    return a->open == b->open && decimal_compare(a->up_to, b->up_to) == 0;
}

static void subtract_tier(struct arena *arena, struct rated *rated, const struct rated_tier *less)
{
    size_t i = 0;
    while (i < rated->tier_count && !is_same_tier(&rated->tiers[i], less))
        i++;
    if (i == rated->tier_count) {
        rated->tiers[i] = *less;
        rated->tiers[i].quantity = exact_zero();
        rated->tiers[i].amount = exact_zero();
        rated->tier_count++;
    }
    struct rated_tier *tier = &rated->tiers[i];
    tier->quantity = exact_sub(arena, tier->quantity, less->quantity);
    tier->amount = exact_sub(arena, tier->amount, less->amount);
}

static void subtract_cells(struct arena *arena, struct rated *rated, const struct rated *less)
{
    for (size_t i = 0; i < rated->cell_count; i++) {
        struct rated_cell *cell = &rated->cells[i];
        cell->quantity = exact_sub(arena, cell->quantity, less->cells[i].quantity);
        cell->amount = exact_sub(arena, cell->amount, less->cells[i].amount);
    }
}

static struct metered together(struct arena *arena, const struct metered *a,
                               const struct metered *b)
{
    size_t count = a->item_count + b->item_count;
    struct usage_item *items = arena_array(arena, struct usage_item, count);
    for (size_t i = 0; i < count; i++)
        items[i] = i < a->item_count ? a->items[i] : b->items[i - a->item_count];
    return (struct metered){exact_add(arena, a->quantity, b->quantity), items, count};
}

// A(earlier + now) - A(earlier), tier by tier and cell by cell: they go on where an earlier segment
// left them.
static void rate_on(const struct pricing *pricing, const struct charge *charge,
                    const struct metered *earlier, const struct metered *now)
{
    struct arena *arena = pricing->lines->arena;
    struct rated *rated = &pricing->rated[0];
    struct rated *before = &pricing->rated[1];
    rate(arena, charge, together(arena, earlier, now), rated);
    rate(arena, charge, *earlier, before);
    rated->amount = exact_sub(arena, rated->amount, before->amount);
    for (size_t i = 0; i < before->tier_count; i++)
        subtract_tier(arena, rated, &before->tiers[i]);
    subtract_cells(arena, rated, before);
    size_t kept = 0;
    for (size_t i = 0; i < rated->tier_count; i++) {
        if (exact_sign(rated->tiers[i].quantity) != 0 || exact_sign(rated->tiers[i].amount) != 0)
            rated->tiers[kept++] = rated->tiers[i];
    }
    rated->tier_count = kept;
}

static bool is_same_group(const struct line *line, const struct charge *charge, const str *group)
{
    const struct charge *before = line->charge;
    size_t same = 0;
    for (size_t i = 0; i < charge->group_by_count; i++) {
        for (size_t k = 0; k < before->group_by_count; k++)
            same += str_eq(charge->group_by[i], before->group_by[k]) &&
                    str_eq(group[i], line->group[k]);
    }
    return before->group_by_count == charge->group_by_count && same == charge->group_by_count;
}

// An item of an earlier line, its values where this charge looks for them.
static struct usage_item translated(struct arena *arena, const struct line *line,
                                    const struct usage_item *item, const struct charge *charge)
{
    str *values = arena_array(arena, str, charge->property_count);
    for (size_t i = 0; i < charge->property_count; i++) {
        for (size_t j = 0; j < line->charge->property_count; j++) {
            if (str_eq(charge->properties[i], line->charge->properties[j]))
                values[i] = item->values[j];
        }
    }
    return (struct usage_item){values, item->quantity};
}

// What earlier parts of the period measured and billed for a charge of this key. False where there
// was none.
static bool measured_before(const struct pricing *pricing, const struct charge *charge,
                            const str *group, struct metered *earlier)
{
    struct arena *arena = pricing->lines->arena;
    bool found = false;
    *earlier = (struct metered){.quantity = exact_zero()};
    for (size_t i = 0; i < pricing->first; i++) {
        const struct line *line = &pricing->lines->items[i];
        if (line->kind != LINE_USAGE || line->unbilled || !str_eq(line->key, charge->key) ||
            !is_same_group(line, charge, group))
            continue;
        struct usage_item *items = arena_array(arena, struct usage_item, line->item_count);
        for (size_t j = 0; j < line->item_count; j++)
            items[j] = translated(arena, line, &line->items[j], charge);
        struct metered measured = {line->measured, items, line->item_count};
        *earlier = together(arena, earlier, &measured);
        found = true;
    }
    return found;
}

// The charge's own limits: the minimum first.
static exact limit(const struct pricing *pricing, const struct charge *charge, exact amount)
{
    struct arena *arena = pricing->lines->arena;
    exact share = charge->prorate ? pricing->share : exact_from_i64(arena, 1);
    if (charge->has_minimum) {
        exact least = exact_mul(arena, share, exact_from_decimal(arena, charge->minimum));
        if (exact_compare(amount, least) < 0)
            amount = least;
    }
    if (charge->has_maximum) {
        exact most = exact_mul(arena, share, exact_from_decimal(arena, charge->maximum));
        if (exact_compare(amount, most) > 0)
            amount = most;
    }
    return amount;
}

static exact rate_group(const struct pricing *pricing, const struct charge *charge,
                        const struct usage_group *group)
{
    struct rated *rated = &pricing->rated[0];
    struct metered now = {group->quantity, group->items, group->item_count};
    struct metered earlier = {0};
    rated->tier_count = 0;
    rated->cell_count = 0;
    if (pricing->trial)
        return exact_zero();
    // One outcome a subject and period, however many segments the period has.
    bool goes_on = pricing->plan->tier_scope_period || charge->exclusive;
    if (goes_on && measured_before(pricing, charge, group->values, &earlier))
        rate_on(pricing, charge, &earlier, &now);
    else
        rate(pricing->lines->arena, charge, now, rated);
    return charge->model->limits_events ? rated->amount : limit(pricing, charge, rated->amount);
}

// What the models' scratch holds, in the line for good.
static void keep_rated(struct arena *arena, const struct rated *rated, struct line *line)
{
    if (rated->tier_count > 0) {
        struct rated_tier *tiers = arena_array(arena, struct rated_tier, rated->tier_count);
        memcpy(tiers, rated->tiers, rated->tier_count * sizeof *tiers);
        line->tiers = tiers;
        line->tier_count = rated->tier_count;
    }
    if (rated->cell_count > 0) {
        struct rated_cell *cells = arena_array(arena, struct rated_cell, rated->cell_count);
        memcpy(cells, rated->cells, rated->cell_count * sizeof *cells);
        line->cells = cells;
        line->cell_count = rated->cell_count;
    }
}

// As much more as there will be of it. What the model prices event by event grows in its amount,
// since the events to come are not known.
static struct usage_group grown(const struct pricing *pricing, const struct charge *charge,
                                const struct usage_group *group)
{
    struct arena *arena = pricing->lines->arena;
    struct usage_group more = *group;
    if (!pricing->grows)
        return more;
    more.quantity = exact_mul(arena, group->quantity, pricing->growth);
    if (charge->model->items == ITEMS_EVENTS)
        return more;
    struct usage_item *items = arena_array(arena, struct usage_item, group->item_count);
    for (size_t i = 0; i < group->item_count; i++)
        items[i] = (struct usage_item){group->items[i].values,
                                       exact_mul(arena, group->items[i].quantity, pricing->growth)};
    more.items = items;
    return more;
}

static exact amount_of(const struct pricing *pricing, const struct charge *charge,
                       const struct usage_group *group)
{
    if (!pricing->grows || charge->model->items != ITEMS_EVENTS)
        return rate_group(pricing, charge, group);
    return exact_mul(pricing->lines->arena, rate_group(pricing, charge, group), pricing->growth);
}

result price_group(const struct pricing *pricing, const struct charge *charge,
                   const struct usage_group *measured)
{
    const struct usage_group more = grown(pricing, charge, measured);
    const struct usage_group *group = &more;
    struct line line = {
        .key = charge->key,
        .name = charge->name,
        .kind = LINE_USAGE,
        .charge = charge,
        .group = charge->group_by_count > 0 ? group->values : NULL,
        .measured = group->quantity,
        .items = group->items,
        .item_count = group->item_count,
        .unbilled = pricing->trial,
        .exact_amount = amount_of(pricing, charge, group),
        .start = pricing->start,
        .end = pricing->end,
        .events = group->events,
        .from_index = group->from_index,
        .to_index = group->to_index,
    };
    keep_rated(pricing->lines->arena, &pricing->rated[0], &line);
    return lines_add(pricing->lines, line, pricing->currency, pricing->plan->rounding);
}

result price_fee(const struct pricing *pricing, struct line fee)
{
    fee.kind = LINE_FIXED;
    fee.measured = exact_from_i64(pricing->lines->arena, 1);
    return lines_add(pricing->lines, fee, pricing->currency, pricing->plan->rounding);
}

static str limit_key(enum line_kind kind)
{
    return kind == LINE_MINIMUM   ? STR("minimum")
           : kind == LINE_MAXIMUM ? STR("maximum")
                                  : STR("commitment");
}

static str limit_name(enum line_kind kind)
{
    return kind == LINE_MINIMUM   ? STR("Minimum")
           : kind == LINE_MAXIMUM ? STR("Maximum")
                                  : STR("Commitment");
}

// A difference that rounds to nothing makes no line.
static result add_limit(const struct pricing *pricing, enum line_kind kind, exact amount)
{
    money rounded = {0};
    TRY(money_round(amount, pricing->currency, pricing->plan->rounding, &rounded));
    if (rounded.minor == 0)
        return OK;
    struct line line = {
        .key = limit_key(kind),
        .name = limit_name(kind),
        .kind = kind,
        .measured = exact_from_i64(pricing->lines->arena, 1),
        .exact_amount = amount,
        .start = pricing->start,
        .end = pricing->end,
    };
    return lines_add(pricing->lines, line, pricing->currency, pricing->plan->rounding);
}

static result sum_lines(const struct pricing *pricing, bool usage_alone, exact *sum)
{
    money total = {usage_alone ? 0 : pricing->ahead.minor, pricing->currency};
    for (size_t i = pricing->first; i < pricing->last; i++) {
        const struct line *line = &pricing->lines->items[i];
        money left = {0};
        if (line->kind != LINE_USAGE && usage_alone)
            continue;
        TRY(money_sub(line->amount, line->discount, &left));
        TRY(money_add(total, left, &total));
    }
    *sum = money_to_exact(pricing->lines->arena, total);
    return OK;
}

// Below the commitment the difference, above it the surcharge on what lies beyond.
static exact true_up(const struct pricing *pricing, exact usage)
{
    struct arena *arena = pricing->lines->arena;
    const struct plan *plan = pricing->plan;
    exact committed = exact_mul(arena, pricing->share, exact_from_decimal(arena, plan->commitment));
    if (exact_compare(usage, committed) <= 0)
        return exact_sub(arena, committed, usage);
    exact factor =
        exact_sub(arena, exact_from_decimal(arena, plan->overage_factor), exact_from_i64(arena, 1));
    return exact_mul(arena, exact_sub(arena, usage, committed), factor);
}

result price_limits(const struct pricing *pricing)
{
    struct arena *arena = pricing->lines->arena;
    const struct plan *plan = pricing->plan;
    if (pricing->trial)
        return OK;
    exact usage = exact_zero();
    exact billed = exact_zero();
    TRY(sum_lines(pricing, true, &usage));
    TRY(sum_lines(pricing, false, &billed));
    if (plan->has_minimum) {
        exact least = exact_mul(arena, pricing->share, exact_from_decimal(arena, plan->minimum));
        if (exact_compare(billed, least) < 0)
            TRY(add_limit(pricing, LINE_MINIMUM, exact_sub(arena, least, billed)));
    }
    if (plan->has_maximum) {
        exact most = exact_mul(arena, pricing->share, exact_from_decimal(arena, plan->maximum));
        if (exact_compare(billed, most) > 0)
            TRY(add_limit(pricing, LINE_MAXIMUM, exact_sub(arena, most, billed)));
    }
    return plan->has_commitment ? add_limit(pricing, LINE_COMMITMENT, true_up(pricing, usage)) : OK;
}
