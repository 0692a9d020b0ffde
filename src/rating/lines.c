// SPDX-License-Identifier: Apache-2.0
#include "lines.h"

#include <assert.h>

result lines_add(struct lines *lines, struct line line, enum currency currency,
                 enum rounding rounding)
{
    TRY(money_round(line.exact_amount, currency, rounding, &line.amount));
    line.discount = (money){0, currency};
    lines->items =
        arena_grow(lines->arena, lines->items, lines->count, &lines->room, sizeof *lines->items);
    lines->items[lines->count++] = line;
    return OK;
}

// Nothing of a statement that owes nothing.
static result take_prepaid(struct arena *arena, const struct subscription_terms *terms,
                           struct totals *totals)
{
    totals->taken = arena_array(arena, struct prepaid, terms->prepaid_count);
    totals->amount_due = totals->total;
    for (size_t i = 0; i < terms->prepaid_count && totals->amount_due.minor > 0; i++) {
        struct prepaid take = terms->prepaid[i];
        if (take.left.minor > totals->amount_due.minor)
            take.left = totals->amount_due;
        if (take.left.minor <= 0)
            continue;
        TRY(money_sub(totals->amount_due, take.left, &totals->amount_due));
        TRY(money_add(totals->credits, take.left, &totals->credits));
        totals->taken[totals->taken_count++] = take;
    }
    return OK;
}

result totals_compute(const struct lines *lines, const struct subscription_terms *terms,
                      enum rounding rounding, struct totals *totals)
{
    struct arena *arena = lines->arena;
    money none = {0, terms->currency};
    struct totals sums = {.subtotal = none, .discounts = none, .credits = none};
    for (size_t i = 0; i < lines->count; i++) {
        TRY(money_add(sums.subtotal, lines->items[i].amount, &sums.subtotal));
        TRY(money_add(sums.discounts, lines->items[i].discount, &sums.discounts));
    }
    TRY(money_sub(sums.subtotal, sums.discounts, &sums.base));

    sums.total = sums.base;
    exact base = money_to_exact(arena, sums.base);
    exact hundred = exact_from_i64(arena, 100);
    for (size_t i = 0; i < terms->tax_count && terms->exempt_reason.len == 0; i++) {
        exact share = exact_div(arena, exact_from_decimal(arena, terms->taxes[i].percent), hundred);
        TRY(money_round(exact_mul(arena, base, share), terms->currency, rounding, &sums.taxes[i]));
        TRY(money_add(sums.total, sums.taxes[i], &sums.total));
    }
    TRY(take_prepaid(arena, terms, &sums));
    *totals = sums;
    return OK;
}

// Running out of memory is the only way for these to fail: every text was read from JSON before.
static void put(json_t *object, const char *name, json_t *value)
{
    int failure = json_object_set_new(object, name, value);
    assert(failure == 0);
    (void)failure;
}

static void put_text(json_t *object, const char *name, str text)
{
    put(object, name, json_from_str(text));
}

static void append(json_t *array, json_t *value)
{
    int failure = json_array_append_new(array, value);
    assert(failure == 0);
    (void)failure;
}

static str kind_name(enum line_kind kind)
{
    switch (kind) {
    case LINE_USAGE:
        return STR("usage");
    case LINE_FIXED:
        return STR("fixed");
    case LINE_MINIMUM:
        return STR("minimum");
    case LINE_MAXIMUM:
        return STR("maximum");
    case LINE_COMMITMENT:
        return STR("commitment");
    case LINE_ADJUSTMENT:
        return STR("adjustment");
    }
    return STR("");
}

static json_t *print_days(struct arena *arena, instant start, instant end)
{
    json_t *days = json_object();
    put_text(days, "start", instant_print_canonical(arena, start));
    put_text(days, "end", instant_print_canonical(arena, end));
    return days;
}

static json_t *print_tiers(struct arena *arena, const struct line *line)
{
    json_t *tiers = json_array();
    const char *price = line->charge == NULL ? NULL : line->charge->model->tier_price;
    for (size_t i = 0; i < line->tier_count; i++) {
        const struct rated_tier *rated = &line->tiers[i];
        json_t *tier = json_object();
        if (!rated->open)
            put_text(tier, "up_to", decimal_print(arena, rated->up_to));
        put_text(tier, "quantity", exact_print(arena, rated->quantity));
        put_text(tier, price == NULL ? "unit_amount" : price,
                 decimal_print(arena, rated->unit_amount));
        put_text(tier, "flat_amount", decimal_print(arena, rated->flat_amount));
        put_text(tier, "amount", exact_print(arena, rated->amount));
        append(tiers, tier);
    }
    return tiers;
}

static json_t *print_match(struct arena *arena, const struct charge *charge,
                           const struct price *price)
{
    json_t *match = json_object();
    for (size_t i = 0; i < charge->property_count; i++) {
        if (price->match[i].len > 0)
            put_text(match, str_to_c(arena, charge->properties[i]), price->match[i]);
    }
    return match;
}

// The cells that hold something, each with its price; what none of the prices is for has no match.
static json_t *print_cells(struct arena *arena, const struct line *line)
{
    const struct charge *charge = line->charge;
    assert(charge != NULL);
    json_t *cells = json_array();
    for (size_t i = 0; i < line->cell_count; i++) {
        const struct rated_cell *rated = &line->cells[i];
        bool priced = i < charge->price_count;
        if (exact_sign(rated->quantity) == 0 && exact_sign(rated->amount) == 0)
            continue;
        json_t *cell = json_object();
        if (priced)
            put(cell, "match", print_match(arena, charge, &charge->prices[i]));
        put_text(cell, "quantity", exact_print(arena, rated->quantity));
        put_text(cell, "unit_amount",
                 decimal_print(arena, priced ? charge->prices[i].unit_amount : charge->fallback));
        put_text(cell, "amount", exact_print(arena, rated->amount));
        append(cells, cell);
    }
    return cells;
}

static json_t *print_events(const struct line *line)
{
    json_t *events = json_object();
    put(events, "count", json_integer(line->events));
    put(events, "from_index", json_integer(line->from_index));
    put(events, "to_index", json_integer(line->to_index));
    return events;
}

static json_t *print_group(struct arena *arena, const struct line *line)
{
    json_t *group = json_object();
    for (size_t i = 0; i < line->charge->group_by_count; i++)
        put_text(group, str_to_c(arena, line->charge->group_by[i]), line->group[i]);
    return group;
}

static json_t *print_line(struct arena *arena, const struct line *line)
{
    json_t *printed = json_object();
    put_text(printed, "key", line->key);
    put_text(printed, "name", line->name);
    put_text(printed, "kind", kind_name(line->kind));
    if (line->charge != NULL) {
        put_text(printed, "metric", line->charge->metric);
        put_text(printed, "model", str_from(line->charge->model->name));
    }
    if (line->charge != NULL && line->group != NULL)
        put(printed, "group", print_group(arena, line));
    put_text(printed, "quantity", exact_print(arena, line->measured));
    put_text(printed, "amount", money_print(arena, line->amount));
    put_text(printed, "exact_amount", exact_print(arena, line->exact_amount));
    put_text(printed, "discount", money_print(arena, line->discount));
    if (line->tier_count > 0)
        put(printed, "tiers", print_tiers(arena, line));
    if (line->charge != NULL && line->cell_count > 0)
        put(printed, "cells", print_cells(arena, line));
    return printed;
}

static json_t *print_dated_line(struct arena *arena, const struct line *line)
{
    json_t *printed = print_line(arena, line);
    json_t *days = print_days(arena, line->start, line->end);
    if (line->kind == LINE_ADJUSTMENT) {
        put(days, "number", json_integer(line->adjustment->period.number));
        put_text(printed, "invoice", line->adjustment->invoice);
    }
    put(printed, "period", days);
    if (line->kind == LINE_USAGE)
        put(printed, "events", print_events(line));
    return printed;
}

static json_t *print_taxes(struct arena *arena, const struct subscription_terms *terms,
                           const struct totals *totals)
{
    json_t *taxes = json_array();
    for (size_t i = 0; i < terms->tax_count && terms->exempt_reason.len == 0; i++) {
        const struct tax_rate *rate = &terms->taxes[i];
        json_t *tax = json_object();
        put_text(tax, "name", rate->name);
        put_text(tax, "percent", decimal_print(arena, rate->percent));
        if (rate->category.len > 0)
            put_text(tax, "category", rate->category);
        put_text(tax, "base", money_print(arena, totals->base));
        put_text(tax, "amount", money_print(arena, totals->taxes[i]));
        append(taxes, tax);
    }
    return taxes;
}

static json_t *print_plan(const struct plan *plan)
{
    json_t *printed = json_object();
    put_text(printed, "key", plan->key);
    put(printed, "version", json_integer(plan->version));
    put_text(printed, "sha256", plan->sha256);
    return printed;
}

static void print_totals(struct arena *arena, const struct subscription_terms *terms,
                         const struct plan *plan, const struct totals *totals, json_t *statement)
{
    put_text(statement, "subtotal", money_print(arena, totals->subtotal));
    put_text(statement, "discounts", money_print(arena, totals->discounts));
    put(statement, "tax", print_taxes(arena, terms, totals));
    put_text(statement, "total", money_print(arena, totals->total));
    put_text(statement, "credits", money_print(arena, totals->credits));
    put_text(statement, "amount_due", money_print(arena, totals->amount_due));
    put_text(statement, "rounding",
             plan->rounding == ROUND_HALF_EVEN ? STR("half_even") : STR("half_up"));
    if (terms->exempt_reason.len > 0)
        put_text(statement, "exempt_reason", terms->exempt_reason);
}

// Of no more digits than its currency has: who makes a discount of an amount refuses others.
static str print_worth(struct arena *arena, const struct discount *discount, enum currency currency)
{
    money amount = {0, currency};
    result rounded =
        money_round(exact_from_decimal(arena, discount->amount), currency, ROUND_HALF_UP, &amount);
    assert(!failed(rounded));
    (void)rounded;
    return money_print(arena, amount);
}

// In full, so that whoever reads the statement can rate it again.
static json_t *print_discounts(struct arena *arena, const struct lines *lines)
{
    json_t *discounts = json_array();
    for (size_t i = 0; i < lines->applied_count; i++) {
        const struct discount *discount = lines->applied[i].discount;
        money worth = lines->applied[i].worth;
        json_t *printed = json_object();
        put_text(printed, "id", discount->id);
        if (discount->is_percent)
            put_text(printed, "percent", decimal_print(arena, discount->percent));
        else
            put_text(printed, "amount", print_worth(arena, discount, worth.currency));
        if (discount->charge_count > 0) {
            json_t *charges = json_array();
            for (size_t k = 0; k < discount->charge_count; k++)
                append(charges, json_from_str(discount->charges[k]));
            put(printed, "charges", charges);
        }
        if (discount->periods > 0)
            put(printed, "periods", json_integer(discount->periods));
        put_text(printed, "discount", money_print(arena, worth));
        append(discounts, printed);
    }
    return discounts;
}

static json_t *print_taken(struct arena *arena, const struct totals *totals)
{
    json_t *credits = json_array();
    for (size_t i = 0; i < totals->taken_count; i++) {
        json_t *printed = json_object();
        put_text(printed, "id", totals->taken[i].id);
        put_text(printed, "amount", money_print(arena, totals->taken[i].left));
        append(credits, printed);
    }
    return credits;
}

json_t *statement_print(const struct lines *lines, const struct subscription_terms *terms,
                        const struct period *period, const struct plan *plan,
                        const struct totals *totals)
{
    struct arena *arena = lines->arena;
    json_t *statement = json_object();
    put_text(statement, "customer", terms->customer);
    put_text(statement, "subscription", terms->id);
    put_text(statement, "currency", str_from(currency_code(terms->currency)));

    json_t *days = print_days(arena, period->start, period->end);
    put_text(days, "time_zone", terms->zone_name);
    put(days, "number", json_integer(period->number));
    put(statement, "period", days);
    put(statement, "plan", print_plan(plan));

    json_t *printed = json_array();
    for (size_t i = 0; i < lines->count; i++)
        append(printed, print_dated_line(arena, &lines->items[i]));
    put(statement, "lines", printed);

    print_totals(arena, terms, plan, totals, statement);
    if (lines->applied_count > 0)
        put(statement, "discount_details", print_discounts(arena, lines));
    if (totals->taken_count > 0)
        put(statement, "credits_applied", print_taken(arena, totals));
    return statement;
}

json_t *simulated_print(const struct lines *lines, const struct subscription_terms *terms,
                        const struct plan *plan, const struct totals *totals)
{
    struct arena *arena = lines->arena;
    json_t *statement = json_object();
    put_text(statement, "currency", str_from(currency_code(terms->currency)));
    json_t *printed = json_array();
    for (size_t i = 0; i < lines->count; i++) {
        json_t *line = print_line(arena, &lines->items[i]);
        if (json_object_get(line, "tiers") == NULL)
            put(line, "tiers", json_array());
        append(printed, line);
    }
    put(statement, "lines", printed);
    print_totals(arena, terms, plan, totals, statement);
    return statement;
}
