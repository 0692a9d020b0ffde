// SPDX-License-Identifier: Apache-2.0
#include "usage_privacy.h"

#include "phial/rating/aggregation.h"
#include "phial/rating/suppress.h"
#include "phial/reports/reports.h"
#include "phial/util/array.h"

// What the types of a metric say together.
struct types_seen {
    const struct metric *metric;
    bool has_token;
    bool property_is_token;
    enum time_precision coarsest;
};

static void see_type(void *context, const struct event_type *type)
{
    struct types_seen *seen = context;
    for (size_t i = 0; i < type->property_count; i++) {
        bool token = type->properties[i].type == PROPERTY_TOKEN;
        seen->has_token = seen->has_token || token;
        seen->property_is_token =
            seen->property_is_token ||
            (token && str_eq(type->properties[i].name, seen->metric->property));
    }
    if (type->precision > seen->coarsest)
        seen->coarsest = type->precision;
}

static bool counts_distinct(const struct metric *metric)
{
    static const char *const names[] = {"active", "unique", "unique_days", "unique_new"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (str_eq(str_from(metric->aggregation->name), str_from(names[i])))
            return true;
    }
    return false;
}

static bool is_finer(str window, enum time_precision precision)
{
    return str_eq(window, STR("hour")) && precision == PRECISION_DAY;
}

bool usage_privacy_spares(const struct api_key *key)
{
    return key_may(key, SCOPE_events_write);
}

result usage_privacy_read(struct db_tx *tx, const struct customer *customer,
                          const struct metric *metric, str window, struct usage_privacy *privacy)
{
    struct types_seen seen = {.metric = metric};
    TRY(report_types_each(tx, metric, see_type, &seen));
    if (is_finer(window, seen.coarsest))
        return FAIL(BAD_PARAMETER, "The events' time is stored by days: windows cannot be finer.");
    *privacy = (struct usage_privacy){
        .applies = seen.has_token,
        .of_person = seen.property_is_token && counts_distinct(metric),
    };
    return report_threshold(customer, &privacy->threshold);
}

struct cells {
    const struct usage_privacy *privacy;
    json_t **json; // beside the table's; NULL: the answer does not show it
    size_t count;
    struct suppress_table table;
};

static int64_t quantity_of(const json_t *cell)
{
    int64_t quantity = 0;
    (void)str_to_i64(json_str(json_object_get(cell, "quantity")), &quantity);
    return quantity;
}

static struct cells make_cells(struct arena *arena, const struct usage_privacy *privacy,
                               size_t most)
{
    return (struct cells){
        .privacy = privacy,
        .json = arena_array(arena, json_t *, most),
        .table = {.cells = arena_array(arena, struct suppress_cell, most),
                  .figure_count = privacy->of_person ? 2 : 1,
                  .adds_up = {!privacy->of_person, true},
                  .threshold = privacy->threshold},
    };
}

static void add_cell(struct cells *cells, json_t *json)
{
    int64_t events = json_integer_value(json_object_get(json, "events"));
    struct suppress_cell *cell = &cells->table.cells[cells->count];
    cells->json[cells->count++] = json;
    if (cells->privacy->of_person)
        *cell = (struct suppress_cell){.figures = {quantity_of(json), events}};
    else
        *cell = (struct suppress_cell){.figures = {events}};
}

// A list whose cells add up to the whole, which is the first cell.
static void add_list(struct cells *cells, const json_t *list)
{
    size_t count = json_array_size(list);
    for (size_t i = 0; i < count; i++)
        add_cell(cells, json_array_get(list, i));
    if (count != 0)
        cells->table.lengths[cells->table.axis_count++] = 1 + count;
}

// A sum, a maximum or a level of few persons is as telling as their number.
static str print_quantity(struct arena *arena, const struct cells *cells,
                          const struct metric *metric, const json_t *json)
{
    bool counts =
        cells->privacy->of_person || str_eq(str_from(metric->aggregation->name), STR("count"));
    int64_t quantity = 0;
    if (!counts || !str_to_i64(json_str(json_object_get(json, "quantity")), &quantity))
        return STR("*");
    if (quantity == 0 && json_integer_value(json_object_get(json, "events")) != 0)
        return STR("0");
    return suppress_print(arena, quantity, true, cells->privacy->threshold);
}

static result hide_cell(struct arena *arena, const struct cells *cells, const struct metric *metric,
                        json_t *json)
{
    // What a quantity costs and goes on to is as telling as the quantity.
    static const char *const derived[] = {"amount", "projected_quantity", "projected_amount"};
    int64_t events = json_integer_value(json_object_get(json, "events"));
    str quantity = print_quantity(arena, cells, metric, json);
    str count = suppress_print(arena, events, true, cells->privacy->threshold);
    int wrong = json_object_set_new(json, "quantity", json_from_str(quantity));
    wrong |= json_object_set_new(json, "events", json_from_str(count));
    for (size_t i = 0; i < COUNT_OF(derived); i++) {
        if (json_object_get(json, derived[i]) != NULL)
            wrong |= json_object_set_new(json, derived[i], json_from_str(STR("*")));
    }
    return wrong == 0 ? OK : FAIL(INTERNAL, "out of memory");
}

// Withholds what has to be; *hidden says whether anything is.
static result hide(struct arena *arena, struct cells *cells, const struct metric *metric,
                   bool *hidden)
{
    (void)suppress(arena, &cells->table); // where nothing would do, everything is withheld
    for (size_t i = 0; i < cells->count; i++) {
        if (!cells->table.cells[i].withheld || cells->json[i] == NULL)
            continue;
        TRY(hide_cell(arena, cells, metric, cells->json[i]));
        *hidden = true;
    }
    return OK;
}

static result say_threshold(json_t *answer, const struct usage_privacy *privacy)
{
    json_t *threshold = json_integer(privacy->threshold);
    return json_object_set_new(answer, "report_threshold", threshold) == 0
               ? OK
               : FAIL(INTERNAL, "out of memory");
}

result usage_privacy_apply(struct arena *arena, const struct usage_privacy *privacy,
                           const struct metric *metric, json_t *answer)
{
    const json_t *windows = json_object_get(answer, "windows");
    const json_t *groups = json_object_get(answer, "groups");
    bool hidden = false;
    if (!privacy->applies)
        return OK;
    size_t most = 1 + json_array_size(windows) + json_array_size(groups);
    struct cells cells = make_cells(arena, privacy, most);
    add_cell(&cells, answer);
    add_list(&cells, windows);
    add_list(&cells, groups);
    TRY(hide(arena, &cells, metric, &hidden));
    return say_threshold(answer, privacy);
}

// ---- the running periods

static bool is_of(const json_t *charge, str metric)
{
    return str_eq(json_str(json_object_get(charge, "metric")), metric);
}

// All lines of one metric, as parts of a whole that the answer does not show: who asks for the
// metric's usage is told it.
static result hide_charges(struct arena *arena, const struct usage_privacy *privacy,
                           const struct metric *metric, const json_t *charges, bool *hidden)
{
    size_t count = json_array_size(charges);
    struct cells cells = make_cells(arena, privacy, 1 + count);
    struct suppress_cell *total = &cells.table.cells[0];
    cells.count = 1;
    for (size_t i = 0; i < count; i++) {
        json_t *charge = json_array_get(charges, i);
        if (!is_of(charge, metric->key))
            continue;
        const struct suppress_cell *part = &cells.table.cells[cells.count];
        add_cell(&cells, charge);
        for (size_t k = 0; k < SUPPRESS_FIGURES; k++)
            total->figures[k] += part->figures[k];
    }
    cells.table.lengths[cells.table.axis_count++] = cells.count;
    return hide(arena, &cells, metric, hidden);
}

static result hide_metric(struct db_tx *tx, const struct customer *customer, str key,
                          const json_t *charges, json_t *answer, bool *hidden)
{
    OWNED(json_release) json_t *held = json_array();
    const struct metric *metric = NULL;
    struct usage_privacy privacy = {0};
    TRY(catalog_metric(tx, key, held, &metric));
    TRY(usage_privacy_read(tx, customer, metric, STR(""), &privacy));
    if (!privacy.applies)
        return OK;
    TRY(hide_charges(db_arena(tx), &privacy, metric, charges, hidden));
    return say_threshold(answer, &privacy);
}

// Backwards: the groups of one charge follow one another.
static bool was_met(const json_t *charges, size_t before, str metric)
{
    while (before > 0) {
        if (is_of(json_array_get(charges, --before), metric))
            return true;
    }
    return false;
}

static result hide_subscription(struct db_tx *tx, const struct customer *customer,
                                json_t *subscription, json_t *answer)
{
    static const char *const sums[] = {"subtotal", "total", "projected_total"};
    const json_t *charges = json_object_get(subscription, "charges");
    bool hidden = false;
    for (size_t i = 0; i < json_array_size(charges); i++) {
        str metric = json_str(json_object_get(json_array_get(charges, i), "metric"));
        if (!was_met(charges, i, metric))
            TRY(hide_metric(tx, customer, metric, charges, answer, &hidden));
    }
    for (size_t i = 0; i < COUNT_OF(sums) && hidden; i++) {
        if (json_object_set_new(subscription, sums[i], json_from_str(STR("*"))) != 0)
            return FAIL(INTERNAL, "out of memory");
    }
    return OK;
}

result usage_privacy_apply_current(struct db_tx *tx, const struct customer *customer,
                                   json_t *answer)
{
    const json_t *subscriptions = json_object_get(answer, "subscriptions");
    for (size_t i = 0; i < json_array_size(subscriptions); i++)
        TRY(hide_subscription(tx, customer, json_array_get(subscriptions, i), answer));
    return OK;
}
