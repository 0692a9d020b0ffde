// SPDX-License-Identifier: Apache-2.0
#include "demo_month.h"

#include "phial/util/array.h"
#include "phial/util/buf.h"

#include <string.h>
#include <time.h>

extern const char demo_catalog[], demo_catalog_end[];
extern const char demo_events[], demo_events_end[];
extern const char demo_planted[], demo_planted_end[];
extern const char demo_refused[], demo_refused_end[];
extern const char demo_truth[], demo_truth_end[];

static str embedded(const char *from, const char *to)
{
    return (str){from, (size_t)(to - from)};
}

static str *lines_of(struct arena *arena, str text, size_t *count)
{
    size_t lines = 0;
    for (size_t i = 0; i < text.len; i++)
        lines += text.ptr[i] == '\n' ? 1 : 0;
    str *list = arena_array(arena, str, lines + 1);
    *count = 0;
    for (str line = {0}; str_cut(text, '\n', &line, &text);)
        list[(*count)++] = line;
    return list;
}

// "time":"2026-12-31T..." becomes the same day of the wanted month, or its last.
static str moved(struct arena *arena, const struct demo_month *month, str line)
{
    static const char member[] = "\"time\":\"";
    enum { DATE = sizeof "2026-12-31" - 1, DAY_AT = sizeof "2026-12-" - 1 };
    const char *found = memmem(line.ptr, line.len, member, sizeof member - 1);
    if (found == NULL)
        return line;
    size_t at = (size_t)(found - line.ptr) + sizeof member - 1;
    int64_t day_of_month = 1;
    (void)str_to_i64(str_slice(line, at + DAY_AT, at + DATE), &day_of_month);
    int last = days_in_month(month->year, month->month);
    if (day_of_month > last)
        day_of_month = last;
    return str_printf(arena, "%" STR_FMT "%04d-%02d-%02d%" STR_FMT, STR_ARG(str_slice(line, 0, at)),
                      month->year, month->month, (int)day_of_month,
                      STR_ARG(str_slice(line, at + DATE, line.len)));
}

static str *moved_lines(struct arena *arena, const struct demo_month *month, str text,
                        size_t *count)
{
    str *list = lines_of(arena, text, count);
    for (size_t i = 0; i < *count; i++)
        list[i] = moved(arena, month, list[i]);
    return list;
}

void demo_month_open(struct arena *arena, struct demo_month *month)
{
    enum { TEN_MINUTES_US = 600 * 1000000, GRACE_HOURS = 25 };
    struct tm now = {0};
    time_t seconds = time(NULL);
    (void)gmtime_r(&seconds, &now);
    month->year = now.tm_year + 1900;
    month->month = now.tm_mon + 1;

    day first = day_from_civil(month->year, month->month, 1);
    instant next = zone_midnight(zone_utc(), day_add_months(first, 1));
    next.us += TEN_MINUTES_US;
    month->start = instant_print(arena, zone_midnight(zone_utc(), first));
    month->next = instant_print(arena, next);
    next.us += GRACE_HOURS * INT64_C(3600000000);
    month->after_grace = instant_print(arena, next);
}

static bool is_imaging(const json_t *row)
{
    return str_eq(json_str(json_object_get(row, "type")), STR("image.analyzed"));
}

// Every customer that the truth names, with a subscription to each plan of which it has activity.
static void add_customers(struct demo_month *month)
{
    json_t *customers = json_object();
    json_t *subscriptions = json_object();
    for (size_t i = 0; i < json_array_size(month->truth); i++) {
        const json_t *row = json_array_get(month->truth, i);
        const char *customer = json_string_value(json_object_get(row, "customer"));
        const char *plan = is_imaging(row) ? "imaging" : "ehr";
        char key[128];
        (void)snprintf(key, sizeof key, "%s-%s", customer, plan);
        (void)json_object_set_new(
            customers, customer,
            json_pack("{s:s,s:s,s:s}", "name", customer, "currency", "USD", "time_zone", "UTC"));
        (void)json_object_set_new(subscriptions, key,
                                  json_pack("{s:s,s:s,s:s#}", "customer", customer, "plan", plan,
                                            "start", month->start.ptr, (int)month->start.len));
    }
    (void)json_object_set_new(month->catalog, "customers", customers);
    (void)json_object_set_new(month->catalog, "subscriptions", subscriptions);
}

result demo_month_read(struct arena *arena, struct demo_month *month)
{
    struct demo_month draft = {.whose = "an EHR and an imaging company",
                               .activity = "encounters, prescriptions, FHIR reads and images",
                               .voided_type = STR("fhir.read")};
    demo_month_open(arena, &draft);
    draft.events =
        moved_lines(arena, &draft, embedded(demo_events, demo_events_end), &draft.event_count);
    draft.refused =
        moved_lines(arena, &draft, embedded(demo_refused, demo_refused_end), &draft.refused_count);
    draft.planted = lines_of(arena, embedded(demo_planted, demo_planted_end), &draft.planted_count);
    TRY(json_parse(embedded(demo_catalog, demo_catalog_end), &draft.catalog));
    TRY(json_parse(embedded(demo_truth, demo_truth_end), &draft.truth));
    add_customers(&draft);
    *month = draft;
    return OK;
}

void demo_month_release(struct demo_month *month)
{
    json_decref(month->catalog);
    json_decref(month->truth);
}

// Which true count a line states: a member of the row, or of one of its groups.
static const struct {
    const char *line;
    const char *type;
    const char *dimension; // NULL without groups
    const char *count;
} measures[] = {
    {"active-patients", "encounter.recorded", NULL, "unique_patients"},
    {"encounters", "encounter.recorded", NULL, "count"},
    {"fhir-resources", "fhir.read", "resource", "quantity"},
    {"image-instances", "image.analyzed", NULL, "instances"},
    {"images", "image.analyzed", "modality", "count"},
    {"prescription-fills", "prescription.processed", NULL, "quantity"},
    {"prescriptions", "prescription.processed", NULL, "count"},
};

static const json_t *true_row(const struct demo_month *month, str customer, const char *type)
{
    for (size_t i = 0; i < json_array_size(month->truth); i++) {
        const json_t *row = json_array_get(month->truth, i);
        if (str_eq(json_str(json_object_get(row, "customer")), customer) &&
            str_eq(json_str(json_object_get(row, "type")), str_from(type)))
            return row;
    }
    return NULL;
}

static decimal number_of(const json_t *value)
{
    decimal number = {0};
    if (json_is_integer(value))
        return decimal_from_i64(json_integer_value(value));
    (void)failed(decimal_parse(json_str(value), &number));
    return number;
}

static decimal true_count(const struct demo_month *month, str customer, size_t measure,
                          const json_t *line)
{
    const json_t *row = true_row(month, customer, measures[measure].type);
    const char *dimension = measures[measure].dimension;
    if (dimension != NULL) {
        str value = json_str(json_object_get(json_object_get(line, "group"), dimension));
        row = json_object_getn(json_object_get(json_object_get(row, "by"), dimension), value.ptr,
                               value.len);
    }
    return number_of(json_object_get(row, measures[measure].count));
}

static bool line_agrees(const struct demo_month *month, str customer, const json_t *line,
                        str voided_resource, decimal voided)
{
    str key = json_str(json_object_get(line, "key"));
    for (size_t i = 0; i < COUNT_OF(measures); i++) {
        if (!str_eq(key, str_from(measures[i].line)))
            continue;
        decimal expected = true_count(month, customer, i, line);
        str resource = json_str(json_object_get(json_object_get(line, "group"), "resource"));
        if (voided_resource.len != 0 && str_eq(resource, voided_resource))
            expected.units -= voided.units;
        return decimal_compare(expected, number_of(json_object_get(line, "quantity"))) == 0;
    }
    return false;
}

// How many lines of a charge the truth asks for.
static size_t groups_expected(const struct demo_month *month, str customer, size_t measure)
{
    if (measures[measure].dimension == NULL)
        return 1;
    const json_t *row = true_row(month, customer, measures[measure].type);
    return json_object_size(
        json_object_get(json_object_get(row, "by"), measures[measure].dimension));
}

static bool charge_has_all_lines(const struct demo_month *month, str customer, const json_t *lines,
                                 size_t measure)
{
    size_t found = 0;
    for (size_t i = 0; i < json_array_size(lines); i++) {
        str key = json_str(json_object_get(json_array_get(lines, i), "key"));
        found += str_eq(key, str_from(measures[measure].line)) ? 1 : 0;
    }
    bool other_plan = found == 0 && measures[measure].dimension == NULL;
    return other_plan || found == 0 || found == groups_expected(month, customer, measure);
}

bool demo_month_agrees(const struct demo_month *month, const json_t *statement, str voided_resource,
                       decimal voided, int *lines)
{
    str customer = json_str(json_object_get(statement, "customer"));
    const json_t *list = json_object_get(statement, "lines");
    bool agrees = true;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *line = json_array_get(list, i);
        if (!str_eq(json_str(json_object_get(line, "kind")), STR("usage")))
            continue;
        agrees = agrees && line_agrees(month, customer, line, voided_resource, voided);
        *lines += 1;
    }
    for (size_t i = 0; i < COUNT_OF(measures); i++)
        agrees = agrees && charge_has_all_lines(month, customer, list, i);
    return agrees;
}
