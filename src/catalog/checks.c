// SPDX-License-Identifier: Apache-2.0
#include "checks.h"

#include "catalog_change.h"
#include "phial/phi/phi.h"
#include "phial/phi/retention.h"
#include "phial/rating/aggregation.h"
#include "phial/util/array.h"

enum { NAME_BYTES_MAX = 200 };

// The event types of one metric, in the order in which it names them.
struct types {
    const struct event_type *items[METRIC_TYPES_MAX];
    size_t count;
    json_t *held; // the documents that they borrow from
};

static void types_release(struct types *types)
{
    json_decref(types->held);
}

// NULL when there is none, or only an archived one.
static result load_type(struct db_tx *tx, str key, json_t *held, const struct event_type **type)
{
    struct catalog_item item = {0};
    *type = NULL;
    result found = catalog_get(tx, CATALOG_EVENT_TYPE, key, &item);
    if (found.code == ERR_NOT_FOUND || (!failed(found) && item.archived))
        return OK;
    TRY(found);
    json_t *document = NULL;
    TRY(json_parse(item.document, &document));
    if (json_array_append_new(held, document) != 0)
        return FAIL(INTERNAL, "out of memory");
    struct faults *faults = arena_new(db_arena(tx), struct faults);
    faults->arena = db_arena(tx);
    *type = event_type_parse((struct json_at){document, STR(""), faults}, item.key);
    return *type == NULL ? faults_result(faults) : OK;
}

// Adds a fault for each event type that is not declared, where `document` is a metric's.
static result load_types(struct db_tx *tx, const struct metric *metric, struct json_at document,
                         struct types *types)
{
    struct json_at list = json_member(document, "event_types");
    for (size_t i = 0; i < metric->event_type_count; i++) {
        const struct event_type *type = NULL;
        TRY(load_type(tx, metric->event_types[i], types->held, &type));
        if (type == NULL)
            json_wrong(json_item(list, i), "unknown_type", "No such event type is declared.");
        else
            types->items[types->count++] = type;
    }
    return OK;
}

static size_t declaring(const struct types *types, str property)
{
    size_t count = 0;
    for (size_t i = 0; i < types->count; i++)
        count += event_type_property(types->items[i], property) != NULL;
    return count;
}

static bool all_numeric(const struct types *types, str name)
{
    for (size_t i = 0; i < types->count; i++) {
        const struct property *property = event_type_property(types->items[i], name);
        if (property != NULL && property->type != PROPERTY_INTEGER &&
            property->type != PROPERTY_DECIMAL)
            return false;
    }
    return true;
}

static bool monthly_token(const struct types *types, str name)
{
    for (size_t i = 0; i < types->count; i++) {
        const struct property *property = event_type_property(types->items[i], name);
        if (property != NULL && property->type == PROPERTY_TOKEN && property->scope == TOKEN_PERIOD)
            return true;
    }
    return false;
}

static void check_grouping(struct json_at list, const str *names, size_t count,
                           const struct types *types)
{
    for (size_t i = 0; i < count; i++) {
        if (declaring(types, names[i]) != types->count)
            json_wrong(json_item(list, i), "unknown_property",
                       "Every event type of the metric must declare the property.");
    }
}

static bool is_bounded(const json_t *filter)
{
    static const char *const bounds[] = {"gt", "gte", "lt", "lte"};
    for (size_t i = 0; i < COUNT_OF(bounds); i++) {
        if (json_object_get(filter, bounds[i]) != NULL)
            return true;
    }
    return false;
}

static bool is_numeric(const struct types *types, str name)
{
    return declaring(types, name) > 0 && all_numeric(types, name);
}

// Text is what is compared: what no event carries would match none. "" is the absent property.
static bool is_as_carried(struct arena *arena, str text)
{
    decimal number = {0};
    return text.len == 0 ||
           (!failed(decimal_parse(text, &number)) && str_eq(decimal_print(arena, number), text));
}

static const char carried[] = "A number is written as events carry it: 1.5, not 1.50.";

static void check_number(struct json_at at)
{
    if (json_is_string(at.value) && !is_as_carried(at.faults->arena, json_str(at.value)))
        json_wrong(at, "invalid", carried);
}

static void check_numbers(struct json_at list)
{
    for (size_t i = 0; i < json_array_size(list.value); i++)
        check_number(json_item(list, i));
}

static void check_filter_numbers(struct json_at list, const struct types *types)
{
    for (size_t i = 0; i < json_array_size(list.value); i++) {
        struct json_at filter = json_item(list, i);
        if (!is_numeric(types, json_str(json_object_get(filter.value, "property"))))
            continue;
        check_number(json_member(filter, "eq"));
        check_numbers(json_member(filter, "in"));
        check_numbers(json_member(filter, "not_in"));
    }
}

static void check_filters(struct json_at list, const struct types *types)
{
    for (size_t i = 0; i < json_array_size(list.value); i++) {
        struct json_at filter = json_item(list, i);
        struct json_at at = json_member(filter, "property");
        if (declaring(types, json_str(at.value)) == 0)
            json_wrong(at, "unknown_property",
                       "No event type of the metric declares the property.");
        else if (is_bounded(filter.value) && !is_numeric(types, json_str(at.value)))
            json_wrong(at, "invalid", "Only an integer or a decimal has bounds.");
    }
    check_filter_numbers(list, types);
}

static void check_prices(struct json_at prices, const struct types *types)
{
    for (size_t i = 0; i < json_array_size(prices.value); i++) {
        struct json_at match = json_member(json_item(prices, i), "match");
        const char *name = NULL;
        json_t *value = NULL;
        json_object_foreach(json_iterable(match.value), name, value)
        {
            if (is_numeric(types, str_from(name)))
                check_number(json_member(match, name));
        }
    }
}

// The numbers of weights are names.
static void check_weights(struct json_at weights, const struct types *types)
{
    struct json_at values = json_member(weights, "values");
    const char *name = NULL;
    json_t *weight = NULL;
    if (!is_numeric(types, json_str(json_object_get(weights.value, "property"))))
        return;
    json_object_foreach(json_iterable(values.value), name, weight)
    {
        if (!is_as_carried(values.faults->arena, str_from(name)))
            json_wrong(values, "invalid", carried);
    }
}

static bool lasting_tokens_alone(const struct types *types, str name)
{
    for (size_t i = 0; i < types->count; i++) {
        const struct property *property = event_type_property(types->items[i], name);
        if (property != NULL && property->type == PROPERTY_TOKEN &&
            property->scope != TOKEN_CUSTOMER)
            return false;
    }
    return true;
}

static void check_property(struct json_at document, const struct metric *metric,
                           const struct types *types)
{
    struct json_at at = json_member(document, "property");
    const struct aggregation *aggregation = metric->aggregation;
    if (metric->property.len == 0)
        return;
    if (declaring(types, metric->property) != types->count)
        json_wrong(at, "unknown_property",
                   "Every event type of the metric must declare the property.");
    else if (aggregation->numeric && !all_numeric(types, metric->property))
        json_wrong(at, "invalid", "This aggregation needs an integer or a decimal.");
    else if (aggregation->carries && !lasting_tokens_alone(types, metric->property))
        json_wrong(at, "invalid", "This aggregation needs a token of the scope customer.");
    else if (aggregation->switched && declaring(types, STR("operation")) != types->count)
        json_wrong(at, "unknown_property",
                   "Every event type of the metric must declare `operation`.");
}

// The texts that filters compare with stand in the document as they were put.
static void scan_filters(struct json_at list)
{
    static const char *const operands[] = {"eq", "in", "not_in"};
    for (size_t i = 0; i < json_array_size(list.value) && i < FILTERS_MAX; i++) {
        for (size_t k = 0; k < COUNT_OF(operands); k++) {
            struct json_at operand = json_member(json_item(list, i), operands[k]);
            phi_fault(operand, json_str(operand.value), SCAN_STRONG);
            for (size_t j = 0; j < json_array_size(operand.value); j++)
                phi_fault(json_item(operand, j), json_str(json_array_get(operand.value, j)),
                          SCAN_STRONG);
        }
    }
}

// So do the names of an object's members, which no fault repeats, and those of its texts.
static void scan_members(struct json_at object)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(json_iterable(object.value), name, value)
    {
        phi_fault(object, str_from(name), SCAN_STRONG);
        phi_fault(object, json_str(value), SCAN_STRONG);
    }
}

static result check_metric(struct db_tx *tx, struct json_at document)
{
    OWNED(types_release) struct types types = {.held = json_array()};
    scan_filters(json_member(document, "filters"));
    scan_members(json_member(json_member(document, "weights"), "values"));
    text_fault(json_member(document, "description"), NAME_BYTES_MAX, SCAN_STRONG);
    text_fault(json_member(document, "name"), NAME_BYTES_MAX, SCAN_STRONG);
    const struct metric *metric = metric_parse(document, false);
    if (metric == NULL)
        return faults_result(document.faults);
    TRY(load_types(tx, metric, document, &types));
    TRY(faults_result(document.faults));

    check_property(document, metric, &types);
    if (metric->weighted && declaring(&types, metric->weight_property) == 0 &&
        metric->weight_property.len != 0)
        json_wrong(json_member(json_member(document, "weights"), "property"), "unknown_property",
                   "No event type of the metric declares the property.");
    check_filters(json_member(document, "filters"), &types);
    check_grouping(json_member(document, "group_by"), metric->group_by, metric->group_by_count,
                   &types);
    check_weights(json_member(document, "weights"), &types);
    return faults_result(document.faults);
}

// Metrics that tell values apart, and so a person's tokens of two months.
static bool tells_values_apart(const json_t *metric)
{
    static const char *const names[] = {"active", "unique", "unique_days", "unique_new"};
    str aggregation = json_str(json_object_get(metric, "aggregation"));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (str_eq(aggregation, str_from(names[i])))
            return true;
    }
    // With a property the level is the number of values that are on.
    return str_eq(aggregation, STR("time_weighted")) && json_object_get(metric, "property") != NULL;
}

static bool counts_distinct(const struct catalog_item *item, json_t *held)
{
    json_t *document = NULL;
    if (failed(json_parse(item->document, &document)))
        return false;
    json_array_append_new(held, document);
    return tells_values_apart(document);
}

// A metric out of the catalog with its event types; NULL when it is not there.
static result load_metric(struct db_tx *tx, str key, struct types *types,
                          const struct metric **metric, bool *distinct)
{
    struct catalog_item item = {0};
    *metric = NULL;
    result found = catalog_get(tx, CATALOG_METRIC, key, &item);
    if (found.code == ERR_NOT_FOUND || (!failed(found) && item.archived))
        return OK;
    TRY(found);
    *distinct = counts_distinct(&item, types->held);
    struct faults *faults = arena_new(db_arena(tx), struct faults);
    faults->arena = db_arena(tx);
    size_t last = json_array_size(types->held);
    if (last == 0)
        return FAIL(INTERNAL, "a stored metric is no document");
    struct json_at document = {json_array_get(types->held, last - 1), STR(""), faults};
    *metric = metric_parse(document, false);
    if (*metric == NULL)
        return faults_result(faults);
    // An event type that has been archived since takes no further events; nothing to compare with.
    return load_types(tx, *metric, document, types);
}

// The member of a charge that names a property which its model reads; the model itself where it
// reads that by its own name.
static struct json_at naming(struct json_at at, const struct charge *charge, size_t property)
{
    struct json_at several = json_member(at, "properties");
    struct json_at prices = json_member(at, "prices");
    if (charge->has_subject && property == 0)
        return json_member(at, "subject");
    if (json_is_string(json_object_get(at.value, "property")))
        return json_member(at, "property");
    if (json_is_array(several.value))
        return json_item(several, property);
    for (size_t i = 0; i < json_array_size(prices.value); i++) {
        struct json_at match = json_member(json_item(prices, i), "match");
        str name = charge->properties[property];
        if (json_object_getn(match.value, name.ptr, name.len) != NULL)
            return match;
    }
    return json_member(at, "model");
}

// What the charge's model reads of events must be declared. The names are the plan's own.
static void check_model(struct json_at at, const struct charge *charge, const struct metric *metric,
                        const struct types *types)
{
    bool summed =
        metric->aggregation != NULL && (str_eq(str_from(metric->aggregation->name), STR("sum")) ||
                                        str_eq(str_from(metric->aggregation->name), STR("count")));
    if (charge->model->limits_events && !summed)
        json_wrong(json_member(at, "metric"), "invalid",
                   "The model prices event by event: its metric is a sum or a count.");
    for (size_t i = 0; i < charge->property_count; i++) {
        if (declaring(types, charge->properties[i]) == 0)
            json_wrong(naming(at, charge, i), "unknown_property",
                       "No event type of the metric declares a property that the model reads.");
        else if (charge->model->carries_amount && !all_numeric(types, charge->properties[i]))
            json_wrong(naming(at, charge, i), "invalid",
                       "The amount that an event carries is a decimal or an integer.");
    }
}

// Whether a charge goes by tokens that change with the calendar month: of its metric, or as the
// subject of outcomes.
static bool goes_by_months(const struct types *types, const struct metric *metric, bool distinct,
                           const json_t *charge)
{
    str subject = json_str(json_object_get(charge, "subject"));
    return (distinct && monthly_token(types, metric->property)) ||
           (subject.len != 0 && monthly_token(types, subject));
}

static result check_charge(struct db_tx *tx, struct json_at at, const struct charge *charge,
                           bool monthly)
{
    OWNED(types_release) struct types types = {.held = json_array()};
    const struct metric *metric = NULL;
    bool distinct = false;
    TRY(load_metric(tx, charge->metric, &types, &metric, &distinct));
    if (metric == NULL) {
        json_wrong(json_member(at, "metric"), "unknown_metric", "No such metric is defined.");
        return OK;
    }
    check_filters(json_member(at, "filters"), &types);
    check_grouping(json_member(at, "group_by"), charge->group_by, charge->group_by_count, &types);
    check_model(at, charge, metric, &types);
    check_prices(json_member(at, "prices"), &types);
    if (!monthly && goes_by_months(&types, metric, distinct, at.value))
        json_wrong(json_member(at, "metric"), "invalid",
                   "It counts tokens that change with the calendar month, which is not the plan's "
                   "period.");
    return OK;
}

result plan_numbers_check(struct db_tx *tx, const struct plan *plan, struct json_at document,
                          const json_t *metrics)
{
    struct json_at charges = json_member(document, "charges");
    for (size_t i = 0; i < plan->charge_count; i++) {
        OWNED(types_release) struct types types = {.held = json_array()};
        const struct metric *metric = NULL;
        bool distinct = false;
        str key = plan->charges[i].metric;
        if (json_object_getn(metrics, key.ptr, key.len) != NULL)
            continue;
        TRY(load_metric(tx, key, &types, &metric, &distinct));
        check_filter_numbers(json_member(json_item(charges, i), "filters"), &types);
        check_prices(json_member(json_item(charges, i), "prices"), &types);
    }
    return OK;
}

// What prices match stands in the plan as it was put. A name that is not known to be declared is
// not repeated in a fault.
static void scan_prices(struct json_at list)
{
    for (size_t i = 0; i < json_array_size(list.value) && i < PRICES_MAX; i++) {
        struct json_at match = json_member(json_item(list, i), "match");
        const char *name = NULL;
        json_t *value = NULL;
        json_object_foreach(json_iterable(match.value), name, value)
        {
            text_fault((struct json_at){value, match.pointer, match.faults}, NAME_BYTES_MAX,
                       SCAN_STRONG);
        }
    }
}

// The metric that an entitlement's limit is on.
static result check_entitlements(struct db_tx *tx, struct json_at entitlements)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(json_iterable(entitlements.value), name, value)
    {
        struct catalog_item metric = {0};
        if (!json_is_object(value))
            continue;
        result found =
            catalog_get(tx, CATALOG_METRIC, json_str(json_object_get(value, "metric")), &metric);
        if (failed(found) && found.code != ERR_NOT_FOUND)
            return found;
        if (!failed(found) && !metric.archived)
            continue;
        json_wrong(json_member(json_member(entitlements, name), "metric"), "unknown_metric",
                   "No such metric is defined.");
    }
    return OK;
}

static result check_plan(struct db_tx *tx, struct json_at document)
{
    static const char *const lists[] = {"charges", "fixed"};
    text_fault(json_member(document, "description"), NAME_BYTES_MAX, SCAN_STRONG);
    text_fault(json_member(document, "name"), NAME_BYTES_MAX, SCAN_STRONG);
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        struct json_at list = json_member(document, lists[i]);
        for (size_t k = 0; k < json_array_size(list.value) && k < CHARGES_MAX; k++) {
            text_fault(json_member(json_item(list, k), "key"), NAME_BYTES_MAX, SCAN_ALL);
            text_fault(json_member(json_item(list, k), "name"), NAME_BYTES_MAX, SCAN_STRONG);
            scan_prices(json_member(json_item(list, k), "prices"));
            scan_filters(json_member(json_item(list, k), "filters"));
        }
    }
    scan_members(json_member(document, "entitlements"));
    const struct plan *plan = plan_parse(document, false);
    if (plan == NULL)
        return faults_result(document.faults);
    struct json_at charges = json_member(document, "charges");
    for (size_t i = 0; i < plan->charge_count; i++)
        TRY(check_charge(tx, json_item(charges, i), &plan->charges[i],
                         plan->interval == INTERVAL_MONTH));
    TRY(check_entitlements(tx, json_member(document, "entitlements")));
    return faults_result(document.faults);
}

static bool is_in(const str *names, size_t count, str name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(names[i], name))
            return true;
    }
    return false;
}

// What a report is by is a comma list out of its metric's group_by.
static void check_report_by(struct json_at at, str rest, const struct metric *metric)
{
    bool more = rest.len != 0;
    while (more) {
        str name = rest;
        str tail = STR("");
        more = str_cut(rest, ',', &name, &tail);
        rest = tail;
        if (!is_in(metric->group_by, metric->group_by_count, name))
            json_wrong(at, "unknown_property", "The metric cannot be grouped by this.");
    }
}

static result check_report_template(struct db_tx *tx, str key, struct json_at document)
{
    static const char *const texts[] = {"description", "total_label"};
    OWNED(types_release) struct types types = {.held = json_array()};
    struct report_template form = {0};
    const struct metric *metric = NULL;
    bool distinct = false;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        text_fault(json_member(document, texts[i]), NAME_BYTES_MAX, SCAN_STRONG);
    struct json_at columns = json_member(document, "columns");
    for (size_t i = 0; i < json_array_size(columns.value) && i < REPORT_COLUMNS_MAX; i++) {
        text_fault(json_member(json_item(columns, i), "title"), NAME_BYTES_MAX, SCAN_STRONG);
        text_fault(json_member(json_item(columns, i), "text"), NAME_BYTES_MAX, SCAN_STRONG);
    }
    if (!report_template_parse(document, key, &form) || form.metric.len == 0)
        return faults_result(document.faults);
    TRY(load_metric(tx, form.metric, &types, &metric, &distinct));
    if (metric == NULL)
        json_wrong(json_member(document, "metric"), "unknown_metric", "No such metric is defined.");
    else
        check_report_by(json_member(document, "by"), form.by, metric);
    return faults_result(document.faults);
}

// Of what is put now; a name that was taken before there were classes keeps its events for good.
static void check_retention(struct json_at document)
{
    struct json_at at = json_member(document, "retention");
    if (json_is_string(at.value) &&
        (json_str(at.value).len == 0 ||
         retention_class_find(json_str(at.value)) == RETENTION_CLASS_COUNT))
        json_wrong(at, "invalid", "There is no such class; GET /v1/retention/classes lists them.");
}

static result check(struct db_tx *tx, enum catalog_kind kind, str key, struct json_at document)
{
    switch (kind) {
    case CATALOG_EVENT_TYPE:
        if (event_type_parse(document, key) == NULL && document.faults->count == 0)
            return FAIL(INVALID, "The declaration is not valid.");
        check_retention(document);
        return faults_result(document.faults);
    case CATALOG_METRIC:
        return check_metric(tx, document);
    case CATALOG_PLAN:
        return check_plan(tx, document);
    case CATALOG_REPORT_TEMPLATE:
        return check_report_template(tx, key, document);
    }
    return OK;
}

result document_check(struct db_tx *tx, enum catalog_kind kind, str key, struct json_at document)
{
    result checked = check(tx, kind, key, document);
    if (kind != CATALOG_EVENT_TYPE) // whose own reader shows no name that it refuses
        phi_hide_names(document.faults);
    return checked;
}

result plan_counts_monthly_tokens(struct db_tx *tx, const struct plan *plan, const json_t *document,
                                  bool *counts)
{
    for (size_t i = 0; i < plan->charge_count; i++) {
        OWNED(types_release) struct types types = {.held = json_array()};
        const struct metric *metric = NULL;
        bool distinct = false;
        TRY(load_metric(tx, plan->charges[i].metric, &types, &metric, &distinct));
        const json_t *charge = json_array_get(json_object_get(document, "charges"), i);
        if (metric != NULL && goes_by_months(&types, metric, distinct, charge)) {
            *counts = true;
            return OK;
        }
    }
    *counts = false;
    return OK;
}
