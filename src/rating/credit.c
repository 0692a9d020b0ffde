// SPDX-License-Identifier: Apache-2.0
#include "phial/rating/credit.h"

static str text_at(const json_t *object, const char *name)
{
    return json_str(json_object_get(object, name));
}

static result money_at(const json_t *object, const char *name, enum currency currency,
                       money *amount)
{
    return money_parse(text_at(object, name), currency, amount);
}

static result set(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) == 0
               ? OK
               : FAIL(INTERNAL, "a credit note's member cannot be set");
}

static result read_taxes(const json_t *statement, struct creditable *left)
{
    const json_t *list = json_object_get(statement, "tax");
    left->tax_count = json_array_size(list);
    if (left->tax_count > TAX_RATES_MAX)
        return FAIL(INVALID, "a statement has too many taxes");
    for (size_t i = 0; i < left->tax_count; i++) {
        const json_t *tax = json_array_get(list, i);
        left->rates[i].name = text_at(tax, "name");
        left->rates[i].category = text_at(tax, "category");
        TRY(decimal_parse(text_at(tax, "percent"), &left->rates[i].percent));
        TRY(money_at(tax, "amount", left->currency, &left->taxes[i]));
    }
    return OK;
}

result creditable_open(struct arena *arena, const json_t *statement, struct creditable *left)
{
    struct creditable read = {.statement = statement};
    TRY(currency_parse(text_at(statement, "currency"), &read.currency));
    read.rounding =
        str_eq(text_at(statement, "rounding"), STR("half_even")) ? ROUND_HALF_EVEN : ROUND_HALF_UP;
    TRY(keys_of_statement(arena, statement, LINES_ALL, read.currency, &read.keys));
    TRY(keys_sum(&read.keys, read.currency, &read.base));
    TRY(read_taxes(statement, &read));
    *left = read;
    return OK;
}

result creditable_take(struct arena *arena, const json_t *note, struct creditable *left)
{
    const json_t *lines = json_object_get(note, "lines");
    const json_t *taxes = json_object_get(note, "tax");
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        struct key_amount less = {.key = text_at(line, "key"), .name = text_at(line, "name")};
        TRY(money_at(line, "amount", left->currency, &less.amount));
        TRY(money_sub(left->base, less.amount, &left->base));
        TRY(money_sub((money){0, left->currency}, less.amount, &less.amount));
        TRY(keys_add(arena, &left->keys, less));
    }
    for (size_t i = 0; i < json_array_size(taxes) && i < left->tax_count; i++) {
        money tax = {0};
        TRY(money_at(json_array_get(taxes, i), "amount", left->currency, &tax));
        TRY(money_sub(left->taxes[i], tax, &left->taxes[i]));
    }
    return OK;
}

money creditable_key(const struct creditable *left, str key)
{
    for (size_t i = 0; i < left->keys.count; i++) {
        if (str_eq(left->keys.items[i].key, key) && left->keys.items[i].amount.minor > 0)
            return left->keys.items[i].amount;
    }
    return (money){0, left->currency};
}

// Of lines that come to more than the whole.
static result share_out(struct arena *arena, money whole, struct key_amounts *lines)
{
    exact *weights = arena_array(arena, exact, lines->count);
    money *shares = arena_array(arena, money, lines->count);
    size_t kept = 0;
    for (size_t i = 0; i < lines->count; i++)
        weights[i] = money_to_exact(arena, lines->items[i].amount);
    TRY(money_allocate(arena, whole, weights, lines->count, shares));
    for (size_t i = 0; i < lines->count; i++) {
        lines->items[kept] = lines->items[i];
        lines->items[kept].amount = shares[i];
        kept += shares[i].minor > 0;
    }
    lines->count = kept;
    return OK;
}

result creditable_cap(struct arena *arena, const struct creditable *left,
                      const struct key_amounts *wanted, money most, struct key_amounts *lines)
{
    struct key_amounts kept = {0};
    money sum = {0, left->currency};
    for (size_t i = 0; i < wanted->count; i++) {
        struct key_amount line = wanted->items[i];
        money of_key = creditable_key(left, line.key);
        if (line.amount.minor > of_key.minor)
            line.amount = of_key;
        if (line.amount.minor > 0)
            TRY(keys_add(arena, &kept, line));
    }
    TRY(keys_sum(&kept, left->currency, &sum));
    // Lines below zero leave less of the whole than of its keys.
    money whole = left->base.minor < most.minor ? left->base : most;
    if (whole.minor <= 0)
        kept.count = 0;
    else if (sum.minor > whole.minor)
        TRY(share_out(arena, whole, &kept));
    *lines = kept;
    return OK;
}

result owed_back_read(struct arena *arena, const struct key_amounts *difference, money sum,
                      struct owed_back *owed)
{
    struct owed_back read = {0};
    money zero = {0, sum.currency};
    TRY(money_sub(zero, sum, &read.most));
    for (size_t i = 0; i < difference->count; i++) {
        struct key_amount amount = difference->items[i];
        if (amount.amount.minor >= 0)
            continue;
        TRY(money_sub(zero, amount.amount, &amount.amount));
        TRY(keys_add(arena, &read.keys, amount));
    }
    *owed = read;
    return OK;
}

result creditable_owed(struct arena *arena, const struct creditable *left,
                       const struct owed_back *owed, struct key_amounts *lines)
{
    const struct key_amounts *wanted = owed->any_key ? &left->keys : &owed->keys;
    return creditable_cap(arena, left, wanted, owed->most, lines);
}

static result print_lines(struct arena *arena, const struct key_amounts *lines, json_t *note)
{
    json_t *printed = json_array();
    TRY(set(note, "lines", printed));
    for (size_t i = 0; i < lines->count; i++) {
        const struct key_amount *line = &lines->items[i];
        json_t *item = json_pack("{s:o, s:o, s:o}", "key", json_from_str(line->key), "name",
                                 json_from_str(line->name), "amount",
                                 json_from_str(money_print(arena, line->amount)));
        if (json_array_append_new(printed, item) != 0)
            return FAIL(INTERNAL, "a credit note's line cannot be written");
    }
    return OK;
}

static result print_tax(struct arena *arena, const struct tax_rate *rate, money base, money amount,
                        json_t *taxes)
{
    json_t *category = rate->category.len == 0 ? NULL : json_from_str(rate->category);
    json_t *tax = json_pack("{s:o, s:o, s:o*, s:o, s:o}", "name", json_from_str(rate->name),
                            "percent", json_from_str(decimal_print(arena, rate->percent)),
                            "category", category, "base", json_from_str(money_print(arena, base)),
                            "amount", json_from_str(money_print(arena, amount)));
    return json_array_append_new(taxes, tax) == 0
               ? OK
               : FAIL(INTERNAL, "a credit note's tax cannot be written");
}

static result print_taxes(struct arena *arena, const struct creditable *left, money base,
                          json_t *note, money *total)
{
    json_t *taxes = json_array();
    TRY(set(note, "tax", taxes));
    *total = base;
    for (size_t i = 0; i < left->tax_count; i++) {
        exact share = exact_from_percent(arena, left->rates[i].percent);
        money tax = {0};
        TRY(money_round(exact_mul(arena, money_to_exact(arena, base), share), left->currency,
                        left->rounding, &tax));
        if (tax.minor > left->taxes[i].minor)
            tax = left->taxes[i];
        TRY(print_tax(arena, &left->rates[i], base, tax, taxes));
        TRY(money_add(*total, tax, total));
    }
    return OK;
}

result credit_print(struct arena *arena, const struct creditable *left,
                    const struct key_amounts *lines, json_t **note)
{
    OWNED(json_release) json_t *made = json_object();
    money base = {0};
    money total = {0};
    json_t *exempt = json_object_get(left->statement, "exempt_reason");
    TRY(keys_sum(lines, left->currency, &base));
    TRY(set(made, "currency", json_string(currency_code(left->currency))));
    TRY(print_lines(arena, lines, made));
    TRY(set(made, "subtotal", json_from_str(money_print(arena, base))));
    TRY(print_taxes(arena, left, base, made, &total));
    TRY(set(made, "total", json_from_str(money_print(arena, total))));
    TRY(set(made, "rounding",
            json_string(left->rounding == ROUND_HALF_EVEN ? "half_even" : "half_up")));
    if (exempt != NULL)
        TRY(set(made, "exempt_reason", json_incref(exempt)));
    *note = json_incref(made);
    return OK;
}

result credit_of_statement(struct arena *arena, const json_t *statement, json_t **note)
{
    OWNED(json_release) json_t *made = NULL;
    struct creditable left = {0};
    struct key_amounts lines = {0};
    money none = {0};
    money base = {0};
    money total = {0};
    TRY(creditable_open(arena, statement, &left));
    none.currency = left.currency;
    for (size_t i = 0; i < left.keys.count; i++) {
        struct key_amount line = left.keys.items[i];
        TRY(money_sub(none, line.amount, &line.amount));
        if (line.amount.minor != 0)
            TRY(keys_add(arena, &lines, line));
    }
    TRY(keys_sum(&lines, left.currency, &base));
    total = base;
    struct creditable untaxed = left;
    untaxed.tax_count = 0;
    TRY(credit_print(arena, &untaxed, &lines, &made));
    for (size_t i = 0; i < left.tax_count; i++) {
        money tax = {0};
        TRY(money_sub(none, left.taxes[i], &tax));
        TRY(money_add(total, tax, &total));
        TRY(print_tax(arena, &left.rates[i], base, tax, json_object_get(made, "tax")));
    }
    TRY(set(made, "total", json_from_str(money_print(arena, total))));
    *note = json_incref(made);
    return OK;
}
