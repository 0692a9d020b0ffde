// SPDX-License-Identifier: Apache-2.0
#include "charge.h"

#include "phial/util/array.h"
#include "read.h"

#include <assert.h>

enum { MODEL_MEMBERS_MAX = 8 };

// The members of a charge besides those that are read straight into it.
struct parts {
    str model;
    const json_t *filters;
    const json_t *group_by;
};

// The common members, and the model's own, which the model itself reads.
static bool read_members(struct json_at at, struct charge *charge, struct parts *parts)
{
    const json_t *unread = NULL;
    json_field common[] = {
        json_text("key", &charge->key),
        json_optional(json_text("name", &charge->name)),
        json_text("metric", &charge->metric),
        json_text("model", &parts->model),
        json_optional(json_items("filters", &parts->filters)),
        json_optional(json_items("group_by", &parts->group_by)),
        json_optional(json_decimal("free_units", &charge->free_units)),
        json_optional_seen(json_decimal("minimum", &charge->minimum), &charge->has_minimum),
        json_optional_seen(json_decimal("maximum", &charge->maximum), &charge->has_maximum),
        json_optional(json_flag("prorate", &charge->prorate)),
    };
    json_field fields[COUNT_OF(common) + MODEL_MEMBERS_MAX];
    size_t count = 0;
    for (; count < COUNT_OF(common); count++)
        fields[count] = common[count];

    str own = str_from(charge->model->members);
    while (own.len > 0) {
        str name = own;
        str rest = {0};
        (void)str_cut(own, ' ', &name, &rest);
        assert(count < COUNT_OF(fields));
        fields[count++] = json_optional(json_any(str_to_c(at.faults->arena, name), &unread));
        own = rest;
    }
    return json_read(at, (struct json_fields){fields, count});
}

static void check_numbers(struct json_at at, const struct charge *charge)
{
    if (charge->free_units.units < 0)
        (void)json_wrong(json_member(at, "free_units"), "invalid", "Not below zero.");
    if (charge->free_units.units > 0 && charge->model->without_free_units)
        (void)json_wrong(json_member(at, "free_units"), "invalid",
                         "The model prices no units that could be free.");
    if (charge->minimum.units < 0)
        (void)json_wrong(json_member(at, "minimum"), "invalid", "Not below zero.");
    if (charge->maximum.units < 0)
        (void)json_wrong(json_member(at, "maximum"), "invalid", "Not below zero.");
    if (charge->has_minimum && charge->has_maximum &&
        decimal_compare(charge->minimum, charge->maximum) > 0)
        (void)json_wrong(json_member(at, "minimum"), "invalid",
                         "The minimum is above the maximum.");
}

static void check_names(struct json_at at, struct charge *charge)
{
    if (!item_key_valid(charge->key))
        (void)json_wrong(json_member(at, "key"), "invalid", "1-64 of [A-Za-z0-9._-].");
    if (!item_key_valid(charge->metric))
        (void)json_wrong(json_member(at, "metric"), "invalid", "1-64 of [A-Za-z0-9._-].");
    if (charge->name.len > NAME_BYTES_MAX)
        (void)json_wrong(json_member(at, "name"), "invalid", "At most 200 bytes.");
    if (charge->name.len == 0)
        charge->name = charge->key;
}

void charge_read(struct json_at at, struct charge *charge)
{
    struct json_at model = json_member(at, "model");
    charge->model = charge_model_find(json_str(model.value));
    if (charge->model == NULL) {
        (void)json_wrong(model, model.value == NULL ? "missing_member" : "invalid",
                         "No charge model that is offered.");
        return;
    }
    struct parts parts = {0};
    if (!read_members(at, charge, &parts))
        return;
    check_names(at, charge);
    check_numbers(at, charge);
    if (parts.filters != NULL)
        charge->filters = filters_parse(json_member(at, "filters"), &charge->filter_count);
    if (json_array_size(parts.group_by) > 0)
        charge->group_by =
            property_names_read(json_member(at, "group_by"), GROUP_BY_MAX, &charge->group_by_count);
    charge->model->read(at, charge);
}
