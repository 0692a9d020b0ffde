// SPDX-License-Identifier: Apache-2.0
// What other engines compute, see tests/data/golden/SOURCE.md.
#include "documents.h"
#include "period.h"
#include "phial/rating/statement.h"
#include "price.h"

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

// ---- rating.json

static void price_quantity(const struct pricing *pricing, const struct charge *charge,
                           const json_t *quantity)
{
    struct arena *arena = pricing->lines->arena;
    struct usage_group group = {0};
    if (json_is_string(quantity)) {
        group.quantity = number_of(arena, json_str(quantity));
        ck_assert_ok(price_group(pricing, charge, &group));
        return;
    }
    for (size_t i = 0; i < json_array_size(quantity); i++) {
        const json_t *item = json_array_get(quantity, i);
        group.quantity = number_of(arena, text_of(item, "quantity"));
        ck_assert_ok(price_group(pricing, charge, &group));
    }
}

static exact share_of(struct arena *arena, const json_t *share)
{
    if (share == NULL)
        return exact_from_i64(arena, 1);
    int64_t days = json_integer_value(json_object_get(share, "days"));
    int64_t of = json_integer_value(json_object_get(share, "of"));
    return exact_div(arena, exact_from_i64(arena, days), exact_from_i64(arena, of));
}

static void price_case(const struct plan *plan, const json_t *golden, struct lines *lines)
{
    struct pricing pricing = {
        .plan = plan,
        .currency = plan->currency,
        .share = share_of(lines->arena, json_object_get(golden, "share")),
        .lines = lines,
        .rated = arena_array(lines->arena, struct rated, PRICING_SCRATCH),
    };
    const json_t *quantities = json_object_get(golden, "quantities");
    for (size_t i = 0; i < plan->charge_count; i++)
        price_quantity(&pricing, &plan->charges[i],
                       json_object_get(quantities, str_to_c(lines->arena, plan->charges[i].key)));
    for (size_t i = 0; i < plan->fixed_count; i++) {
        exact amount = exact_mul(lines->arena, pricing.share,
                                 exact_from_decimal(lines->arena, plan->fixed[i].amount));
        ck_assert_ok(
            price_fee(&pricing, (struct line){.key = plan->fixed[i].key, .exact_amount = amount}));
    }
    ck_assert_ok(price_limits(&pricing));
}

static void check_amount(const struct lines *lines, const json_t *golden, const char *name,
                         exact actual)
{
    const json_t *expected = json_object_get(json_object_get(golden, "expected"), name);
    if (expected == NULL)
        return;
    exact wanted = number_of(lines->arena, json_str(expected));
    ck_assert_msg(exact_compare(actual, wanted) == 0, "%s: %s is %s, not %s",
                  json_string_value(json_object_get(golden, "id")), name,
                  str_to_c(lines->arena, exact_print(lines->arena, actual)),
                  json_string_value(expected));
}

static exact sum_of(const struct lines *lines, enum line_kind kind, bool unrounded)
{
    exact sum = exact_zero();
    for (size_t i = 0; i < lines->count; i++) {
        const struct line *line = &lines->items[i];
        if (line->kind == kind)
            sum = exact_add(lines->arena, sum,
                            unrounded ? line->exact_amount
                                      : money_to_exact(lines->arena, line->amount));
    }
    return sum;
}

static void check_totals(const struct lines *lines, enum currency currency, const json_t *golden)
{
    struct tax_rate taxes[TAX_RATES_MAX] = {0};
    struct subscription_terms terms = {.currency = currency, .taxes = taxes};
    const json_t *rates = json_object_get(golden, "tax");
    for (; terms.tax_count < json_array_size(rates); terms.tax_count++)
        ck_assert_ok(decimal_parse(text_of(json_array_get(rates, terms.tax_count), "percent"),
                                   &taxes[terms.tax_count].percent));
    struct totals totals = {0};
    ck_assert_ok(totals_compute(lines, &terms, ROUND_HALF_UP, &totals));
    exact sum = exact_zero();
    for (size_t i = 0; i < terms.tax_count; i++)
        sum = exact_add(lines->arena, sum, money_to_exact(lines->arena, totals.taxes[i]));
    check_amount(lines, golden, "taxes", sum);
    check_amount(lines, golden, "subtotal", money_to_exact(lines->arena, totals.subtotal));
}

START_TEST(rates_as_the_golden_cases_do)
{
    struct documents documents;
    documents_open(&documents);
    json_t *cases = NULL;
    ck_assert_ok(json_parse(data_file(&documents, "golden/rating.json"), &cases));
    ck_assert_uint_gt(json_array_size(cases), 100);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *golden = json_array_get(cases, i);
        struct json_at plan_at = {.value = json_object_get(golden, "plan"),
                                  .pointer = STR(""),
                                  .faults = &documents.faults};
        const struct plan *plan = plan_parse(plan_at, false);
        ck_assert_msg(plan != NULL, "%s: %s", json_string_value(json_object_get(golden, "id")),
                      first_fault(&documents));
        struct lines lines = {.arena = &documents.arena};
        price_case(plan, golden, &lines);
        check_amount(&lines, golden, "usage", sum_of(&lines, LINE_USAGE, false));
        check_amount(&lines, golden, "exact", sum_of(&lines, LINE_USAGE, true));
        check_amount(&lines, golden, "fixed", sum_of(&lines, LINE_FIXED, false));
        check_amount(&lines, golden, "minimum", sum_of(&lines, LINE_MINIMUM, false));
        check_amount(&lines, golden, "commitment", sum_of(&lines, LINE_COMMITMENT, false));
        check_totals(&lines, plan->currency, golden);
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
