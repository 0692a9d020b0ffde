// SPDX-License-Identifier: Apache-2.0
// Periods, fees, limits, discounts and taxes.
#include "story.h"

#define BILLED(start, end)                                                               \
    "{'lines': [{'key': 'base', 'name': 'Base', 'kind': 'fixed', 'exact_amount': '300'," \
    " 'period': {'start': '" start "', 'end': '" end "'}}]}"
#define WHOLE(timing) PLAN("'fixed': [" FEE("base", "'prorate': false, " timing) "]")

static const struct story stories[] = {
    {"usage of the half-open period",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL, PLAN(UNIT)}},
     {{"2026-11-01T03:59:59Z", "1000", ""},
      {"2026-11-01T04:00:00Z", "1", ""},
      {"2026-12-01T04:59:59Z", "2", ""},
      {"2026-12-01T05:00:00Z", "1000", ""}},
     NULL,
     1,
     "c 3.00 = 3.00"},
    {"a charge without usage has its line, one in groups has none",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL, PLAN("'charges': [{'key': 'c', 'metric': 'm', 'model': 'per_unit', 'unit_amount': "
                  "'1'}, {'key': 'd', 'metric': 'm', 'model': 'per_unit', 'unit_amount': '1', "
                  "'group_by': ['g']}]")}},
     {{0}},
     NULL,
     1,
     "c 0.00 = 0.00"},
    {"each group has its own tiers, in byte order",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL, PLAN(CHARGE("'model': 'graduated', 'group_by': ['g'], 'tiers': [{'up_to': '2', "
                         "'unit_amount': '1'}, {'unit_amount': '10'}]"))}},
     {{"2026-11-02T04:00:00Z", "3", "mri"},
      {"2026-11-03T04:00:00Z", "1", "ct"},
      {"2026-11-04T04:00:00Z", "1", "ct"}},
     NULL,
     1,
     "c 2.00, c 12.00 = 14.00"},
    {"free units, then the model, then the charge's limits",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL, PLAN(CHARGE("'model': 'package', 'package_size': '10', 'amount': '7', 'free_units': "
                         "'5', 'maximum': '13.50'"))}},
     {{"2026-11-02T04:00:00Z", "16", ""}},
     NULL,
     1,
     "c 13.50 = 13.50"},
    {"arrears are prorated by local days of the uncut period",
     false,
     "2026-11-16T05:00:00Z",
     NULL,
     {{NULL, PLAN("'fixed': [" FEE("base", "'timing': 'arrears'") "]")}},
     {{0}},
     NULL,
     1,
     "base 150.00 = 150.00"},
    {"an end inside the period cuts it",
     true,
     "2026-11-10T05:00:00Z",
     "2026-11-25T05:00:00Z",
     {{NULL, PLAN("'minimum': '60', 'fixed': [" FEE("base", "'timing': 'arrears'") "]")}},
     {{0}},
     NULL,
     1,
     "base 150.00 = 150.00"},
    {"a minimum of a short period is prorated",
     true,
     "2026-11-10T05:00:00Z",
     "2026-11-25T05:00:00Z",
     {{NULL, PLAN("'minimum': '60', " UNIT)}},
     {{"2026-11-12T04:00:00Z", "4", ""}},
     NULL,
     1,
     "c 4.00, minimum 26.00 = 30.00"},
    {"a maximum makes a negative line",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL,
       PLAN("'maximum': '310', " UNIT ", 'fixed': [" FEE("base", "'timing': 'arrears'") "]")}},
     {{"2026-11-12T04:00:00Z", "40", ""}},
     NULL,
     1,
     "c 40.00, base 300.00, maximum -30.00 = 310.00"},
    {"below the commitment the difference",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL, PLAN("'commitment': {'amount': '100', 'overage_factor': '1.2'}, " UNIT)}},
     {{"2026-11-12T04:00:00Z", "40", ""}},
     NULL,
     1,
     "c 40.00, commitment 60.00 = 100.00"},
    {"above the commitment the surcharge",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL, PLAN("'commitment': {'amount': '100', 'overage_factor': '1.2'}, " UNIT)}},
     {{"2026-11-12T04:00:00Z", "150", ""}},
     NULL,
     1,
     "c 150.00, commitment 10.00 = 160.00"},
    {"a change makes two segments, each with its own days; tiers restart",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL, PLAN(CHARGE("'model': 'graduated', 'tiers': [{'up_to': '10', 'unit_amount': '1'}, "
                         "{'unit_amount': '2'}]"))},
      {"2026-11-16T05:00:00Z", PLAN(CHARGE("'model': 'graduated', 'tiers': [{'up_to': '10', "
                                           "'unit_amount': '3'}, {'unit_amount': '4'}]"))}},
     {{"2026-11-12T04:00:00Z", "12", ""},
      {"2026-11-16T04:59:59Z", "1", ""},
      {"2026-11-16T05:00:00Z", "12", ""}},
     NULL,
     1,
     "c 16.00, c 38.00 = 54.00"},
    {"tiers that go on over the period",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL, PLAN(CHARGE("'model': 'graduated', 'tiers': [{'up_to': '10', 'unit_amount': '1'}, "
                         "{'unit_amount': '2'}]"))},
      {"2026-11-16T05:00:00Z",
       PLAN("'tier_scope': 'period', " CHARGE("'model': 'graduated', 'tiers': [{'up_to': '10', "
                                              "'unit_amount': '3'}, {'unit_amount': '4'}]"))}},
     {{"2026-11-12T04:00:00Z", "6", ""}, {"2026-11-16T05:00:00Z", "12", ""}},
     NULL,
     1,
     "c 6.00, c 44.00 = 50.00"}, // 4 at 3 and 8 at 4
    {"nothing is billed in a trial, and what begins after it is cut",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL, PLAN("'trial_days': 10, 'minimum': '90', " UNIT
                  ", 'fixed': [" FEE("base", "'timing': 'arrears', 'prorate': true") "]")}},
     {{"2026-11-11T04:59:59Z", "1000", ""}, {"2026-11-11T05:00:00Z", "5", ""}},
     NULL,
     1,
     "c 5.00, base 200.00 = 205.00"},
    {"a period within the trial comes to nothing",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL,
       PLAN("'trial_days': 60, 'minimum': '90', " CHARGE(
           "'model': 'stairstep', 'tiers': [{'flat_amount': '5'}]") ", 'fixed': [" FEE("base",
                                                                                       "'once': false") "]")}},
     {{"2026-11-11T04:59:59Z", "1000", ""}},
     NULL,
     1,
     "c 0.00 = 0.00"},
    {"an opening statement bills ahead",
     false,
     "2026-11-16T05:00:00Z",
     NULL,
     {{NULL, PLAN("'minimum': '5000', 'fixed': [" FEE("base", "'timing': 'advance'") "]")}},
     {{0}},
     NULL,
     0,
     "base 150.00 = 150.00"},
    {"limits go by the period's own fees, whichever statement has them",
     false,
     "2026-11-01T04:00:00Z",
     "2026-12-11T05:00:00Z",
     {{NULL,
       PLAN("'minimum': '310', " UNIT ", 'fixed': [" FEE("base", "'timing': 'advance'") "]")}},
     {{"2026-11-11T04:59:59Z", "4", ""}, {"2026-12-02T05:00:00Z", "1", ""}},
     NULL,
     2,
     "c 1.00, minimum 2.23 = 3.23"}, // 310 x 10/31 - 96.77 - 1
    {"nothing is billed ahead beyond a known end",
     false,
     "2026-11-01T04:00:00Z",
     "2026-12-11T05:00:00Z",
     {{NULL, PLAN("'fixed': [" FEE("base", "'timing': 'advance'") "]")}},
     {{0}},
     NULL,
     1,
     "base 96.77 = 96.77"},
    {"the last statement bills nothing ahead",
     false,
     "2026-11-01T04:00:00Z",
     "2026-12-11T05:00:00Z",
     {{NULL, PLAN("'fixed': [" FEE("base", "'timing': 'advance'") "]")}},
     {{0}},
     NULL,
     2,
     " = 0.00"},
    {"unused days come back",
     false,
     "2026-11-01T04:00:00Z",
     "2026-11-11T05:00:00Z",
     {{NULL, PLAN("'fixed': [" FEE("base", "'timing': 'advance'") "]")}},
     {{0}},
     BILLED("2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z"),
     1,
     "base -200.00 = -200.00"},
    {"what is not prorated does not come back",
     false,
     "2026-11-01T04:00:00Z",
     "2026-11-11T05:00:00Z",
     {{NULL, PLAN("'fixed': [" FEE("base", "'timing': 'advance', 'prorate': false") "]")}},
     {{0}},
     BILLED("2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z"),
     1,
     " = 0.00"},
    {"a fee that the terms do not know any more comes back whole",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL, PLAN("'minimum': '0'")}},
     {{0}},
     BILLED("2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z"),
     1,
     "base -300.00 = -300.00"},
    {"fees of a plan that came in mid-period, after no opening statement",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL, PLAN("'minimum': '0'")},
      {"2026-11-16T05:00:00Z", PLAN("'fixed': [" FEE("base", "'timing': 'advance'") "]")}},
     {{0}},
     NULL,
     1,
     "base 150.00, base 300.00 = 450.00"},
    {"a fee of once is due once, whole",
     false,
     "2026-11-16T05:00:00Z",
     NULL,
     {{NULL, PLAN("'fixed': [" FEE("setup", "'once': true") "]")},
      {"2026-11-20T05:00:00Z", PLAN("'fixed': [" FEE("setup", "'once': true") "]")}},
     {{0}},
     NULL,
     1,
     "setup 300.00 = 300.00"},
    {"and not again",
     false,
     "2026-11-16T05:00:00Z",
     NULL,
     {{NULL, PLAN("'fixed': [" FEE("setup", "'once': true") "]")}},
     {{0}},
     NULL,
     2,
     " = 0.00"},
    {"a fee that is not prorated is due once, though its plan goes and comes back",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL, WHOLE("'timing': 'arrears'")},
      {"2026-11-11T05:00:00Z", "{'key': 'q', 'currency': 'USD', 'interval': 'month'}"},
      {"2026-11-21T05:00:00Z", WHOLE("'timing': 'arrears'")}},
     {{0}},
     NULL,
     1,
     "base 300.00 = 300.00"},
    {"nor is it billed again in advance: here stands the next period's alone",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL, WHOLE("'timing': 'advance'")},
      {"2026-11-11T05:00:00Z", "{'key': 'q', 'currency': 'USD', 'interval': 'month'}"},
      {"2026-11-21T05:00:00Z", WHOLE("'timing': 'advance'")}},
     {{0}},
     BILLED("2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z"),
     1,
     "base 300.00 = 300.00"},
    {"another plan's fee of this key is another fee",
     false,
     "2026-11-01T04:00:00Z",
     NULL,
     {{NULL, WHOLE("'timing': 'arrears'")},
      {"2026-11-11T05:00:00Z", "{'key': 'q', 'currency': 'USD', 'interval': 'month', 'fixed': "
                               "[{'key': 'base', 'amount': '5', 'prorate': false}]}"}},
     {{0}},
     NULL,
     1,
     "base 300.00, base 5.00 = 305.00"},
    {"what was billed ahead comes back whole when it ends at its start",
     false,
     "2026-11-01T04:00:00Z",
     "2026-11-01T04:00:00Z",
     {{NULL, WHOLE("'timing': 'advance'")}},
     {{0}},
     BILLED("2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z"),
     1,
     "base -300.00 = -300.00"},
    {"and an opening statement that is still open comes to nothing",
     false,
     "2026-11-01T04:00:00Z",
     "2026-11-01T04:00:00Z",
     {{NULL, WHOLE("'timing': 'advance'")}},
     {{0}},
     NULL,
     0,
     " = 0.00"},
    {"a closing statement has neither usage nor limits, and settles no fee",
     false,
     "2026-11-01T04:00:00Z",
     "2026-11-16T05:00:00Z",
     {{NULL, PLAN("'minimum': '50', " UNIT ", 'fixed': [" FEE("base", "'timing': 'advance'") "]")}},
     {{"2026-11-15T05:00:00Z", "60", ""}, {"2026-11-16T05:00:00Z", "70", ""}},
     "{'lines': [{'key': 'base', 'name': 'Base', 'kind': 'fixed', 'exact_amount': '-150', 'period':"
     " {'start': '2026-11-16T05:00:00Z', 'end': '2026-12-01T05:00:00Z'}}]}",
     2,
     " = 0.00"},
};

START_TEST(comes_to)
{
    comes_to_what_is_expected(stories, COUNT_OF(stories));
}
END_TEST

START_TEST(taxes_each_rate_once_on_the_base)
{
    struct documents documents;
    documents_open(&documents);
    static const struct story story = {
        .start = "2026-11-01T04:00:00Z",
        .plans = {{NULL, PLAN("'fixed': [{'key': 'f', 'amount': '1.51'}]")}},
        .period = 1,
    };
    struct tax_rate taxes[] = {{.name = STR("State")}, {.name = STR("City"), .category = STR("S")}};
    ck_assert_ok(decimal_parse(STR("10"), &taxes[0].percent));
    ck_assert_ok(decimal_parse(STR("8.250"), &taxes[1].percent));
    struct subscription_terms terms = {.taxes = taxes, .tax_count = COUNT_OF(taxes)};
    const json_t *statement = compute(&documents, &story, &terms);
    str text = json_print(&documents.arena, json_object_get(statement, "tax"));
    ck_assert_text(&documents.arena, text,
                   "[{\"name\":\"State\",\"percent\":\"10\",\"base\":\"1.51\",\"amount\":\"0.15\"},"
                   "{\"name\":\"City\",\"percent\":\"8.25\",\"category\":\"S\",\"base\":\"1.51\","
                   "\"amount\":\"0.12\"}]");
    ck_assert_str_eq(json_string_value(json_object_get(statement, "total")), "1.78");
    ck_assert_str_eq(json_string_value(json_object_get(statement, "amount_due")), "1.78");

    terms = (struct subscription_terms){
        .taxes = taxes, .tax_count = COUNT_OF(taxes), .exempt_reason = STR("hospital")};
    statement = compute(&documents, &story, &terms);
    ck_assert_uint_eq(json_array_size(json_object_get(statement, "tax")), 0);
    ck_assert_str_eq(json_string_value(json_object_get(statement, "total")), "1.51");
    ck_assert_str_eq(json_string_value(json_object_get(statement, "exempt_reason")), "hospital");
    documents_close(&documents);
}
END_TEST

// It goes by the plan that was the last, and uses up no discount.
START_TEST(a_closing_statement_bills_what_came_too_late)
{
    static const struct story story = {
        .start = "2026-11-01T04:00:00Z",
        .end = "2026-12-01T05:00:00Z",
        .plans = {{NULL, PLAN(UNIT)},
                  {"2026-11-16T05:00:00Z", "{'key': 'q', 'currency': 'USD', 'interval': 'month'}"}},
        .period = 3,
    };
    struct documents documents;
    documents_open(&documents);
    struct discount discount = {
        .id = STR("d"), .is_percent = true, .percent = decimal_from_i64(50), .periods = 1};
    struct adjustment late = {.key = STR("c"),
                              .name = STR("c"),
                              .amount = {700, CURRENCY_USD},
                              .invoice = STR("i"),
                              .period = {.number = 1}};
    struct tax_rate tax = {.name = STR("State"), .percent = decimal_from_i64(10)};
    struct subscription_terms terms = {.discounts = &discount,
                                       .discount_count = 1,
                                       .adjustments = &late,
                                       .adjustment_count = 1,
                                       .taxes = &tax,
                                       .tax_count = 1};
    const json_t *statement = compute(&documents, &story, &terms);
    ck_assert_str_eq(print_lines(&documents, statement), "c 7.00 = 7.00");
    ck_assert_str_eq(json_string_value(json_object_get(statement, "discounts")), "0.00");
    ck_assert_str_eq(json_string_value(json_object_get(statement, "total")), "7.70");
    ck_assert_ptr_null(json_object_get(statement, "discount_details"));
    const json_t *plan = json_object_get(statement, "plan");
    ck_assert_str_eq(json_string_value(json_object_get(plan, "key")), "q");
    const json_t *period = json_object_get(statement, "period");
    ck_assert_str_eq(json_string_value(json_object_get(period, "start")),
                     "2026-12-01T05:00:00.000000Z");
    ck_assert(json_equal(json_object_get(period, "start"), json_object_get(period, "end")));
    documents_close(&documents);
}
END_TEST

START_TEST(only_what_has_ended_is_closed)
{
    static const struct {
        int64_t number;
        bool has_end;
        int32_t days; // after the start
        bool closes;
    } cases[] = {{1, true, 30, false}, {2, true, 30, true},  {9, true, 30, true},
                 {0, true, 30, false}, {9, false, 0, false}, {2, true, 0, false},
                 {-1, true, 30, false}};
    static const struct story story = {
        .start = "2026-11-01T04:00:00Z", .plans = {{NULL, PLAN(UNIT)}}, .period = 1};
    struct documents documents;
    documents_open(&documents);
    struct subscription_terms terms = {0};
    (void)compute(&documents, &story, &terms);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        terms.has_end = cases[i].has_end;
        terms.end = (instant){terms.start.us + cases[i].days * INT64_C(86400000000)};
        ck_assert_int_eq(period_closing(&terms, cases[i].number), cases[i].closes);
    }
    documents_close(&documents);
}
END_TEST

// The limits of a segment compare with its own lines after the statement's discounts.
START_TEST(discounts_come_before_the_limits_of_each_segment)
{
    static const struct story story = {
        .start = "2026-11-01T04:00:00Z",
        .plans = {{NULL, PLAN("'minimum': '100', " UNIT)},
                  {"2026-11-16T05:00:00Z", PLAN("'minimum': '200', " UNIT)}},
        .events = {{"2026-11-02T05:00:00Z", "60", ""}, {"2026-11-20T05:00:00Z", "60", ""}},
        .period = 1,
    };
    struct documents documents;
    documents_open(&documents);
    struct discount discount = {.is_percent = true, .percent = decimal_from_i64(50)};
    struct subscription_terms terms = {.discounts = &discount, .discount_count = 1};
    const json_t *statement = compute(&documents, &story, &terms);
    ck_assert_str_eq(print_lines(&documents, statement),
                     "c 60.00, c 60.00, minimum 20.00, minimum 70.00 = 210.00");
    ck_assert_str_eq(json_string_value(json_object_get(statement, "discounts")), "60.00");
    ck_assert_str_eq(json_string_value(json_object_get(statement, "total")), "150.00");
    documents_close(&documents);
}
END_TEST

// A fee in advance stood on the statement before, which took something off it.
START_TEST(a_minimum_counts_fees_billed_ahead_after_their_discount)
{
    struct story story = {
        .start = "2026-11-01T04:00:00Z",
        .plans = {{NULL, PLAN("'minimum': '400', 'fixed': [" FEE(
                             "base", "'name': 'Base', 'timing': 'advance'") "]")}},
        .before = "{'lines': [{'key': 'base', 'name': 'Base', 'kind': 'fixed', 'exact_amount': "
                  "'300', 'discount': '30.00', 'period': {'start': '2026-11-01T04:00:00Z', 'end': "
                  "'2026-12-01T05:00:00Z'}}]}",
        .period = 1,
    };
    struct documents documents;
    documents_open(&documents);
    struct subscription_terms terms = {0};
    const json_t *statement = compute(&documents, &story, &terms);
    ck_assert_str_eq(print_lines(&documents, statement), "base 300.00, minimum 130.00 = 430.00");
    documents_close(&documents);
}
END_TEST

START_TEST(says_what_a_line_rests_on)
{
    struct documents documents;
    documents_open(&documents);
    static const struct story story = {
        .start = "2026-11-01T04:00:00Z",
        .plans = {{NULL, PLAN(CHARGE("'model': 'graduated', 'group_by': ['g'], 'tiers': "
                                     "[{'up_to': '2', 'unit_amount': '0.5', 'flat_amount': '1'}, "
                                     "{'unit_amount': '10'}]"))}},
        .events = {{"2026-11-02T04:00:00Z", "1", "ct"}, {"2026-11-04T04:00:00Z", "1.25", "ct"}},
        .period = 1,
    };
    struct subscription_terms terms = {0};
    const json_t *statement = compute(&documents, &story, &terms);
    str text = json_print(&documents.arena, json_object_get(statement, "lines"));
    ck_assert_text(
        &documents.arena, text,
        "[{\"key\":\"c\",\"name\":\"c\",\"kind\":\"usage\",\"metric\":\"m\",\"model\":\"graduated\","
        "\"group\":{\"g\":\"ct\"},\"quantity\":\"2.25\",\"amount\":\"4.50\",\"exact_amount\":\"4.5\","
        "\"discount\":\"0.00\",\"tiers\":["
        "{\"up_to\":\"2\",\"quantity\":\"2\",\"unit_amount\":\"0.5\",\"flat_amount\":\"1\","
        "\"amount\":\"2\"},"
        "{\"quantity\":\"0.25\",\"unit_amount\":\"10\",\"flat_amount\":\"0\",\"amount\":\"2.5\"}],"
        "\"period\":{\"start\":\"2026-11-01T04:00:00.000000Z\",\"end\":"
        "\"2026-12-01T05:00:00.000000Z\"},"
        "\"events\":{\"count\":2,\"from_index\":0,\"to_index\":2}}]");
    documents_close(&documents);
}
END_TEST

START_TEST(a_change_of_interval_ends_the_period)
{
    struct documents documents;
    documents_open(&documents);
    struct segment segments[] = {
        {.from = at("2026-11-01T04:00:00Z"), .plan = plan_of(&documents, PLAN("'minimum': '0'"))},
        {.from = at("2027-01-11T05:00:00Z"),
         .plan = plan_of(&documents, "{'currency': 'USD', 'interval': 'year'}")},
    };
    struct subscription_terms terms = {
        .start = segments[0].from, .segments = segments, .segment_count = COUNT_OF(segments)};
    ck_assert_ok(zone_load(&documents.arena, STR("America/New_York"), &terms.zone));
    static const struct {
        int64_t number;
        const char *start;
        const char *end;
    } periods[] = {
        {2, "2026-12-01T05:00:00Z", "2027-01-01T05:00:00Z"},
        {3, "2027-01-01T05:00:00Z", "2027-01-11T05:00:00Z"},
        {4, "2027-01-11T05:00:00Z", "2028-01-01T05:00:00Z"},
        {5, "2028-01-01T05:00:00Z", "2029-01-01T05:00:00Z"},
    };
    for (size_t i = 0; i < COUNT_OF(periods); i++) {
        struct period period = {0};
        ck_assert_ok(period_find(&terms, periods[i].number, &period));
        ck_assert_int_eq(period.start.us, at(periods[i].start).us);
        ck_assert_int_eq(period.end.us, at(periods[i].end).us);
    }
    struct period none = {.number = 7};
    ck_assert_fails(NOT_FOUND, period_find(&terms, -1, &none));
    ck_assert_fails(NOT_FOUND, period_find(&terms, INT64_MAX, &none));
    ck_assert_int_eq(none.number, 7);
    documents_close(&documents);
}
END_TEST

static json_t *stretch_of(struct documents *documents, const struct subscription_terms *terms,
                          const char *start, const char *end)
{
    struct period stretch = {.number = 1, .start = at(start), .end = at(end)};
    struct usage none = {0};
    json_t *statement = NULL;
    ck_assert_ok(statement_of_stretch(&documents->arena, terms, &stretch, &none, &statement));
    json_array_append_new(documents->held, statement);
    return statement;
}

START_TEST(a_stretch_has_its_share_of_the_whole_period)
{
    static const struct story story = {
        .start = "2026-11-01T04:00:00Z",
        .plans = {{NULL,
                   PLAN("'minimum': '400', 'fixed': [" FEE("late", "'timing': 'arrears'") ", " FEE(
                       "early", "'timing': 'advance'") "]")}},
        .period = 1,
    };
    struct documents documents;
    documents_open(&documents);
    struct subscription_terms terms = {0};
    (void)compute(&documents, &story, &terms);
    const json_t *inside =
        stretch_of(&documents, &terms, "2026-11-11T05:00:00Z", "2026-11-21T05:00:00Z");
    ck_assert_str_eq(print_lines(&documents, inside), "late 100.00 = 100.00");
    const json_t *last =
        stretch_of(&documents, &terms, "2026-11-21T05:00:00Z", "2026-12-01T05:00:00Z");
    ck_assert_str_eq(print_lines(&documents, last), "late 100.00, early 300.00 = 400.00");

    struct period beyond = {
        .number = 1, .start = at("2026-11-21T05:00:00Z"), .end = at("2026-12-02T05:00:00Z")};
    struct usage none = {0};
    json_t *untouched = NULL;
    ck_assert_fails(INVALID,
                    statement_of_stretch(&documents.arena, &terms, &beyond, &none, &untouched));
    ck_assert_ptr_null(untouched);
    documents_close(&documents);
}
END_TEST

TEST_MAIN("statement", comes_to, a_closing_statement_bills_what_came_too_late,
          only_what_has_ended_is_closed, taxes_each_rate_once_on_the_base,
          discounts_come_before_the_limits_of_each_segment,
          a_minimum_counts_fees_billed_ahead_after_their_discount, says_what_a_line_rests_on,
          a_change_of_interval_ends_the_period, a_stretch_has_its_share_of_the_whole_period)
