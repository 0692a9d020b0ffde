// SPDX-License-Identifier: Apache-2.0
#include "phial/catalog/canonical.h"

#include "phial/util/array.h"

enum form {
    FORM_DECIMAL,
    FORM_MONEY, // of a plan, in its currency
    FORM_VALUE, // of a property: a whole number is its text
};

// Every member that is a number in its meaning. A star stands for each item, or each member. Their
// readers are rating/plan.c, rating/charge.c and the models, rating/metric.c, rating/filter.c,
// phi/event_type.c and phi/declare.c.
static const struct {
    enum document_kind kind;
    enum form form;
    const char *path;
} rules[] = {
    {DOCUMENT_CUSTOMER, FORM_DECIMAL, "tax.rates.*.percent"},
    {DOCUMENT_EVENT_TYPE, FORM_DECIMAL, "properties.*.max"},
    {DOCUMENT_EVENT_TYPE, FORM_DECIMAL, "properties.*.min"},
    {DOCUMENT_EVENT_TYPE, FORM_DECIMAL, "quantity.max"},
    {DOCUMENT_EVENT_TYPE, FORM_DECIMAL, "quantity.min"},
    {DOCUMENT_METRIC, FORM_DECIMAL, "filters.*.gt"},
    {DOCUMENT_METRIC, FORM_DECIMAL, "filters.*.gte"},
    {DOCUMENT_METRIC, FORM_DECIMAL, "filters.*.lt"},
    {DOCUMENT_METRIC, FORM_DECIMAL, "filters.*.lte"},
    {DOCUMENT_METRIC, FORM_DECIMAL, "percent"},
    {DOCUMENT_METRIC, FORM_DECIMAL, "weights.default"},
    {DOCUMENT_METRIC, FORM_DECIMAL, "weights.values.*"},
    {DOCUMENT_METRIC, FORM_VALUE, "filters.*.eq"},
    {DOCUMENT_METRIC, FORM_VALUE, "filters.*.in.*"},
    {DOCUMENT_METRIC, FORM_VALUE, "filters.*.not_in.*"},
    {DOCUMENT_PLAN, FORM_DECIMAL, "charges.*.default"},
    {DOCUMENT_PLAN, FORM_DECIMAL, "charges.*.filters.*.gt"},
    {DOCUMENT_PLAN, FORM_DECIMAL, "charges.*.filters.*.gte"},
    {DOCUMENT_PLAN, FORM_DECIMAL, "charges.*.filters.*.lt"},
    {DOCUMENT_PLAN, FORM_DECIMAL, "charges.*.filters.*.lte"},
    {DOCUMENT_PLAN, FORM_DECIMAL, "charges.*.free_units"},
    {DOCUMENT_PLAN, FORM_DECIMAL, "charges.*.package_size"},
    {DOCUMENT_PLAN, FORM_DECIMAL, "charges.*.prices.*.unit_amount"},
    {DOCUMENT_PLAN, FORM_DECIMAL, "charges.*.rate"},
    {DOCUMENT_PLAN, FORM_DECIMAL, "charges.*.tiers.*.flat_amount"},
    {DOCUMENT_PLAN, FORM_DECIMAL, "charges.*.tiers.*.rate"},
    {DOCUMENT_PLAN, FORM_DECIMAL, "charges.*.tiers.*.unit_amount"},
    {DOCUMENT_PLAN, FORM_DECIMAL, "charges.*.tiers.*.up_to"},
    {DOCUMENT_PLAN, FORM_DECIMAL, "charges.*.unit_amount"},
    {DOCUMENT_PLAN, FORM_DECIMAL, "commitment.overage_factor"},
    {DOCUMENT_PLAN, FORM_DECIMAL, "entitlements.*.limit"},
    {DOCUMENT_PLAN, FORM_MONEY, "charges.*.amount"},
    {DOCUMENT_PLAN, FORM_MONEY, "charges.*.fixed_amount"},
    {DOCUMENT_PLAN, FORM_MONEY, "charges.*.maximum"},
    {DOCUMENT_PLAN, FORM_MONEY, "charges.*.minimum"},
    {DOCUMENT_PLAN, FORM_MONEY, "commitment.amount"},
    {DOCUMENT_PLAN, FORM_MONEY, "fixed.*.amount"},
    {DOCUMENT_PLAN, FORM_MONEY, "maximum"},
    {DOCUMENT_PLAN, FORM_MONEY, "minimum"},
    {DOCUMENT_PLAN, FORM_VALUE, "charges.*.filters.*.eq"},
    {DOCUMENT_PLAN, FORM_VALUE, "charges.*.filters.*.in.*"},
    {DOCUMENT_PLAN, FORM_VALUE, "charges.*.filters.*.not_in.*"},
    {DOCUMENT_PLAN, FORM_VALUE, "charges.*.prices.*.match.*"},
};

// Where a value stands.
struct place {
    json_t *parent;
    const char *name; // in an object
    size_t index;     // in an array
    json_t *value;
};

struct places {
    struct place *items;
    size_t count;
};

static void add_all(json_t *parent, struct places *places)
{
    const char *name = NULL;
    json_t *value = NULL;
    size_t index = 0;
    json_object_foreach(parent, name, value)
    {
        places->items[places->count++] = (struct place){parent, name, 0, value};
    }
    json_array_foreach(parent, index, value)
    {
        places->items[places->count++] = (struct place){parent, NULL, index, value};
    }
}

// One step down from every place: to the member of a name, or with a star to all there is.
static struct places step(struct arena *arena, struct places from, const char *name)
{
    bool all = name[0] == '*';
    size_t room = 0;
    for (size_t i = 0; i < from.count; i++)
        room +=
            all ? json_object_size(from.items[i].value) + json_array_size(from.items[i].value) : 1;
    struct places to = {.items = arena_array(arena, struct place, room)};
    for (size_t i = 0; i < from.count; i++) {
        json_t *parent = from.items[i].value;
        json_t *value = all ? NULL : json_object_get(parent, name);
        if (all)
            add_all(parent, &to);
        else if (value != NULL)
            to.items[to.count++] = (struct place){parent, name, 0, value};
    }
    return to;
}

static struct places find(struct arena *arena, json_t *root, const char *path)
{
    struct place *top = arena_new(arena, struct place);
    struct places places = {.items = top, .count = 1};
    str rest = str_from(path);
    top->value = root;
    while (rest.len > 0) {
        str name = rest;
        str after = STR("");
        if (!str_cut(rest, '.', &name, &after))
            name = rest;
        places = step(arena, places, str_to_c(arena, name));
        rest = after;
    }
    return places;
}

// The currency of a plan; false for any other document.
static bool read_currency(const json_t *document, enum currency *currency)
{
    return !failed(currency_parse(json_str(json_object_get(document, "currency")), currency));
}

static str print_number(struct arena *arena, enum form form, const json_t *document, decimal number)
{
    enum currency currency = CURRENCY_USD;
    money amount = {0};
    str text = decimal_print(arena, number);
    // An amount with a fraction of the smallest coin stays as it is.
    if (form == FORM_MONEY && read_currency(document, &currency) &&
        !failed(money_parse(text, currency, &amount)))
        return money_print(arena, amount);
    return text;
}

// What belongs in the value's place; NULL where it stays.
static json_t *rewritten(struct arena *arena, enum form form, const json_t *document,
                         const json_t *value)
{
    decimal number = {0};
    if (json_is_integer(value))
        number = decimal_from_i64(json_integer_value(value));
    else if (!json_is_string(value) || form == FORM_VALUE ||
             failed(decimal_parse(json_str(value), &number)))
        return NULL;
    return json_from_str(print_number(arena, form, document, number));
}

static result rewrite(struct arena *arena, enum form form, const json_t *document,
                      const struct place *place)
{
    json_t *value = rewritten(arena, form, document, place->value);
    if (value == NULL)
        return OK;
    int wrong = place->name != NULL ? json_object_set_new(place->parent, place->name, value)
                                    : json_array_set_new(place->parent, place->index, value);
    return wrong == 0 ? OK : FAIL(INTERNAL, "out of memory");
}

result document_canonical(struct arena *arena, enum document_kind kind, const json_t *document,
                          json_t **canonical)
{
    OWNED(json_release) json_t *copy = json_deep_copy(document);
    if (copy == NULL)
        return FAIL(INTERNAL, "out of memory");
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        if (rules[i].kind != kind)
            continue;
        struct places places = find(arena, copy, rules[i].path);
        for (size_t k = 0; k < places.count; k++)
            TRY(rewrite(arena, rules[i].form, document, &places.items[k]));
    }
    *canonical = json_incref(copy);
    return OK;
}

result document_sha256(struct arena *arena, enum document_kind kind, const json_t *document,
                       sha256 *hash)
{
    OWNED(json_release) json_t *canonical = NULL;
    str text = {0};
    TRY(document_canonical(arena, kind, document, &canonical));
    TRY(json_canonical(arena, canonical, &text));
    *hash = sha256_of(text);
    return OK;
}
