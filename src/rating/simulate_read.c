// SPDX-License-Identifier: Apache-2.0
// The usage that a simulation is given instead of measuring it.
#include "phial/rating/simulate.h"
#include "read.h"

#include <stdlib.h>

// Some of what a group may say.
struct names {
    const str *items;
    size_t count;
};

enum { GIVEN_MAX = 10000, DAYS_MAX = 100000 };

// ---- usage_share, discounts, tax

static bool read_share(struct json_at at, struct simulation *simulation)
{
    struct arena *arena = at.faults->arena;
    int64_t days = 0;
    int64_t full_days = 0;
    simulation->share = exact_from_i64(arena, 1);
    if (at.value == NULL || json_is_null(at.value))
        return true;
    if (!json_read(at, FIELDS(json_i64("days", &days), json_i64("of", &full_days))))
        return false;
    if (full_days < 1 || full_days > DAYS_MAX || days < 0 || days > full_days)
        return json_wrong(at, "invalid", "Some days of a period's days.");
    simulation->share =
        exact_div(arena, exact_from_i64(arena, days), exact_from_i64(arena, full_days));
    return true;
}

static bool read_discounts(struct json_at list, struct simulation *simulation)
{
    size_t size = json_array_size(list.value);
    if (list.value == NULL || json_is_null(list.value))
        return true;
    if (!json_is_array(list.value) || size > DISCOUNTS_MAX)
        return json_wrong(list, "invalid", "A list of at most 100 discounts.");
    struct discount *discounts = arena_array(list.faults->arena, struct discount, size);
    bool right = true;
    for (size_t i = 0; i < size; i++)
        right = discount_parse(json_item(list, i), &discounts[i]) && right;
    simulation->discounts = discounts;
    simulation->discount_count = size;
    return right;
}

bool simulation_terms_parse(struct json_at request, struct simulation *simulation)
{
    struct json_at tax = json_member(request, "tax");
    bool right = read_share(json_member(request, "usage_share"), simulation);
    right = read_discounts(json_member(request, "discounts"), simulation) && right;
    if (tax.value != NULL && !json_is_null(tax.value))
        right = taxation_parse(tax, &simulation->tax) && right;
    return right;
}

// ---- quantities, events

// A number of a charge's usage, and what it says of itself: one of its quantities, or one event.
struct entry {
    const str *group; // beside the charge's group_by
    size_t group_by_count;
    struct usage_item item;
    bool event;
    size_t place;
};

// What is given of one charge.
struct given {
    struct arena *arena;
    const struct charge *charge;
    struct entry *entries;
    size_t count;
    bool has_quantities;
    bool has_events;
};

static bool read_number(struct json_at at, decimal *number)
{
    if (json_is_integer(at.value)) {
        *number = decimal_from_i64(json_integer_value(at.value));
        return true;
    }
    return (json_is_string(at.value) && !failed(decimal_parse(json_str(at.value), number))) ||
           json_wrong(at, "decimal_expected",
                      "This must be a decimal in a string, or a whole number.");
}

// The texts of some of a group's properties; `absent` for those it has not.
static bool read_values(struct json_at group, struct names names, str absent, const str **values)
{
    struct arena *arena = group.faults->arena;
    str *read = arena_array(arena, str, names.count);
    *values = read;
    for (size_t i = 0; i < names.count; i++) {
        const char *name = str_to_c(arena, names.items[i]);
        const json_t *value = json_object_get(group.value, name);
        read[i] = absent;
        if (value != NULL && !json_is_null(value) && !property_text(arena, value, &read[i]))
            return json_wrong(json_member(group, name), "invalid",
                              "A text, a boolean or an integer.");
    }
    return true;
}

// The amount that an event carries is the number that is given of it.
static void set_amount(const struct given *given, decimal number, struct usage_item *item)
{
    str *values = arena_array(given->arena, str, given->charge->property_count);
    for (size_t i = 0; i < given->charge->property_count; i++)
        values[i] = item->values[i];
    if (values[0].len == 0)
        values[0] = decimal_print(given->arena, number);
    item->values = values;
}

static bool add_entry(struct given *given, struct json_at number, struct json_at group, bool event)
{
    const struct charge *charge = given->charge;
    struct entry entry = {
        .group_by_count = charge->group_by_count, .event = event, .place = given->count};
    decimal read = {0};
    if (group.value != NULL && !json_is_object(group.value))
        return json_wrong(group, "invalid", "This must be an object.");
    if (!read_number(number, &read) ||
        !read_values(group, (struct names){charge->group_by, charge->group_by_count}, STR(""),
                     &entry.group) ||
        !read_values(group, (struct names){charge->properties, charge->property_count}, (str){0},
                     &entry.item.values))
        return false;
    entry.item.quantity = exact_from_decimal(given->arena, read);
    if (charge->model->carries_amount && (event || read.units > 0))
        set_amount(given, read, &entry.item);
    given->entries[given->count++] = entry;
    return true;
}

static bool read_item(struct given *given, struct json_at at, const char *number, bool event)
{
    const json_t *unread = NULL;
    if (!json_is_object(at.value))
        return add_entry(given, at, (struct json_at){NULL, at.pointer, at.faults}, event);
    return json_read(at, FIELDS(json_any(number, &unread),
                                json_optional(json_members("group", &unread)))) &&
           add_entry(given, json_member(at, number), json_member(at, "group"), event);
}

static bool read_list(struct given *given, struct json_at list, const char *number, bool event)
{
    size_t size = json_array_size(list.value);
    if (size > GIVEN_MAX)
        return json_wrong(list, "invalid", "At most 10000 items.");
    for (size_t i = 0; i < size; i++) {
        if (!read_item(given, json_item(list, i), number, event))
            return false;
    }
    return true;
}

static bool read_given(struct json_at quantity, struct json_at events, struct given *given)
{
    size_t room = json_array_size(quantity.value) + json_array_size(events.value) + 1;
    given->entries = arena_array(given->arena, struct entry, room);
    given->has_quantities = quantity.value != NULL;
    given->has_events = events.value != NULL;
    if (json_is_array(quantity.value) && !read_list(given, quantity, "quantity", false))
        return false;
    if (given->has_quantities && !json_is_array(quantity.value) &&
        !read_item(given, quantity, "quantity", false))
        return false;
    if (given->has_events && !json_is_array(events.value))
        return json_wrong(events, "invalid", "A list of the single amounts.");
    return read_list(given, events, "amount", true);
}

static int compare_groups(const struct entry *a, const struct entry *b)
{
    return str_compare_lists(a->group, b->group, a->group_by_count);
}

static int by_group(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;
    int order = compare_groups(a, b);
    return order != 0 ? order : (a->place > b->place) - (a->place < b->place);
}

// The quantities are the usage and the events its items; either stands in for the other.
static struct usage_group sum_group(const struct given *given, const struct entry *entries,
                                    size_t count)
{
    struct usage_item *items = arena_array(given->arena, struct usage_item, count);
    struct usage_group group = {.values = count > 0 ? entries[0].group : NULL, .items = items};
    group.quantity = exact_zero();
    for (size_t i = 0; i < count; i++) {
        if (entries[i].event != given->has_quantities)
            group.quantity = exact_add(given->arena, group.quantity, entries[i].item.quantity);
        if (entries[i].event == given->has_events)
            items[group.item_count++] = entries[i].item;
    }
    return group;
}

static void sum_groups(struct given *given, struct simulated_usage *usage)
{
    if (given->count > 1)
        qsort(given->entries, given->count, sizeof *given->entries, by_group);
    // A charge that has no groups has its line without usage too.
    bool whole = given->charge->group_by_count == 0;
    struct usage_group *groups = arena_array(given->arena, struct usage_group, given->count + 1);
    size_t count = 0;
    for (size_t begin = 0; begin < given->count || (whole && count == 0);) {
        size_t end = begin;
        while (end < given->count &&
               compare_groups(&given->entries[begin], &given->entries[end]) == 0)
            end++;
        groups[count++] = sum_group(given, &given->entries[begin], end - begin);
        begin = end;
    }
    *usage = (struct simulated_usage){groups, count};
}

// A name that is none of the plan's is repeated where it could be a key.
static bool check_keys(struct json_at object, const struct simulation *simulation)
{
    const struct plan *plan = simulation->plan;
    const char *name = NULL;
    json_t *value = NULL;
    if (object.value == NULL || json_is_null(object.value))
        return true;
    if (!json_is_object(object.value))
        return json_wrong(object, "invalid", "This must be an object.");
    json_object_foreach(json_iterable(object.value), name, value)
    {
        size_t i = 0;
        while (i < plan->charge_count && !str_eq(plan->charges[i].key, str_from(name)))
            i++;
        if (i == plan->charge_count && !simulation->among_others)
            return json_wrong(item_key_valid(str_from(name)) ? json_member(object, name) : object,
                              "invalid", "The plan has no charge of this key.");
    }
    return true;
}

bool simulation_usage_parse(struct json_at request, struct simulation *simulation)
{
    const struct plan *plan = simulation->plan;
    struct arena *arena = request.faults->arena;
    struct json_at quantities = json_member(request, "quantities");
    struct json_at events = json_member(request, "events");
    if (!check_keys(quantities, simulation) || !check_keys(events, simulation))
        return false;
    struct simulated_usage *usage = arena_array(arena, struct simulated_usage, plan->charge_count);
    for (size_t i = 0; i < plan->charge_count; i++) {
        const char *key = str_to_c(arena, plan->charges[i].key);
        struct given given = {.arena = arena, .charge = &plan->charges[i]};
        if (!read_given(json_member(quantities, key), json_member(events, key), &given))
            return false;
        sum_groups(&given, &usage[i]);
    }
    simulation->usage = usage;
    return true;
}
