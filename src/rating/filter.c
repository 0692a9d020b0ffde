// SPDX-License-Identifier: Apache-2.0
#include "filter.h"

#include "phial/util/array.h"
#include "plain_leaf.h"
#include "read.h"

#include <string.h>

enum { FILTER_VALUES_MAX = 1000 };

static const struct {
    const char *name;
    enum filter_kind kind;
} operators[] = {
    {"eq", FILTER_EQ}, {"exists", FILTER_EXISTS}, {"gt", FILTER_GT},   {"gte", FILTER_GTE},
    {"in", FILTER_IN}, {"lt", FILTER_LT},         {"lte", FILTER_LTE}, {"not_in", FILTER_NOT_IN},
};

static bool read_values(struct json_at list, struct filter *filter)
{
    size_t size = json_array_size(list.value);
    if (!json_is_array(list.value) || size == 0 || size > FILTER_VALUES_MAX)
        return json_wrong(list, "invalid", "A list of 1 to 1000 values.");
    str *values = arena_array(list.faults->arena, str, size);
    for (size_t i = 0; i < size; i++) {
        struct json_at item = json_item(list, i);
        if (!property_text(list.faults->arena, item.value, &values[i]))
            return json_wrong(item, "invalid", "A text, a boolean or an integer.");
    }
    filter->values = values;
    filter->value_count = size;
    return true;
}

static bool read_value(struct json_at at, struct filter *filter)
{
    str *value = arena_new(at.faults->arena, str);
    if (!property_text(at.faults->arena, at.value, value))
        return json_wrong(at, "invalid", "A text, a boolean or an integer.");
    filter->values = value;
    filter->value_count = 1;
    return true;
}

static bool read_bound(struct json_at at, struct filter *filter)
{
    str text = {0};
    if (json_is_real(at.value) || json_is_boolean(at.value) ||
        !property_text(at.faults->arena, at.value, &text) ||
        failed(decimal_parse(text, &filter->bound)))
        return json_wrong(at, "decimal_expected", "A decimal, as a string.");
    return true;
}

static bool read_operand(struct json_at at, struct filter *filter)
{
    switch (filter->kind) {
    case FILTER_IN:
    case FILTER_NOT_IN:
        return read_values(at, filter);
    case FILTER_EQ:
        return read_value(at, filter);
    case FILTER_GT:
    case FILTER_GTE:
    case FILTER_LT:
    case FILTER_LTE:
        return read_bound(at, filter);
    case FILTER_EXISTS:
        if (!json_is_boolean(at.value))
            return json_wrong(at, "invalid", "true or false.");
        filter->exists = json_is_true(at.value);
        return true;
    }
    return false;
}

// One object may carry several operators, {"gte": "1", "lt": "5"}: each becomes a filter.
static bool read_filter(struct json_at at, struct filter *filters, size_t *count)
{
    str property = {0};
    const json_t *operands[COUNT_OF(operators)] = {0};
    json_field fields[COUNT_OF(operators) + 1] = {json_text("property", &property)};
    for (size_t i = 0; i < COUNT_OF(operators); i++)
        fields[i + 1] = json_optional(json_any(operators[i].name, &operands[i]));
    if (!json_read(at, (struct json_fields){fields, COUNT_OF(fields)}))
        return false;
    if (!property_name_valid(property))
        return json_wrong(json_member(at, "property"), "invalid", "Not the name of a property.");
    size_t before = *count;
    for (size_t i = 0; i < COUNT_OF(operators); i++) {
        if (operands[i] == NULL)
            continue;
        if (*count == FILTERS_MAX)
            return json_wrong(at, "invalid", "At most 32 filters.");
        struct filter *filter = &filters[*count];
        *filter = (struct filter){.property = property, .kind = operators[i].kind};
        if (!read_operand(json_member(at, operators[i].name), filter))
            return false;
        (*count)++;
    }
    if (*count == before)
        return json_wrong(at, "invalid", "A filter needs an operator.");
    return true;
}

const struct filter *filters_parse(struct json_at list, size_t *count)
{
    if (!json_is_array(list.value)) {
        (void)json_wrong(list, "invalid", "A list of filters.");
        return NULL;
    }
    struct filter *filters = arena_array(list.faults->arena, struct filter, FILTERS_MAX);
    size_t parsed = 0;
    for (size_t i = 0; i < json_array_size(list.value); i++) {
        if (!read_filter(json_item(list, i), filters, &parsed))
            return NULL;
    }
    *count = parsed;
    return filters;
}

bool event_property(const struct usage_event *event, str name, str *text)
{
    if (event->plain.len > 0)
        return plain_member(event->plain, name, text);
    const json_t *value = json_object_getn(event->properties, name.ptr, name.len);
    if (json_is_string(value))
        *text = json_str(value);
    else if (json_is_boolean(value))
        *text = json_is_true(value) ? STR("true") : STR("false");
    else
        return false;
    return true;
}

static bool among(const struct filter *filter, str text)
{
    for (size_t i = 0; i < filter->value_count; i++) {
        if (str_eq(filter->values[i], text))
            return true;
    }
    return false;
}

static bool passes(const struct filter *filter, const struct usage_event *event)
{
    str text = {0};
    bool present = event_property(event, filter->property, &text);
    if (filter->kind == FILTER_EXISTS)
        return present == filter->exists;
    if (!present)
        return false;
    if (filter->kind == FILTER_IN || filter->kind == FILTER_EQ)
        return among(filter, text);
    if (filter->kind == FILTER_NOT_IN)
        return !among(filter, text);

    decimal number = {0};
    if (failed(decimal_parse(text, &number)))
        return false;
    int order = decimal_compare(number, filter->bound);
    switch (filter->kind) {
    case FILTER_GT:
        return order > 0;
    case FILTER_GTE:
        return order >= 0;
    case FILTER_LT:
        return order < 0;
    case FILTER_LTE:
        return order <= 0;
    case FILTER_IN:
    case FILTER_NOT_IN:
    case FILTER_EQ:
    case FILTER_EXISTS:
        break;
    }
    return false;
}

bool filters_pass(const struct filter *filters, size_t count, const struct usage_event *event)
{
    for (size_t i = 0; i < count; i++) {
        if (!passes(&filters[i], event))
            return false;
    }
    return true;
}
