// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/money/money.h"

START_TEST(reads_and_prints_decimals)
{
    static const struct {
        const char *text;
        const char *printed;
    } cases[] = {
        {"0", "0"},
        {"-0", "0"},
        {"-0.0", "0"},
        {"12.50", "12.5"},
        {"-12.50", "-12.5"},
        {"-0.1", "-0.1"},
        {"1000", "1000"},
        {"0.000000000001", "0.000000000001"},
        {"-0.000000000001", "-0.000000000001"},
        {"10.010", "10.01"},
        {"999999999999999999.999999999999", "999999999999999999.999999999999"},
        {"-999999999999999999.999999999999", "-999999999999999999.999999999999"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        decimal value = {0};
        ck_assert_ok(decimal_parse(str_from(cases[i].text), &value));
        const char *printed = str_to_c(&arena, decimal_print(&arena, value));
        ck_assert_str_eq(printed, cases[i].printed);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_what_is_no_decimal)
{
    static const char *const cases[] = {
        "",
        "-",
        "+1",
        "01",
        "-01",
        "00",
        "1.",
        ".5",
        "-.5",
        "1e3",
        "1E3",
        "1.5e3",
        " 1",
        "1 ",
        "1,5",
        "1.2.3",
        "--1",
        "0x10",
        "NaN",
        "1000000000000000000",
        "0.0000000000001",
        "0.1234567890120",
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        decimal value = {7};
        ck_assert_fails(INVALID, decimal_parse(str_from(cases[i]), &value));
        ck_assert(value.units == 7);
    }
    decimal value = {7};
    ck_assert_fails(INVALID, decimal_parse(((str){"1\0", 2}), &value));
}
END_TEST

START_TEST(adds_within_eighteen_digits)
{
    decimal most = {0};
    decimal least = {0};
    decimal sum = {7};
    ck_assert_ok(decimal_parse(STR("999999999999999999.999999999999"), &most));
    ck_assert_ok(decimal_parse(STR("-999999999999999999.999999999999"), &least));
    ck_assert_fails(AMOUNT_OVERFLOW, decimal_add(most, (decimal){1}, &sum));
    ck_assert_fails(AMOUNT_OVERFLOW, decimal_add(least, (decimal){-1}, &sum));
    ck_assert(sum.units == 7);
    ck_assert_ok(decimal_add(most, least, &sum));
    ck_assert(sum.units == 0);
}
END_TEST

START_TEST(compares_and_knows_whole_numbers)
{
    decimal half = {0};
    ck_assert_ok(decimal_parse(STR("0.5"), &half));
    ck_assert_int_eq(decimal_compare(half, decimal_from_i64(1)), -1);
    ck_assert_int_eq(decimal_compare(decimal_from_i64(1), half), 1);
    ck_assert_int_eq(decimal_compare(half, half), 0);
    ck_assert(!decimal_is_whole(half));
    ck_assert(decimal_is_whole(decimal_from_i64(INT64_MIN)));
    ck_assert(decimal_is_whole(decimal_from_i64(0)));
}
END_TEST

TEST_MAIN("decimal", reads_and_prints_decimals, refuses_what_is_no_decimal,
          adds_within_eighteen_digits, compares_and_knows_whole_numbers)
