// SPDX-License-Identifier: Apache-2.0
// What other engines compute, see tests/data/golden/SOURCE.md.
#include "documents.h"
#include "period.h"
#include "phial/rating/simulate.h"

static str text_of(const json_t *object, const char *name)
{
    return json_str(json_object_get(object, name));
}

static exact number_of(struct arena *arena, str text)
{
    decimal number = {0};
    ck_assert_ok(decimal_parse(text, &number));
    return exact_from_decimal(arena, number);
}

// ---- simulate.json

static exact sum_of(struct arena *arena, const json_t *list, const char *member, const char *kind)
{
    exact sum = exact_zero();
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        if (kind == NULL || str_eq(text_of(item, "kind"), str_from(kind)))
            sum = exact_add(arena, sum, number_of(arena, text_of(item, member)));
    }
    return sum;
}

// What a case calls by this name.
static exact figure(struct arena *arena, const json_t *statement, const char *name)
{
    const json_t *lines = json_object_get(statement, "lines");
    if (strcmp(name, "exact") == 0)
        return sum_of(arena, lines, "exact_amount", "usage");
    if (strcmp(name, "taxes") == 0)
        return sum_of(arena, json_object_get(statement, "tax"), "amount", NULL);
    if (json_is_string(json_object_get(statement, name)))
        return number_of(arena, text_of(statement, name));
    return sum_of(arena, lines, "amount", name);
}

static void check_split(struct arena *arena, const json_t *statement, const json_t *split,
                        const char *id)
{
    const json_t *lines = json_object_get(statement, "lines");
    ck_assert_uint_eq(json_array_size(lines), json_array_size(split));
    for (size_t i = 0; i < json_array_size(split); i++) {
        exact share = number_of(arena, text_of(json_array_get(lines, i), "discount"));
        exact wanted = number_of(arena, json_str(json_array_get(split, i)));
        ck_assert_msg(exact_compare(share, wanted) == 0, "%s: line %zu", id, i);
    }
}

static void check_figures(struct arena *arena, const json_t *statement, const json_t *golden)
{
    const char *id = json_string_value(json_object_get(golden, "id"));
    const char *name = NULL;
    json_t *expected = NULL;
    json_object_foreach(json_object_get(golden, "expected"), name, expected)
    {
        if (json_is_array(expected)) {
            check_split(arena, statement, expected, id);
        } else if (json_is_integer(expected)) {
            str total = text_of(statement, "total");
            str whole = total;
            str fraction = STR("");
            (void)str_cut(total, '.', &whole, &fraction);
            ck_assert_int_eq((int64_t)fraction.len, json_integer_value(expected));
        } else {
            exact actual = figure(arena, statement, name);
            ck_assert_msg(exact_compare(actual, number_of(arena, json_str(expected))) == 0,
                          "%s: %s is %s, not %s", id, name,
                          str_to_c(arena, exact_print(arena, actual)), json_string_value(expected));
        }
    }
}

START_TEST(rates_as_the_golden_cases_do)
{
    struct documents documents;
    documents_open(&documents);
    json_t *cases = NULL;
    ck_assert_ok(json_parse(data_file(&documents, "golden/simulate.json"), &cases));
    ck_assert_uint_gt(json_array_size(cases), 200);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *golden = json_array_get(cases, i);
        struct json_at request = {.value = json_object_get(golden, "request"),
                                  .pointer = STR(""),
                                  .faults = &documents.faults};
        struct simulation simulation = {.plan = plan_parse(json_member(request, "plan"), false)};
        bool read = simulation.plan != NULL && simulation_terms_parse(request, &simulation) &&
                    simulation_usage_parse(request, &simulation);
        ck_assert_msg(read, "%s: %s", json_string_value(json_object_get(golden, "id")),
                      first_fault(&documents));
        json_t *statement = NULL;
        ck_assert_ok(statement_simulate(&documents.arena, &simulation, &statement));
        check_figures(&documents.arena, statement, golden);
        json_decref(statement);
    }
    json_decref(cases);
    documents_close(&documents);
}
END_TEST

// ---- periods.json

static instant midnight(const struct zone *zone, str date)
{
    int64_t year = 0;
    int64_t month = 0;
    int64_t day_of_month = 0;
    ck_assert(str_to_i64(str_slice(date, 0, 4), &year));
    ck_assert(str_to_i64(str_slice(date, 5, 7), &month));
    ck_assert(str_to_i64(str_slice(date, 8, 10), &day_of_month));
    return zone_midnight(zone, day_from_civil((int)year, (int)month, (int)day_of_month));
}

static void check_begins(const struct subscription_terms *terms, const json_t *golden)
{
    const char *id = json_string_value(json_object_get(golden, "id"));
    const json_t *begins = json_object_get(golden, "begins");
    const json_t *number = json_object_get(golden, "number");
    for (size_t i = 0; i < json_array_size(begins); i++) {
        instant wanted = midnight(terms->zone, json_str(json_array_get(begins, i)));
        struct period period = {0};
        bool found = false;
        for (int64_t n = 1; !found && !failed(period_find(terms, n, &period)); n++)
            found = period.start.us == wanted.us || period.end.us == wanted.us;
        ck_assert_msg(found, "%s: no period begins or ends there", id);
        if (number == NULL)
            continue;
        if (failed(period_find(terms, json_integer_value(number), &period)))
            ck_assert_int_eq(wanted.us, terms->end.us);
        else
            ck_assert_msg(period.start.us == wanted.us, "%s: another period begins there", id);
    }
}

static void check_ended(const struct subscription_terms *terms, const json_t *golden)
{
    const json_t *ended = json_object_get(golden, "ended");
    if (ended == NULL)
        return;
    instant by = midnight(terms->zone, text_of(ended, "by"));
    struct period period = {0};
    int64_t count = 0;
    while (!failed(period_find(terms, count + 1, &period)) && period.end.us <= by.us)
        count++;
    ck_assert_int_eq(count, json_integer_value(json_object_get(ended, "count")));
}

static void check_cycles(struct arena *arena, const struct subscription_terms *terms,
                         const json_t *golden)
{
    if (json_object_get(golden, "cycles") == NULL)
        return;
    exact sum = exact_zero();
    struct period period = {0};
    int64_t full_days = 0;
    for (int64_t n = 1; !failed(period_locate(terms, n, &period, &full_days)); n++) {
        int64_t days = days_between(terms->zone, period.start, period.end);
        exact share =
            exact_div(arena, exact_from_i64(arena, days), exact_from_i64(arena, full_days));
        sum = exact_add(arena, sum, exact_round(arena, share, 9, ROUND_HALF_UP));
    }
    ck_assert_msg(str_eq(exact_print(arena, sum), text_of(golden, "cycles")), "%s: %s periods",
                  json_string_value(json_object_get(golden, "id")),
                  str_to_c(arena, exact_print(arena, sum)));
}

START_TEST(cuts_periods_as_the_golden_cases_do)
{
    struct documents documents;
    documents_open(&documents);
    json_t *cases = NULL;
    ck_assert_ok(json_parse(data_file(&documents, "golden/periods.json"), &cases));
    ck_assert_uint_gt(json_array_size(cases), 100);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *golden = json_array_get(cases, i);
        const json_t *subscription = json_object_get(golden, "subscription");
        str source = str_printf(&documents.arena, "{'currency': 'USD', 'interval': '%s'}",
                                json_string_value(json_object_get(subscription, "interval")));
        struct segment segment = {.plan = plan_of(&documents, source.ptr)};
        struct subscription_terms terms = {
            .has_end = true, .segments = &segment, .segment_count = 1};
        ck_assert_ok(zone_load(&documents.arena, text_of(subscription, "time_zone"), &terms.zone));
        terms.anniversary = str_eq(text_of(subscription, "anchor"), STR("anniversary"));
        terms.start = midnight(terms.zone, text_of(subscription, "start"));
        terms.end = midnight(terms.zone, text_of(subscription, "end"));
        segment.from = terms.start;
        check_begins(&terms, golden);
        check_ended(&terms, golden);
        check_cycles(&documents.arena, &terms, golden);
    }
    json_decref(cases);
    documents_close(&documents);
}
END_TEST

TEST_MAIN("golden", rates_as_the_golden_cases_do, cuts_periods_as_the_golden_cases_do)
