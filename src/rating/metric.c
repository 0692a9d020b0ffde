// SPDX-License-Identifier: Apache-2.0
#include "phial/rating/metric.h"

#include "phial/rating/aggregation.h"
#include "phial/util/array.h"
#include "read.h"

enum { WEIGHTS_MAX = 256, ROUND_DIGITS_LEAST = -18, ROUND_DIGITS_MOST = 12, STORED_MEMBERS = 4 };

// What a metric's document holds besides what is read straight into the metric.
struct parts {
    const json_t *event_types;
    const json_t *filters;
    const json_t *group_by;
    const json_t *weights;
    const json_t *round;
    str aggregation;
};

static const char *const parameters[] = {"days", "max_days", "percent"};

static bool read_members(struct json_at document, bool stored, struct metric *metric,
                         struct parts *parts)
{
    str unused = {0}; // its type alone is checked here
    const json_t *unread = NULL;
    json_field fields[] = {
        json_items("event_types", &parts->event_types),
        json_text("aggregation", &parts->aggregation),
        json_optional(json_text("property", &metric->property)),
        json_optional(json_items("filters", &parts->filters)),
        json_optional(json_items("group_by", &parts->group_by)),
        json_optional(json_members("weights", &parts->weights)),
        json_optional(json_members("round", &parts->round)),
        json_optional(json_i64("days", &metric->days)),
        json_optional(json_i64("max_days", &metric->max_days)),
        json_optional(json_decimal("percent", &metric->percent)),
        json_optional(json_text("name", &unused)),
        json_optional(json_text("description", &unused)),
        json_optional(json_text("key", &metric->key)),
        json_optional(json_i64("version", &metric->version)),
        json_optional(json_text("sha256", &metric->sha256)),
        json_optional(json_any("created_at", &unread)),
    };
    size_t count = COUNT_OF(fields) - (stored ? 0U : STORED_MEMBERS);
    return json_read(document, (struct json_fields){fields, count});
}

static bool read_event_types(struct json_at list, struct metric *metric)
{
    size_t size = json_array_size(list.value);
    if (size == 0 || size > METRIC_TYPES_MAX)
        return json_wrong(list, "invalid", "1 to 32 event types.");
    str *types = arena_array(list.faults->arena, str, size);
    for (size_t i = 0; i < size; i++) {
        struct json_at item = json_item(list, i);
        types[i] = json_str(item.value);
        if (!item_key_valid(types[i]))
            return json_wrong(item, "invalid", "Not the key of an event type.");
    }
    metric->event_types = types;
    metric->event_type_count = size;
    return true;
}

static bool is_listed(const char *names, const char *name)
{
    str rest = str_from(names == NULL ? "" : names);
    str listed = {0};
    while (rest.len > 0) {
        if (!str_cut(rest, ' ', &listed, &rest)) {
            listed = rest;
            rest = STR("");
        }
        if (str_eq(listed, str_from(name)))
            return true;
    }
    return false;
}

static bool read_parameters(struct json_at document, const struct metric *metric)
{
    for (size_t i = 0; i < COUNT_OF(parameters); i++) {
        if (json_object_get(document.value, parameters[i]) != NULL &&
            !is_listed(metric->aggregation->parameters, parameters[i]))
            return json_wrong(json_member(document, parameters[i]), "invalid",
                              "The aggregation does not take it.");
    }
    return metric->aggregation->check == NULL || metric->aggregation->check(document, metric);
}

static bool read_aggregation(struct json_at document, str name, struct metric *metric)
{
    metric->aggregation = aggregation_find(name);
    if (metric->aggregation == NULL)
        return json_wrong(json_member(document, "aggregation"), "invalid",
                          "No aggregation that is offered.");
    if (metric->property.len == 0) {
        if (json_object_get(document.value, "property") != NULL)
            return json_wrong(json_member(document, "property"), "invalid",
                              "Not the name of a property.");
        if (metric->aggregation->needs_property)
            return json_wrong(json_member(document, "property"), "missing_member",
                              "The aggregation needs a property.");
    } else if (!property_name_valid(metric->property)) {
        return json_wrong(json_member(document, "property"), "invalid",
                          "Not the name of a property.");
    }
    return read_parameters(document, metric);
}

// The names are values of a property: one that is no key is not repeated in a fault.
static bool read_weight_values(struct json_at values, struct metric *metric)
{
    size_t size = json_object_size(values.value);
    if (size > WEIGHTS_MAX)
        return json_wrong(values, "invalid", "At most 256 weights.");
    str *names = arena_array(values.faults->arena, str, size);
    decimal *weights = arena_array(values.faults->arena, decimal, size);
    size_t count = 0;
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(json_iterable(values.value), name, value)
    {
        str text = {0};
        if (!item_key_valid(str_from(name)))
            return json_wrong(values, "invalid", "A name is 1-64 of [A-Za-z0-9._-].");
        if (json_is_boolean(value) || !property_text(values.faults->arena, value, &text) ||
            failed(decimal_parse(text, &weights[count])))
            return json_wrong(json_member(values, name), "decimal_expected",
                              "Every weight is a decimal.");
        names[count++] = str_from(name);
    }
    metric->weight_values = names;
    metric->weights = weights;
    metric->weight_count = count;
    return true;
}

static bool read_weights(struct json_at at, struct metric *metric)
{
    const json_t *values = NULL;
    metric->weight_default = decimal_from_i64(1);
    if (!json_read(at, FIELDS(json_text("property", &metric->weight_property),
                              json_optional(json_members("values", &values)),
                              json_optional(json_decimal("default", &metric->weight_default)))))
        return false;
    if (!property_name_valid(metric->weight_property))
        return json_wrong(json_member(at, "property"), "invalid", "Not the name of a property.");
    if (!metric->aggregation->weighted)
        return json_wrong(at, "invalid", "Only a sum has weights.");
    metric->weighted = true;
    return values == NULL || read_weight_values(json_member(at, "values"), metric);
}

static bool read_round(struct json_at at, struct metric *metric)
{
    str mode = {0};
    int64_t digits = 0;
    if (!json_read(at,
                   FIELDS(json_text("mode", &mode), json_optional(json_i64("digits", &digits)))))
        return false;
    if (str_eq(mode, STR("ceil")))
        metric->round_mode = ROUND_CEIL;
    else if (str_eq(mode, STR("floor")))
        metric->round_mode = ROUND_FLOOR;
    else if (str_eq(mode, STR("half_up")))
        metric->round_mode = ROUND_HALF_UP;
    else
        return json_wrong(json_member(at, "mode"), "invalid", "ceil, floor or half_up.");
    if (digits < ROUND_DIGITS_LEAST || digits > ROUND_DIGITS_MOST)
        return json_wrong(json_member(at, "digits"), "invalid", "-18 to 12 digits.");
    metric->rounded = true;
    metric->round_digits = (int)digits;
    return true;
}

const struct metric *metric_parse(struct json_at document, bool stored)
{
    struct metric *metric = arena_new(document.faults->arena, struct metric);
    struct parts parts = {0};
    if (!read_members(document, stored, metric, &parts))
        return NULL;
    bool right = read_event_types(json_member(document, "event_types"), metric);
    if (!read_aggregation(document, parts.aggregation, metric))
        return NULL;
    if (parts.filters != NULL) {
        metric->filters = filters_parse(json_member(document, "filters"), &metric->filter_count);
        right = metric->filters != NULL && right;
    }
    if (json_array_size(parts.group_by) > 0) {
        metric->group_by = property_names_read(json_member(document, "group_by"), GROUP_BY_MAX,
                                               &metric->group_by_count);
        right = metric->group_by != NULL && right;
    }
    if (parts.weights != NULL)
        right = read_weights(json_member(document, "weights"), metric) && right;
    if (parts.round != NULL)
        right = read_round(json_member(document, "round"), metric) && right;
    return right ? metric : NULL;
}

bool metric_carries(const struct metric *metric)
{
    return metric->aggregation->carries;
}

bool metric_takes_type(const struct metric *metric, str event_type)
{
    for (size_t i = 0; i < metric->event_type_count; i++) {
        if (str_eq(metric->event_types[i], event_type))
            return true;
    }
    return false;
}
