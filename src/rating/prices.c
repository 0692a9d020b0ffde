// SPDX-License-Identifier: Apache-2.0
// Prices that match what usage says of itself: what matrix and outcome share.
#include "models.h"
#include "read.h"

// What the prices of a charge are read into.
struct reading {
    struct charge *terms;
    str *properties;
    bool named; // the charge says which: the prices name no others
};

static bool property_position(const struct charge *terms, str name, size_t *position)
{
    for (size_t i = 0; i < terms->property_count; i++) {
        if (str_eq(terms->properties[i], name)) {
            *position = i;
            return true;
        }
    }
    return false;
}

void charge_properties(struct json_at charge, struct charge *terms)
{
    struct json_at one = json_member(charge, "property");
    struct json_at several = json_member(charge, "properties");
    if (one.value != NULL && several.value != NULL) {
        (void)json_wrong(several, "invalid", "Either property or properties.");
    } else if (several.value != NULL) {
        terms->properties = property_names_read(several, MATCHES_MAX, &terms->property_count);
    } else if (one.value != NULL) {
        str *name = arena_new(charge.faults->arena, str);
        *name = json_str(one.value);
        if (!property_name_valid(*name))
            (void)json_wrong(one, "invalid", "Not the name of a property.");
        terms->properties = name;
        terms->property_count = 1;
    }
}

void charge_subject(struct json_at charge, struct charge *terms)
{
    struct json_at subject = json_member(charge, "subject");
    if (subject.value == NULL || json_is_null(subject.value)) {
        if (terms->exclusive)
            (void)json_wrong(subject, "missing_member", "An exclusive outcome has a subject.");
        return;
    }
    str *name = arena_new(charge.faults->arena, str);
    *name = json_str(subject.value);
    if (!property_name_valid(*name))
        (void)json_wrong(subject, "invalid", "Not the name of a property.");
    terms->properties = name;
    terms->property_count = 1;
    terms->has_subject = true;
}

// The position of a property that a price matches; it is made room for where none was named.
static bool take_property(struct json_at at, struct reading *reading, str name, size_t *position)
{
    struct charge *terms = reading->terms;
    if (property_position(terms, name, position))
        return true;
    if (!property_name_valid(name))
        return json_wrong(at, "invalid", "Not the name of a property.");
    if (reading->named)
        return json_wrong(at, "invalid", "The charge does not go by this property.");
    if (terms->property_count == MATCHES_MAX)
        return json_wrong(at, "invalid", "The prices go by at most 8 properties.");
    *position = terms->property_count;
    reading->properties[terms->property_count++] = name;
    return true;
}

static bool read_match(struct json_at at, struct reading *reading, str *match)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(json_iterable(at.value), name, value)
    {
        size_t position = 0;
        if (!take_property(at, reading, str_from(name), &position))
            return false;
        if (!property_text(at.faults->arena, value, &match[position]) || match[position].len == 0)
            return json_wrong(at, "invalid", "A text, a boolean or an integer.");
    }
    return true;
}

static bool read_price(struct json_at at, struct reading *reading, struct price *price)
{
    const json_t *members = NULL;
    str *match = arena_array(at.faults->arena, str, MATCHES_MAX);
    price->match = match;
    return json_read(at, FIELDS(json_members("match", &members),
                                json_decimal("unit_amount", &price->unit_amount))) &&
           read_match(json_member(at, "match"), reading, match);
}

void charge_prices(struct json_at charge, struct charge *terms)
{
    struct json_at list = json_member(charge, "prices");
    size_t size = json_array_size(list.value);
    if (!json_is_array(list.value) || size == 0 || size > PRICES_MAX) {
        (void)json_wrong(list, list.value == NULL ? "missing_member" : "invalid",
                         "A list of 1 to 100 prices.");
        return;
    }
    struct arena *arena = charge.faults->arena;
    struct price *prices = arena_array(arena, struct price, size);
    struct reading reading = {
        .terms = terms,
        .properties = arena_array(arena, str, MATCHES_MAX),
        .named = terms->property_count > 0 && !terms->has_subject,
    };
    for (size_t i = 0; i < terms->property_count; i++)
        reading.properties[i] = terms->properties[i];
    terms->properties = reading.properties;
    for (size_t i = 0; i < size; i++) {
        if (!read_price(json_item(list, i), &reading, &prices[i]))
            return;
    }
    terms->prices = prices;
    terms->price_count = size;
}

static bool matches(const struct charge *terms, const struct price *price,
                    const struct usage_item *item)
{
    for (size_t i = 0; i < terms->property_count; i++) {
        if (price->match[i].len > 0 && !str_eq(price->match[i], item->values[i]))
            return false;
    }
    return true;
}

size_t price_of(const struct charge *terms, const struct usage_item *item)
{
    size_t i = 0;
    while (i < terms->price_count && !matches(terms, &terms->prices[i], item))
        i++;
    return i;
}

void cells_open(const struct charge *terms, struct rated *rated)
{
    rated->cell_count = terms->price_count + 1;
    for (size_t i = 0; i < rated->cell_count; i++)
        rated->cells[i] = (struct rated_cell){exact_zero(), exact_zero()};
}

void cell_pays(struct arena *arena, const struct charge *terms, size_t index, exact paid,
               struct rated *rated)
{
    decimal price = index < terms->price_count ? terms->prices[index].unit_amount : terms->fallback;
    exact amount = exact_mul(arena, paid, exact_from_decimal(arena, price));
    rated->cells[index].amount = exact_add(arena, rated->cells[index].amount, amount);
    rated->amount = exact_add(arena, rated->amount, amount);
}
