// SPDX-License-Identifier: Apache-2.0
// Two statements side by side.
#include "phial/rating/simulate.h"

#include <assert.h>

enum { SIDES = 2 };

// What two statements say of the same thing.
struct pair {
    enum currency currency;
    money sides[SIDES];
    bool present[SIDES];
};

static result add_amount(struct pair *pair, size_t side, const json_t *text)
{
    money amount = {0};
    TRY(money_parse(json_str(text), pair->currency, &amount));
    pair->sides[side].currency = pair->currency;
    pair->present[side] = true;
    return money_add(pair->sides[side], amount, &pair->sides[side]);
}

static void put(json_t *object, const char *name, json_t *value)
{
    int failure = json_object_set_new(object, name, value);
    assert(failure == 0);
    (void)failure;
}

static json_t *print_side(struct arena *arena, const struct pair *pair, size_t side)
{
    return pair->present[side] ? json_from_str(money_print(arena, pair->sides[side])) : json_null();
}

static result difference(struct arena *arena, const struct pair *pair, json_t **text)
{
    money a = {pair->sides[0].minor, pair->currency};
    money b = {pair->sides[1].minor, pair->currency};
    money less = {0};
    TRY(money_sub(b, a, &less));
    *text = json_from_str(money_print(arena, less));
    return OK;
}

static bool is_same_line(const json_t *a, const json_t *b)
{
    const json_t *group = json_object_get(a, "group");
    const json_t *other = json_object_get(b, "group");
    return json_equal(json_object_get(a, "key"), json_object_get(b, "key")) &&
           json_equal(json_object_get(a, "kind"), json_object_get(b, "kind")) &&
           (group == other || json_equal(group, other));
}

static bool stands_before(const json_t *lines, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (is_same_line(json_array_get(lines, i), json_array_get(lines, index)))
            return true;
    }
    return false;
}

static bool stands_in(const json_t *lines, const json_t *line)
{
    for (size_t i = 0; i < json_array_size(lines); i++) {
        if (is_same_line(json_array_get(lines, i), line))
            return true;
    }
    return false;
}

static result add_line(struct arena *arena, const json_t *const lines[SIDES], const json_t *line,
                       struct pair pair, json_t *printed)
{
    json_t *text = NULL;
    for (size_t side = 0; side < SIDES; side++) {
        for (size_t i = 0; i < json_array_size(lines[side]); i++) {
            const json_t *other = json_array_get(lines[side], i);
            if (is_same_line(other, line))
                TRY(add_amount(&pair, side, json_object_get(other, "amount")));
        }
    }
    TRY(difference(arena, &pair, &text));
    json_t *group = json_object_get(line, "group");
    json_t *made = json_object();
    put(made, "key", json_incref(json_object_get(line, "key")));
    put(made, "kind", json_incref(json_object_get(line, "kind")));
    if (group != NULL)
        put(made, "group", json_incref(group));
    put(made, "a", print_side(arena, &pair, 0));
    put(made, "b", print_side(arena, &pair, 1));
    put(made, "difference", text);
    int failure = json_array_append_new(printed, made);
    assert(failure == 0);
    (void)failure;
    return OK;
}

// Those of the first in their order, then those that only the second has.
static result add_lines(struct arena *arena, const json_t *const lines[SIDES],
                        enum currency currency, json_t *printed)
{
    for (size_t side = 0; side < SIDES; side++) {
        for (size_t i = 0; i < json_array_size(lines[side]); i++) {
            const json_t *line = json_array_get(lines[side], i);
            if (stands_before(lines[side], i) || (side == 1 && stands_in(lines[0], line)))
                continue;
            TRY(add_line(arena, lines, line, (struct pair){.currency = currency}, printed));
        }
    }
    return OK;
}

static result add_taxes(struct pair *pair, size_t side, const json_t *taxes)
{
    for (size_t i = 0; i < json_array_size(taxes); i++)
        TRY(add_amount(pair, side, json_object_get(json_array_get(taxes, i), "amount")));
    return OK;
}

static result add_totals(struct arena *arena, const json_t *const statements[SIDES],
                         enum currency currency, json_t *printed)
{
    static const char *const names[] = {"subtotal", "discounts", "tax", "total"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct pair pair = {.currency = currency};
        json_t *text = NULL;
        for (size_t side = 0; side < SIDES; side++) {
            const json_t *value = json_object_get(statements[side], names[i]);
            TRY(json_is_array(value) ? add_taxes(&pair, side, value)
                                     : add_amount(&pair, side, value));
        }
        TRY(difference(arena, &pair, &text));
        put(printed, names[i], text);
    }
    return OK;
}

result statements_compare(struct arena *arena, const json_t *a, const json_t *b,
                          json_t **comparison)
{
    const json_t *const statements[SIDES] = {a, b};
    const json_t *const lines[SIDES] = {json_object_get(a, "lines"), json_object_get(b, "lines")};
    enum currency currency = CURRENCY_USD;
    OWNED(json_release) json_t *printed = json_array();
    OWNED(json_release) json_t *totals = json_object();
    if (!json_equal(json_object_get(a, "currency"), json_object_get(b, "currency")))
        return FAIL(CURRENCY_MISMATCH, "Two plans are compared in one currency.");
    TRY(currency_parse(json_str(json_object_get(a, "currency")), &currency));
    TRY(add_lines(arena, lines, currency, printed));
    TRY(add_totals(arena, statements, currency, totals));
    json_t *made = json_object();
    put(made, "a", json_incref(json_iterable(a)));
    put(made, "b", json_incref(json_iterable(b)));
    put(made, "lines", json_incref(printed));
    put(made, "difference", json_incref(totals));
    *comparison = made;
    return OK;
}
