// SPDX-License-Identifier: Apache-2.0
#include "bill_lines.h"

enum { PRICE_DIGITS_MAX = 6 };

// What all lines together may hold.
struct reading {
    struct arena *arena;
    const struct bill *bill;
    size_t tiers_left;
};

const char *bill_section_title(enum bill_section section)
{
    static const char *const titles[BILL_SECTIONS] = {
        [BILL_USAGE] = "Usage",
        [BILL_FIXED] = "Fees",
        [BILL_LIMITS] = "Minimum, maximum and commitment",
        [BILL_ADJUSTMENTS] = "Adjustments of earlier periods",
    };
    return titles[section];
}

static enum bill_section section_of(str kind)
{
    if (str_eq(kind, STR("usage")))
        return BILL_USAGE;
    if (str_eq(kind, STR("minimum")) || str_eq(kind, STR("maximum")) ||
        str_eq(kind, STR("commitment")))
        return BILL_LIMITS;
    return str_eq(kind, STR("adjustment")) ? BILL_ADJUSTMENTS : BILL_FIXED;
}

static bool is_figure(str text)
{
    return text.len <= (size_t)2 * DECIMAL_TEXT_MAX && str_all_in(text, "-.0123456789");
}

static result read_figure(struct reading *reading, const json_t *from, const char *name, str *text)
{
    TRY(bill_text(reading->arena, from, name, text));
    return is_figure(*text) ? OK : FAIL(INVALID, "a figure of the statement is none");
}

static result read_match(struct reading *reading, const json_t *from, str *match)
{
    struct buf text = {.arena = reading->arena};
    const json_t *members = json_object_get(from, "match");
    const char *name = NULL;
    json_t *value = NULL;
    if (json_object_size(members) > BILL_GROUPS_MAX)
        return FAIL(INVALID, "a cell of the statement has too many properties");
    json_object_foreach(json_iterable(members), name, value)
    {
        str clean = bill_clean(reading->arena, str_from(name));
        str said = {0};
        TRY(bill_text(reading->arena, members, name, &said));
        buf_addf(&text, "%s%" STR_FMT ": %" STR_FMT, text.len == 0 ? "" : ", ", STR_ARG(clean),
                 STR_ARG(said));
    }
    *match = buf_str(&text);
    return OK;
}

static result read_tier(struct reading *reading, const json_t *from, bool is_cell,
                        struct bill_tier *tier)
{
    *tier = (struct bill_tier){.is_cell = is_cell, .match = STR("")};
    tier->is_rate = json_object_get(from, "rate") != NULL;
    if (is_cell)
        TRY(read_match(reading, from, &tier->match));
    TRY(read_figure(reading, from, "up_to", &tier->up_to));
    TRY(read_figure(reading, from, "quantity", &tier->quantity));
    TRY(read_figure(reading, from, tier->is_rate ? "rate" : "unit_amount", &tier->unit_amount));
    TRY(read_figure(reading, from, "flat_amount", &tier->flat_amount));
    return read_figure(reading, from, "amount", &tier->amount);
}

static result read_tiers(struct reading *reading, const json_t *from, struct bill_line *line)
{
    const json_t *list = json_object_get(from, "tiers");
    const json_t *cells = json_object_get(from, "cells");
    size_t tier_count = json_array_size(list);
    size_t count = tier_count + json_array_size(cells);
    if (count > reading->tiers_left)
        return FAIL(INVALID, "the statement has too many tiers");
    reading->tiers_left -= count;
    struct bill_tier *tiers = arena_array(reading->arena, struct bill_tier, count + 1);
    for (size_t i = 0; i < tier_count; i++)
        TRY(read_tier(reading, json_array_get(list, i), false, &tiers[i]));
    for (size_t i = tier_count; i < count; i++)
        TRY(read_tier(reading, json_array_get(cells, i - tier_count), true, &tiers[i]));
    line->tiers = tiers;
    line->tier_count = count;
    return OK;
}

static result read_groups(struct reading *reading, const json_t *from, struct bill_line *line)
{
    const json_t *group = json_object_get(from, "group");
    size_t count = json_object_size(group);
    const char *name = NULL;
    json_t *value = NULL;
    if (count > BILL_GROUPS_MAX)
        return FAIL(INVALID, "a line of the statement has too many groups");
    struct bill_group *groups = arena_array(reading->arena, struct bill_group, count + 1);
    json_object_foreach(json_iterable(group), name, value)
    {
        struct bill_group *next = &groups[line->group_count++];
        next->name = bill_clean(reading->arena, str_from(name));
        TRY(bill_text(reading->arena, group, name, &next->value));
    }
    line->groups = groups;
    return OK;
}

// Whether the charge has one price for all units: what it takes off free units or limits stands in
// its amount, not in its price.
static bool has_one_price(const struct bill_line *line)
{
    if (line->tier_count == 1)
        return !line->tiers[0].is_rate && (line->tiers[0].flat_amount.len == 0 ||
                                           str_eq(line->tiers[0].flat_amount, STR("0")));
    return line->tier_count == 0 &&
           (line->section != BILL_USAGE || str_eq(line->model, STR("per_unit")));
}

// Where the quantity times it gives the amount, and it has few digits.
static result find_price(struct reading *reading, const json_t *from, struct bill_line *line)
{
    struct arena *arena = reading->arena;
    str text = {0};
    decimal amount = {0};
    TRY(read_figure(reading, from, "exact_amount", &text));
    line->unit_price = STR("");
    if (!has_one_price(line) || line->quantity.units == 0 || failed(decimal_parse(text, &amount)))
        return OK;
    exact price = exact_div(arena, exact_from_decimal(arena, amount),
                            exact_from_decimal(arena, line->quantity));
    if (exact_compare(price, exact_round(arena, price, PRICE_DIGITS_MAX, ROUND_HALF_UP)) == 0)
        line->unit_price = exact_print(arena, price);
    return OK;
}

static result read_line_period(const struct bill *bill, const json_t *from, struct bill_line *line)
{
    const json_t *period = json_object_get(from, "period");
    bool has_end = false;
    TRY(bill_instant(period, "start", &line->has_period, &line->start));
    TRY(bill_instant(period, "end", &has_end, &line->end));
    bool same =
        bill->has_period && line->start.us == bill->start.us && line->end.us == bill->end.us;
    line->has_period = line->has_period && has_end && !same;
    return OK;
}

static result read_line(struct reading *reading, const json_t *from, struct bill_line *line)
{
    struct arena *arena = reading->arena;
    const struct bill *bill = reading->bill;
    str quantity = {0};
    TRY(bill_text(arena, from, "key", &line->key));
    TRY(bill_text(arena, from, "name", &line->name));
    TRY(bill_text(arena, from, "kind", &line->kind));
    TRY(bill_text(arena, from, "model", &line->model));
    TRY(bill_text(arena, from, "quantity", &quantity));
    if (line->name.len == 0)
        line->name = line->key;
    line->section = section_of(line->kind);
    TRY(decimal_parse(quantity.len == 0 ? STR("1") : quantity, &line->quantity));
    TRY(bill_money(from, "amount", bill->currency, &line->amount));
    TRY(bill_money(from, "discount", bill->currency, &line->discount));
    TRY(read_tiers(reading, from, line));
    TRY(read_groups(reading, from, line));
    TRY(find_price(reading, from, line));
    return read_line_period(bill, from, line);
}

result bill_read_lines(struct arena *arena, const json_t *statement, struct bill *bill)
{
    const json_t *from = json_object_get(statement, "lines");
    size_t count = json_array_size(from);
    struct reading reading = {arena, bill, BILL_TIERS_MAX};
    if (count > BILL_LINES_MAX)
        return FAIL(INVALID, "the statement has too many lines");
    struct bill_line *read = arena_array(arena, struct bill_line, count + 1);
    struct bill_line *lines = arena_array(arena, struct bill_line, count + 1);
    for (size_t i = 0; i < count; i++) {
        read[i] = (struct bill_line){0};
        TRY(read_line(&reading, json_array_get(from, i), &read[i]));
    }
    size_t kept = 0;
    for (int section = 0; section < BILL_SECTIONS; section++)
        for (size_t i = 0; i < count; i++)
            if (read[i].section == (enum bill_section)section)
                lines[kept++] = read[i];
    bill->lines = lines;
    bill->line_count = count;
    return OK;
}
