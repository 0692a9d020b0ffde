// SPDX-License-Identifier: Apache-2.0
#include "bill_fixture.h"
#include "words.h"

START_TEST(reads_what_is_shown)
{
    struct fixture fixture;
    ck_assert_ok(fixture_read(&fixture, "?", ""));
    const struct bill *bill = &fixture.bill;
    ck_assert_int_eq(bill->state, BILL_ISSUED);
    ck_assert_uint_eq(bill->line_count, 3);
    ck_assert(str_eq(bill->lines[0].key, STR("reads"))); // usage first, adjustments last
    ck_assert(str_eq(bill->lines[2].key, STR("late")));
    ck_assert(!bill->lines[0].has_period && bill->lines[2].has_period);
    ck_assert(str_eq(bill->lines[1].unit_price, STR("490")));
    ck_assert(str_eq(bill->lines[0].unit_price, STR(""))); // two tiers
    ck_assert_int_eq(bill->base.minor, 128775);
    ck_assert_int_eq(bill->amount_due.minor, 150000);
    ck_assert(str_eq(bill->ledger_origin, STR("phial.local/ledger/clinic-042")));
    fixture_close(&fixture);
}
END_TEST

START_TEST(shows_what_a_price_is_made_of)
{
    static const struct {
        const char *parts, *label, *price;
        bool shown;
    } cases[] = {
        {"'tiers':[{'quantity':'1247','unit_amount':'0.7','flat_amount':'0','amount':'872.9'}]",
         "All units", "0.70", true}, // not what the amount is: a minimum, perhaps
        {"'tiers':[{'up_to':'10','quantity':'10','rate':'2.9','flat_amount':'0','amount':'1'}]",
         "Up to 10", "2.9%", true},
        {"'cells':[{'match':{'modality':'ct','site':'a'},'quantity':'2','unit_amount':'3',"
         "'amount':'6'}]",
         "modality: ct, site: a", "3.00", true},
        {"'cells':[{'quantity':'2','unit_amount':'0','amount':'0'}]", "Other", "0.00", true},
    };
    static const char tiers[] =
        "'tiers':[{'up_to':'1000','quantity':'1000','unit_amount':'0.75','flat_amount':'0',"
        "'amount':'750'},{'quantity':'247','unit_amount':'0.5','flat_amount':'0',"
        "'amount':'123.5'}]";
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture fixture;
        ck_assert_ok(fixture_read(&fixture, tiers, cases[i].parts));
        const struct bill_line *line = &fixture.bill.lines[0];
        struct arena *arena = &fixture.arena;
        ck_assert_uint_eq(line->tier_count, 1);
        ck_assert_str_eq(str_to_c(arena, words_tier(arena, line, 0)), cases[i].label);
        ck_assert_str_eq(str_to_c(arena, words_tier_price(arena, line, 0)), cases[i].price);
        ck_assert(words_shows_tiers(line) == cases[i].shown);
        fixture_close(&fixture);
    }
}
END_TEST

START_TEST(refuses_what_is_no_statement)
{
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"'EUR','period'", "'XYZ','period'"},
        {"'amount':'490.00'", "'amount':'490.001'"},
        {"'amount':'490.00'", "'amount':'9223372036854775807.00'"},
        {"'quantity':'247'", "'quantity':'2e7'"},
        {"'percent':'19'", "'percent':19.5"},
        {"'percent':'19',", ""},
        {"'name':'Late reads'", "'name':7"},
        {"'2026-11-01T00:00:00Z','end'", "'yesterday','end'"},
        {"'time_zone':'UTC','number'", "'time_zone':'../../etc/passwd','number'"},
        {"'group':{'modality':'ct'}", "'group':{'modality':{}}"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture fixture;
        ck_assert_msg(failed(fixture_read(&fixture, cases[i].from, cases[i].to)), "case %zu", i);
        fixture_close(&fixture);
    }
}
END_TEST

START_TEST(refuses_what_is_beyond_the_bounds)
{
    struct arena arena = {0};
    struct bill bill = {0};
    json_t *lines = json_array();
    json_t *line = json_pack("{s:s, s:s, s:s}", "key", "k", "kind", "usage", "amount", "1.00");
    json_t *statement = json_pack("{s:s, s:o}", "currency", "EUR", "lines", lines);
    struct bill_source source = {.statement = statement, .seller = &fixture_seller};
    for (int i = 0; i < BILL_LINES_MAX; i++)
        json_array_append(lines, line);
    ck_assert_ok(bill_read(&arena, &source, &bill));
    json_array_append(lines, line);
    ck_assert_fails(INVALID, bill_read(&arena, &source, &bill));
    json_decref(line);
    json_decref(statement);
    arena_reset(&arena);
}
END_TEST

START_TEST(groups_digits)
{
    static const struct {
        const char *plain, *grouped;
    } cases[] = {
        {"0", "0"},
        {"-1", "-1"},
        {"999", "999"},
        {"1000", "1,000"},
        {"-1234567.89", "-1,234,567.89"},
        {"0.0001", "0.0001"},
        {"", ""},
        {"-123", "-123"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        ck_assert_str_eq(str_to_c(&arena, words_figure(&arena, str_from(cases[i].plain))),
                         cases[i].grouped);
    ck_assert(str_eq(words_price(&arena, STR("49"), CURRENCY_EUR), STR("49.00")));
    ck_assert(str_eq(words_price(&arena, STR("0.5"), CURRENCY_EUR), STR("0.50")));
    ck_assert(str_eq(words_price(&arena, STR("0.0125"), CURRENCY_EUR), STR("0.0125")));
    ck_assert(str_eq(words_price(&arena, STR("1200"), CURRENCY_JPY), STR("1,200")));
    ck_assert(str_eq(words_iban(&arena, STR("IE29AIBK93")), STR("IE29 AIBK 93")));
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("bill", reads_what_is_shown, shows_what_a_price_is_made_of, refuses_what_is_no_statement,
          refuses_what_is_beyond_the_bounds, groups_digits)
