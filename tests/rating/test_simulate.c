// SPDX-License-Identifier: Apache-2.0
// Each model, each limit and each discount by a figure worked out by hand.
#include "documents.h"
#include "phial/rating/simulate.h"
#include "phial/util/buf.h"

#define PLAN(members) "{'currency': 'USD', 'interval': 'month', " members "}"
#define CHARGE(members) PLAN("'charges': [{'key': 'c', 'metric': 'm', " members "}]")
#define UNIT(key) "{'key': '" key "', 'metric': 'm', 'model': 'per_unit', 'unit_amount': '1'}"
#define TIERS                                                                                        \
    "'tiers': [{'up_to': '10', 'unit_amount': '2', 'flat_amount': '5'}, {'up_to': '20', "            \
    "'unit_amount': '1', 'flat_amount': '3'}, {'up_to': null, 'unit_amount': '0.5', 'flat_amount': " \
    "'7'}]"
#define QUANTITY(number) "{'quantities': {'c': " number "}}"
#define PERCENTAGE(members) CHARGE("'model': 'percentage', 'rate': '2', " members)
#define MATRIX(members)                                                                 \
    CHARGE(                                                                             \
        "'model': 'matrix', 'property': 'modality', 'prices': [{'match': {'modality': " \
        "'mri'}, 'unit_amount': '3'}, {'match': {'modality': 'ct'}, 'unit_amount': '2'}]" members)
#define MODALITIES                                                                               \
    QUANTITY("[{'group': {'modality': 'ct'}, 'quantity': '4'}, {'group': {'modality': 'xray'}, " \
             "'quantity': '5'}, {'group': {'modality': 'mri'}, 'quantity': '2'}]")
#define OUTCOME(members)                                                                        \
    CHARGE("'model': 'outcome', 'prices': [{'match': {'code': '99454'}, 'unit_amount': '50'}, " \
           "{'match': {'code': '99445'}, 'unit_amount': '20'}]" members)
#define OUTCOMES                                                               \
    QUANTITY("[{'group': {'code': '99445', 'patient': 'p1'}, 'quantity': 1}, " \
             "{'group': {'code': '99454', 'patient': 'p1'}, 'quantity': 1}, "  \
             "{'group': {'code': '99445', 'patient': 'p2'}, 'quantity': 1}, "  \
             "{'group': {'code': '99445', 'patient': 'p2'}, 'quantity': 1}, "  \
             "{'group': {'code': '11111', 'patient': 'p3'}, 'quantity': 1}, "  \
             "{'group': {'code': '99454'}, 'quantity': 1}]")

static const struct {
    const char *label;
    const char *plan;
    const char *request;
    const char *expected; // "key amount (discount)..., = subtotal - discounts + tax... = total"
} cases[] = {
    // ---- free units and the models
    {"per_unit takes free units off first",
     CHARGE("'model': 'per_unit', 'unit_amount': '0.333', "
            "'free_units': '2'"),
     QUANTITY("'5'"), "c 1.00 = 1.00"},
    {"a negative quantity is rated by per_unit",
     CHARGE("'model': 'per_unit', 'unit_amount': '1', "
            "'free_units': '2'"),
     QUANTITY("'-5'"), "c -5.00 = -5.00"},
    {"graduated owes nothing at zero", CHARGE("'model': 'graduated', " TIERS), QUANTITY("'0'"),
     "c 0.00 = 0.00"},
    {"graduated takes a negative quantity as zero", CHARGE("'model': 'graduated', " TIERS),
     QUANTITY("'-3'"), "c 0.00 = 0.00"},
    {"a part of a unit makes a flat amount due", CHARGE("'model': 'graduated', " TIERS),
     QUANTITY("'10.1'"), "c 28.10 = 28.10"},
    {"an upper bound is inclusive", CHARGE("'model': 'graduated', " TIERS), QUANTITY("'10'"),
     "c 25.00 = 25.00"},
    {"free units before graduated: tiers count from what is left",
     CHARGE("'model': 'graduated', 'free_units': '5', " TIERS), QUANTITY("'15'"),
     "c 25.00 = 25.00"},
    {"free units beyond the quantity", CHARGE("'model': 'graduated', 'free_units': '50', " TIERS),
     QUANTITY("'15'"), "c 0.00 = 0.00"},
    {"volume at zero owes the first flat amount", CHARGE("'model': 'volume', " TIERS),
     QUANTITY("'0'"), "c 5.00 = 5.00"},
    {"volume takes a negative quantity as zero", CHARGE("'model': 'volume', " TIERS),
     QUANTITY("'-1'"), "c 5.00 = 5.00"},
    {"volume on a bound", CHARGE("'model': 'volume', " TIERS), QUANTITY("'20'"), "c 23.00 = 23.00"},
    {"volume just beyond a bound", CHARGE("'model': 'volume', " TIERS),
     QUANTITY("'20.000000000001'"), "c 17.00 = 17.00"},
    {"stairstep at zero",
     CHARGE("'model': 'stairstep', 'tiers': [{'up_to': '5', 'flat_amount': "
            "'9'}, {'flat_amount': '11'}]"),
     QUANTITY("'0'"), "c 9.00 = 9.00"},
    {"stairstep beyond its last bound",
     CHARGE("'model': 'stairstep', 'tiers': [{'up_to': '5', "
            "'flat_amount': '9'}, {'flat_amount': '11'}]"),
     QUANTITY("'5.5'"), "c 11.00 = 11.00"},
    {"a started package is whole",
     CHARGE("'model': 'package', 'package_size': '10', 'amount': "
            "'4', 'free_units': '5'"),
     QUANTITY("'15.01'"), "c 8.00 = 8.00"},
    {"no package at zero", CHARGE("'model': 'package', 'package_size': '10', 'amount': '4'"),
     QUANTITY("'0'"), "c 0.00 = 0.00"},
    {"graduated percentage",
     CHARGE("'model': 'graduated_percentage', 'tiers': [{'up_to': '100', "
            "'rate': '10', 'flat_amount': '1'}, {'rate': '5', "
            "'flat_amount': '2'}]"),
     QUANTITY("'300'"), "c 23.00 = 23.00"},
    {"graduated percentage owes nothing at zero",
     CHARGE("'model': 'graduated_percentage', 'tiers': [{'rate': '10', 'flat_amount': '1'}]"),
     QUANTITY("'0'"), "c 0.00 = 0.00"},
    // ---- percentage
    {"every event pays its share and the fixed amount", PERCENTAGE("'fixed_amount': '0.10'"),
     "{'events': {'c': ['100', '50']}}", "c 3.20 = 3.20"},
    {"the first units of the sum are free, within an event too",
     PERCENTAGE("'fixed_amount': '0.10', 'free_units': '120'"),
     "{'events': {'c': ['100', '50', '10']}}", "c 1.00 = 1.00"},
    {"an event wholly inside pays nothing", PERCENTAGE("'fixed_amount': '5', 'free_units': '100'"),
     "{'events': {'c': ['60', '40']}}", "c 0.00 = 0.00"},
    {"minimum and maximum are those of an event", PERCENTAGE("'minimum': '1', 'maximum': '3'"),
     "{'events': {'c': ['10', '100', '1000']}}", "c 6.00 = 6.00"},
    {"no event, no minimum", PERCENTAGE("'fixed_amount': '1', 'minimum': '5'"), QUANTITY("'0'"),
     "c 0.00 = 0.00"},
    {"an event of nothing or less pays nothing", PERCENTAGE("'fixed_amount': '1', 'minimum': '5'"),
     "{'events': {'c': ['0', '-20']}}", "c 0.00 = 0.00"},
    {"a quantity alone is one event", PERCENTAGE("'fixed_amount': '1'"), QUANTITY("'100'"),
     "c 3.00 = 3.00"},
    {"many small events are rounded once", PERCENTAGE("'fixed_amount': '0'"),
     "{'events': {'c': ['0.10', '0.10', '0.10']}}", "c 0.01 = 0.01"},
    // ---- dynamic
    {"dynamic adds up what the events carry", CHARGE("'model': 'dynamic'"),
     "{'events': {'c': ['0.402', '1.2', '-0.1']}}", "c 1.50 = 1.50"},
    {"dynamic, a quantity alone", CHARGE("'model': 'dynamic'"), QUANTITY("'0.005'"),
     "c 0.01 = 0.01"},
    {"dynamic, nothing", CHARGE("'model': 'dynamic', 'minimum': '2'"), "{}", "c 2.00 = 2.00"},
    // ---- matrix
    {"a cell without a price costs nothing", MATRIX(""), MODALITIES, "c 14.00 = 14.00"},
    {"or the default", MATRIX(", 'default': '0.5'"), MODALITIES, "c 16.50 = 16.50"},
    {"free units in the order of the prices", MATRIX(", 'free_units': '3'"), MODALITIES,
     "c 6.00 = 6.00"},
    {"a cell below zero counts as zero", MATRIX(""),
     QUANTITY("[{'group': {'modality': 'ct'}, 'quantity': '-4'}, {'group': {'modality': 'mri'}, "
              "'quantity': '1'}]"),
     "c 3.00 = 3.00"},
    {"several properties; the first match counts",
     CHARGE("'model': 'matrix', 'properties': ['modality', 'urgent'], 'prices': [{'match': "
            "{'modality': 'ct', 'urgent': true}, 'unit_amount': '9'}, {'match': {'modality': "
            "'ct'}, 'unit_amount': '4'}]"),
     QUANTITY("[{'group': {'modality': 'ct', 'urgent': 'true'}, 'quantity': '1'}, {'group': "
              "{'modality': 'ct', 'urgent': false}, 'quantity': '1'}]"),
     "c 13.00 = 13.00"},
    {"groups have their cells", MATRIX(", 'group_by': ['site']"),
     QUANTITY("[{'group': {'site': 'b', 'modality': 'ct'}, 'quantity': '1'}, {'group': {'site': "
              "'a', 'modality': 'mri'}, 'quantity': '1'}, {'group': {'site': 'b', 'modality': "
              "'mri'}, 'quantity': '1'}]"),
     "c 3.00, c 5.00 = 8.00"},
    // ---- outcome
    {"every outcome at its price", OUTCOME(", 'subject': 'patient'"), OUTCOMES,
     "c 160.00 = 160.00"},
    {"one outcome a subject, the first price in order",
     OUTCOME(", 'subject': 'patient', 'exclusive': true"), OUTCOMES, "c 70.00 = 70.00"},
    {"outcomes without a subject", OUTCOME(""), OUTCOMES, "c 160.00 = 160.00"},
    // ---- the charge's limits
    {"minimum first, then maximum",
     CHARGE("'model': 'per_unit', 'unit_amount': '1', 'minimum': "
            "'5', 'maximum': '5'"),
     QUANTITY("'1'"), "c 5.00 = 5.00"},
    {"limits of a part of the period only where they say so",
     PLAN("'charges': [{'key': 'c', 'metric': 'm', 'model': 'per_unit', 'unit_amount': '1', "
          "'minimum': '31', 'prorate': true}, {'key': 'd', 'metric': 'm', 'model': 'per_unit', "
          "'unit_amount': '1', 'minimum': '31'}]"),
     "{'usage_share': {'days': 10, 'of': 31}}", "c 10.00, d 31.00 = 41.00"},
    {"groups have their own lines, tiers and rounding, in byte order",
     CHARGE("'model': 'graduated', 'group_by': ['g'], " TIERS),
     QUANTITY("[{'group': {'g': 'b'}, 'quantity': '11'}, {'group': {'g': 'a'}, 'quantity': '1'}]"),
     "c 7.00, c 29.00 = 36.00"},
    {"a charge in groups without usage has no line",
     CHARGE("'model': 'volume', 'group_by': ['g'], " TIERS), QUANTITY("[]"), " = 0.00"},
    // ---- fees, limits of the plan
    {"fees by their share",
     PLAN("'fixed': [{'key': 'a', 'amount': '31'}, {'key': 'b', 'amount': '31', 'prorate': false}, "
          "{'key': 'o', 'amount': '31', 'once': true}]"),
     "{'usage_share': {'days': 1, 'of': 31}}", "a 1.00, b 31.00, o 31.00 = 63.00"},
    {"a minimum counts usage and fees",
     PLAN("'minimum': '100', 'charges': [" UNIT("c") "], 'fixed': [{'key': 'f', 'amount': '20'}]"),
     QUANTITY("'30'"), "c 30.00, f 20.00, minimum 50.00 = 100.00"},
    {"a commitment counts usage alone",
     PLAN("'commitment': {'amount': '100', 'overage_factor': '1.2'}, 'charges': [" UNIT(
         "c") "], "
              "'fixed': [{'key': 'f', 'amount': '20'}]"),
     QUANTITY("'30'"), "c 30.00, f 20.00, commitment 70.00 = 120.00"},
    {"beyond the commitment the factor",
     PLAN("'commitment': {'amount': '100', 'overage_factor': '1.2'}, 'charges': [" UNIT("c") "]"),
     QUANTITY("'150'"), "c 150.00, commitment 10.00 = 160.00"},
    {"usage is rounded before the difference",
     "{'currency': 'JPY', 'interval': 'month', 'commitment': {'amount': '10000'}, 'charges': "
     "[" UNIT("c") "]}",
     QUANTITY("'8500.5'"), "c 8501, commitment 1499 = 10000"},
    {"half to even where the plan says so",
     PLAN("'rounding': 'half_even', 'charges': [" UNIT("c") "]"), QUANTITY("'0.125'"),
     "c 0.12 = 0.12"},
    // ---- discounts
    {"in the order made, each on what is left", PLAN("'charges': [" UNIT("c") "]"),
     "{'quantities': {'c': '100'}, 'discounts': [{'amount': '10'}, {'percent': '20'}]}",
     "c 100.00 (28.00) = 100.00 - 28.00 = 72.00"},
    {"an amount never exceeds its lines", PLAN("'charges': [" UNIT("c") ", " UNIT("d") "]"),
     "{'quantities': {'c': '3', 'd': '9'}, 'discounts': [{'amount': '10', 'charges': ['c']}]}",
     "c 3.00 (3.00), d 9.00 = 12.00 - 3.00 = 9.00"},
    {"a tie goes to the earlier line",
     PLAN("'charges': [" UNIT("c") ", " UNIT("d") ", " UNIT("e") "]"),
     "{'quantities': {'c': '1', 'd': '1', 'e': '1'}, 'discounts': [{'amount': '0.05'}]}",
     "c 1.00 (0.02), d 1.00 (0.02), e 1.00 (0.01) = 3.00 - 0.05 = 2.95"},
    {"a line below zero gives its share back", PLAN("'charges': [" UNIT("c") ", " UNIT("d") "]"),
     "{'quantities': {'c': '100', 'd': '-20'}, 'discounts': [{'percent': '10'}]}",
     "c 100.00 (10.00), d -20.00 (-2.00) = 80.00 - 8.00 = 72.00"},
    {"limits compare after discounts, which are not of them",
     PLAN("'minimum': '100', 'charges': [" UNIT("c") "]"),
     "{'quantities': {'c': '100'}, 'discounts': [{'percent': '10'}]}",
     "c 100.00 (10.00), minimum 10.00 = 110.00 - 10.00 = 100.00"},
    {"a commitment too",
     PLAN("'commitment': {'amount': '80', 'overage_factor': '1.5'}, 'charges': [" UNIT("c") "]"),
     "{'quantities': {'c': '100'}, 'discounts': [{'amount': '30', 'charges': ['c']}]}",
     "c 100.00 (30.00), commitment 10.00 = 110.00 - 30.00 = 80.00"},
    {"a maximum after discounts", PLAN("'maximum': '50', 'charges': [" UNIT("c") "]"),
     "{'quantities': {'c': '100'}, 'discounts': [{'percent': '10'}]}",
     "c 100.00 (10.00), maximum -40.00 = 60.00 - 10.00 = 50.00"},
    {"nothing is left of nothing", PLAN("'charges': [" UNIT("c") "]"),
     "{'quantities': {'c': '-1'}, 'discounts': [{'percent': '10'}, {'amount': '1'}]}",
     "c -1.00 = -1.00"},
    // ---- taxes
    {"each rate once on the base, no tax on tax", PLAN("'charges': [" UNIT("c") "]"),
     "{'quantities': {'c': '1.51'}, 'tax': {'rates': [{'name': 'a', 'percent': '10'}, {'name': "
     "'b', 'percent': '20'}]}, 'discounts': [{'amount': '0.01'}]}",
     "c 1.51 (0.01) = 1.51 - 0.01 + 0.15 + 0.30 = 1.95"},
    {"an exemption", PLAN("'charges': [" UNIT("c") "]"),
     "{'quantities': {'c': '1'}, 'tax': {'rates': [{'name': 'a', 'percent': '10'}], "
     "'exempt_reason': 'hospital'}}",
     "c 1.00 = 1.00"},
    {"a tax below zero on a base below zero", PLAN("'charges': [" UNIT("c") "]"),
     "{'quantities': {'c': '-0.25'}, 'tax': {'rates': [{'name': 'a', 'percent': '10'}]}}",
     "c -0.25 = -0.25 + -0.03 = -0.28"},
};

static str text_of(const json_t *object, const char *name)
{
    return json_str(json_object_get(object, name));
}

static const char *print(struct documents *documents, const json_t *statement)
{
    struct buf text = {.arena = &documents->arena};
    const json_t *lines = json_object_get(statement, "lines");
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        str discount = text_of(line, "discount");
        buf_addf(&text, "%s%" STR_FMT " %" STR_FMT, i == 0 ? "" : ", ",
                 STR_ARG(text_of(line, "key")), STR_ARG(text_of(line, "amount")));
        if (!str_eq(discount, STR("0.00")) && !str_eq(discount, STR("0")))
            buf_addf(&text, " (%" STR_FMT ")", STR_ARG(discount));
    }
    str subtotal = text_of(statement, "subtotal");
    str discounts = text_of(statement, "discounts");
    const json_t *taxes = json_object_get(statement, "tax");
    buf_addf(&text, " = %" STR_FMT, STR_ARG(subtotal));
    if (!str_eq(discounts, STR("0.00")) && !str_eq(discounts, STR("0")))
        buf_addf(&text, " - %" STR_FMT, STR_ARG(discounts));
    for (size_t i = 0; i < json_array_size(taxes); i++)
        buf_addf(&text, " + %" STR_FMT, STR_ARG(text_of(json_array_get(taxes, i), "amount")));
    if (!str_eq(subtotal, text_of(statement, "total")))
        buf_addf(&text, " = %" STR_FMT, STR_ARG(text_of(statement, "total")));
    return str_to_c(&documents->arena, buf_str(&text));
}

static json_t *simulate(struct documents *documents, const char *plan, const char *request)
{
    struct simulation simulation = {.plan = plan_parse(document(documents, plan), false)};
    struct json_at asked = document(documents, request);
    ck_assert_msg(simulation.plan != NULL, "%s: %s", plan, first_fault(documents));
    ck_assert_msg(simulation_terms_parse(asked, &simulation) &&
                      simulation_usage_parse(asked, &simulation),
                  "%s: %s", request, first_fault(documents));
    json_t *statement = NULL;
    ck_assert_ok(statement_simulate(&documents->arena, &simulation, &statement));
    json_array_append_new(documents->held, statement);
    return statement;
}

START_TEST(comes_to)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct documents documents;
        documents_open(&documents);
        const json_t *statement = simulate(&documents, cases[i].plan, cases[i].request);
        const char *text = print(&documents, statement);
        ck_assert_msg(strcmp(text, cases[i].expected) == 0, "%s: %s", cases[i].label, text);
        str canonical = {0};
        ck_assert_ok(json_canonical(&documents.arena, statement, &canonical));
        documents_close(&documents);
    }
}
END_TEST

START_TEST(says_how)
{
    struct documents documents;
    documents_open(&documents);
    const json_t *statement = simulate(&documents, MATRIX(", 'free_units': '1'"), MODALITIES);
    str lines = json_print(&documents.arena, json_object_get(statement, "lines"));
    ck_assert_text(
        &documents.arena, lines,
        "[{\"key\":\"c\",\"name\":\"c\",\"kind\":\"usage\",\"metric\":\"m\",\"model\":\"matrix\","
        "\"quantity\":\"11\",\"amount\":\"11.00\",\"exact_amount\":\"11\",\"discount\":\"0.00\","
        "\"cells\":[{\"match\":{\"modality\":\"mri\"},\"quantity\":\"2\",\"unit_amount\":\"3\","
        "\"amount\":\"3\"},{\"match\":{\"modality\":\"ct\"},\"quantity\":\"4\",\"unit_amount\":"
        "\"2\",\"amount\":\"8\"},{\"quantity\":\"5\",\"unit_amount\":\"0\",\"amount\":\"0\"}],"
        "\"tiers\":[]}]");
    documents_close(&documents);
}
END_TEST

static const struct {
    const char *request;
    const char *fault;
} wrong[] = {
    {QUANTITY("1.5"), "decimal_expected /quantities/c"},
    {QUANTITY("true"), "decimal_expected /quantities/c"},
    {QUANTITY("[{'group': {'g': 'a'}}]"), "missing_member /quantities/c/0/quantity"},
    {QUANTITY("[{'group': 'a', 'quantity': '1'}]"), "invalid /quantities/c/0/group"},
    {QUANTITY("[{'quantity': 'x'}]"), "decimal_expected /quantities/c/0/quantity"},
    {"{'quantities': {'another': '1'}}", "invalid /quantities/another"},
    {"{'quantities': {'an other': '1'}}", "invalid /quantities"},
    {"{'quantities': []}", "invalid /quantities"},
    {"{'events': {'c': '1'}}", "invalid /events/c"},
    {"{'events': {'c': [{}]}}", "missing_member /events/c/0/amount"},
    {"{'events': {'d': ['1']}}", "invalid /events/d"},
    {"{'usage_share': {'days': 1}}", "missing_member /usage_share/of"},
    {"{'usage_share': {'days': 32, 'of': 31}}", "invalid /usage_share"},
    {"{'usage_share': {'days': 0, 'of': 0}}", "invalid /usage_share"},
    {"{'discounts': {}}", "invalid /discounts"},
    {"{'discounts': [{}]}", "invalid /discounts/0"},
    {"{'discounts': [{'percent': '1', 'amount': '1'}]}", "invalid /discounts/0"},
    {"{'discounts': [{'percent': '100.01'}]}", "invalid /discounts/0/percent"},
    {"{'discounts': [{'amount': '-1'}]}", "invalid /discounts/0/amount"},
    {"{'discounts': [{'amount': '1', 'periods': 0}]}", "invalid /discounts/0/periods"},
    {"{'discounts': [{'amount': '1', 'charges': ['']}]}", "invalid /discounts/0/charges/0"},
    {"{'tax': {'rates': [{'percent': '1'}]}}", "missing_member /tax/rates/0/name"},
    {"{'tax': {'rates': [{'name': 'a', 'percent': '101'}]}}", "invalid /tax/rates/0/percent"},
    {"{'tax': []}", "invalid /tax"},
};

START_TEST(refuses_with_a_pointer)
{
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct documents documents;
        documents_open(&documents);
        struct simulation simulation = {
            .plan = plan_parse(document(&documents, PLAN("'charges': [" UNIT("c") "]")), false)};
        struct json_at asked = document(&documents, wrong[i].request);
        ck_assert_msg(!simulation_terms_parse(asked, &simulation) ||
                          !simulation_usage_parse(asked, &simulation),
                      "%s", wrong[i].request);
        ck_assert_str_eq(first_fault(&documents), wrong[i].fault);
        documents_close(&documents);
    }
}
END_TEST

START_TEST(compares_line_by_line)
{
    struct documents documents;
    documents_open(&documents);
    const json_t *a = simulate(&documents, PLAN("'charges': [" UNIT("c") ", " UNIT("d") "]"),
                               "{'quantities': {'c': '5', 'd': '1'}}");
    const json_t *b =
        simulate(&documents,
                 PLAN("'minimum': '9', 'charges': [{'key': 'c', 'metric': 'm', "
                      "'model': 'per_unit', 'unit_amount': '1.50'}]"),
                 "{'quantities': {'c': '5'}, 'tax': {'rates': [{'name': 'a', 'percent': '10'}]}}");
    json_t *comparison = NULL;
    ck_assert_ok(statements_compare(&documents.arena, a, b, &comparison));
    json_array_append_new(documents.held, comparison);
    ck_assert_text(&documents.arena,
                   json_print(&documents.arena, json_object_get(comparison, "lines")),
                   "[{\"key\":\"c\",\"kind\":\"usage\",\"a\":\"5.00\",\"b\":\"7.50\","
                   "\"difference\":\"2.50\"},{\"key\":\"d\",\"kind\":\"usage\",\"a\":\"1.00\","
                   "\"b\":null,\"difference\":\"-1.00\"},{\"key\":\"minimum\",\"kind\":\"minimum\","
                   "\"a\":null,\"b\":\"1.50\",\"difference\":\"1.50\"}]");
    ck_assert_text(&documents.arena,
                   json_print(&documents.arena, json_object_get(comparison, "difference")),
                   "{\"subtotal\":\"3.00\",\"discounts\":\"0.00\",\"tax\":\"0.90\","
                   "\"total\":\"3.90\"}");
    const json_t *yen = simulate(&documents, "{'currency': 'JPY', 'interval': 'month'}", "{}");
    json_t *none = NULL;
    ck_assert_fails(CURRENCY_MISMATCH, statements_compare(&documents.arena, a, yen, &none));
    ck_assert_ptr_null(none);
    documents_close(&documents);
}
END_TEST

TEST_MAIN("simulate", comes_to, says_how, refuses_with_a_pointer, compares_line_by_line)
