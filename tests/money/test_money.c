// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/money/money.h"

#include <string.h>

static exact number(struct arena *arena, const char *text)
{
    decimal value = {0};
    ck_assert_ok(decimal_parse(str_from(text), &value));
    return exact_from_decimal(arena, value);
}

START_TEST(knows_the_currencies)
{
    static const struct {
        const char *code;
        int digits;
    } cases[] = {{"USD", 2}, {"JPY", 0}, {"KWD", 3}, {"CLF", 4}, {"EUR", 2}, {"TRY", 2}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        enum currency currency = CURRENCY_COUNT;
        ck_assert_ok(currency_parse(str_from(cases[i].code), &currency));
        ck_assert_str_eq(currency_code(currency), cases[i].code);
        ck_assert_int_eq(currency_digits(currency), cases[i].digits);
    }
    for (int i = 0; i < CURRENCY_COUNT; i++) {
        ck_assert_uint_eq(strlen(currency_code((enum currency)i)), 3);
        ck_assert_int_le(currency_digits((enum currency)i), 4);
        if (i != 0)
            ck_assert_str_lt(currency_code((enum currency)(i - 1)),
                             currency_code((enum currency)i));
    }
}
END_TEST

START_TEST(refuses_what_is_no_currency)
{
    static const char *const cases[] = {"", "usd", "US", "USDX", "XAU", "XXX", "$"};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        enum currency currency = CURRENCY_CHF;
        ck_assert_fails(INVALID, currency_parse(str_from(cases[i]), &currency));
        ck_assert_int_eq(currency, CURRENCY_CHF);
    }
}
END_TEST

START_TEST(refuses_what_does_not_fit)
{
    money most = {INT64_MAX, CURRENCY_EUR};
    money least = {INT64_MIN, CURRENCY_EUR};
    money cent = {1, CURRENCY_EUR};
    money sum = {.minor = 7};
    ck_assert_fails(AMOUNT_OVERFLOW, money_add(most, cent, &sum));
    ck_assert_fails(AMOUNT_OVERFLOW, money_sub(least, cent, &sum));
    ck_assert_fails(CURRENCY_MISMATCH, money_add(most, (money){1, CURRENCY_USD}, &sum));
    ck_assert_fails(CURRENCY_MISMATCH, money_sub(most, (money){1, CURRENCY_USD}, &sum));
    ck_assert_int_eq(sum.minor, 7); // out-parameters are written on success only
    ck_assert_ok(money_sub(cent, cent, &sum));
    ck_assert_int_eq(sum.minor, 0);
    ck_assert_int_eq(sum.currency, CURRENCY_EUR);
}
END_TEST

START_TEST(rounds_to_minor_units)
{
    static const struct {
        const char *amount;
        enum currency currency;
        int64_t half_up;
        int64_t half_even;
    } cases[] = {
        {"0.005", CURRENCY_EUR, 1, 0},   {"0.015", CURRENCY_EUR, 2, 2},
        {"-0.005", CURRENCY_EUR, -1, 0}, {"-0.025", CURRENCY_EUR, -3, -2},
        {"0.5", CURRENCY_JPY, 1, 0},     {"1.4999", CURRENCY_JPY, 1, 1},
        {"0.0005", CURRENCY_KWD, 1, 0},  {"12.34", CURRENCY_USD, 1234, 1234},
        {"0.00005", CURRENCY_CLF, 1, 0},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        exact amount = number(&arena, cases[i].amount);
        money rounded = {0};
        ck_assert_ok(money_round(amount, cases[i].currency, ROUND_HALF_UP, &rounded));
        ck_assert_int_eq(rounded.minor, cases[i].half_up);
        ck_assert_int_eq(rounded.currency, cases[i].currency);
        ck_assert_ok(money_round(amount, cases[i].currency, ROUND_HALF_EVEN, &rounded));
        ck_assert_int_eq(rounded.minor, cases[i].half_even);
    }
    money rounded = {.minor = 7};
    exact large = number(&arena, "92233720368547758.08");
    ck_assert_fails(AMOUNT_OVERFLOW, money_round(large, CURRENCY_USD, ROUND_HALF_UP, &rounded));
    ck_assert_int_eq(rounded.minor, 7);
    arena_reset(&arena);
}
END_TEST

START_TEST(prints_the_digits_of_the_currency)
{
    static const struct {
        int64_t minor;
        enum currency currency;
        const char *text;
    } cases[] = {
        {0, CURRENCY_USD, "0.00"},
        {5, CURRENCY_USD, "0.05"},
        {-5, CURRENCY_USD, "-0.05"},
        {123456, CURRENCY_USD, "1234.56"},
        {-100, CURRENCY_USD, "-1.00"},
        {100, CURRENCY_JPY, "100"},
        {-7, CURRENCY_JPY, "-7"},
        {1, CURRENCY_KWD, "0.001"},
        {12345, CURRENCY_CLF, "1.2345"},
        {INT64_MIN, CURRENCY_USD, "-92233720368547758.08"},
        {INT64_MAX, CURRENCY_USD, "92233720368547758.07"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        money amount = {cases[i].minor, cases[i].currency};
        str text = money_print(&arena, amount);
        ck_assert_str_eq(str_to_c(&arena, text), cases[i].text);

        money again = {0};
        ck_assert_ok(money_parse(text, amount.currency, &again));
        ck_assert_int_eq(again.minor, amount.minor);
        ck_assert_int_eq(again.currency, amount.currency);
        ck_assert_ok(
            money_round(money_to_exact(&arena, amount), amount.currency, ROUND_HALF_UP, &again));
        ck_assert_int_eq(again.minor, amount.minor);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(reads_no_more_digits_than_the_currency_has)
{
    money amount = {.minor = 7};
    ck_assert_fails(INVALID, money_parse(STR("1.001"), CURRENCY_USD, &amount));
    ck_assert_fails(INVALID, money_parse(STR("1.000"), CURRENCY_USD, &amount));
    ck_assert_fails(INVALID, money_parse(STR("1.5"), CURRENCY_JPY, &amount));
    ck_assert_fails(INVALID, money_parse(STR("x"), CURRENCY_JPY, &amount));
    ck_assert_fails(AMOUNT_OVERFLOW,
                    money_parse(STR("92233720368547758.08"), CURRENCY_USD, &amount));
    ck_assert_int_eq(amount.minor, 7);
    ck_assert_ok(money_parse(STR("1.5"), CURRENCY_USD, &amount));
    ck_assert_int_eq(amount.minor, 150);
}
END_TEST

enum { SHARES_MAX = 4 };

START_TEST(allocates_by_largest_remainder)
{
    static const struct {
        int64_t total;
        size_t count;
        const char *weights[SHARES_MAX];
        int64_t shares[SHARES_MAX];
    } cases[] = {
        {100, 3, {"1", "1", "1"}, {34, 33, 33}},
        {-100, 3, {"1", "1", "1"}, {-34, -33, -33}},
        {101, 3, {"1", "1", "1"}, {34, 34, 33}},
        {5, 2, {"0.3", "0.7"}, {2, 3}}, // 1.5 and 3.5: a tie goes to the earlier
        {-5, 2, {"0.3", "0.7"}, {-2, -3}},
        {10, 3, {"0", "1", "3"}, {0, 3, 7}},
        {10, 3, {"1", "1", "5"}, {2, 1, 7}},
        {10, 3, {"1", "5", "1"}, {2, 7, 1}},
        {100, 3, {"0.5", "0.25", "0.25"}, {50, 25, 25}},
        {1, 4, {"1", "1", "2", "2"}, {0, 0, 1, 0}},
        {0, 2, {"1", "2"}, {0, 0}},
        {7, 1, {"0.000000000001"}, {7}},
        {INT64_MIN, 1, {"3"}, {INT64_MIN}},
        {INT64_MIN, 2, {"1", "1"}, {INT64_MIN / 2, INT64_MIN / 2}},
        {INT64_MAX, 2, {"1", "1"}, {INT64_MAX / 2 + 1, INT64_MAX / 2}},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        exact weights[SHARES_MAX] = {0};
        money shares[SHARES_MAX] = {0};
        for (size_t j = 0; j < cases[i].count; j++)
            weights[j] = number(&arena, cases[i].weights[j]);
        ck_assert_ok(money_allocate(&arena, (money){cases[i].total, CURRENCY_USD}, weights,
                                    cases[i].count, shares));
        for (size_t j = 0; j < cases[i].count; j++) {
            ck_assert_int_eq(shares[j].minor, cases[i].shares[j]);
            ck_assert_int_eq(shares[j].currency, CURRENCY_USD);
        }
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(shares_add_up_to_the_total)
{
    struct arena arena = {0};
    enum { COUNT = 57 };
    for (int64_t total = -1000; total <= 1000; total += 37) {
        exact weights[COUNT];
        money shares[COUNT] = {0};
        for (int i = 0; i < COUNT; i++)
            weights[i] = exact_div(&arena, exact_from_i64(&arena, i * i % 11),
                                   exact_from_i64(&arena, i % 7 + 1));
        ck_assert_ok(money_allocate(&arena, (money){total, CURRENCY_USD}, weights, COUNT, shares));
        int64_t sum = 0;
        for (int i = 0; i < COUNT; i++)
            sum += shares[i].minor;
        ck_assert_int_eq(sum, total);
    }
    arena_reset(&arena);
}
END_TEST

// The share of a line below zero is below zero too, and every share is where it should be.
START_TEST(a_negative_weight_has_a_negative_share)
{
    struct arena arena = {0};
    exact weights[3] = {number(&arena, "100"), number(&arena, "-20"), number(&arena, "0.05")};
    money shares[3] = {{0}};
    ck_assert_ok(money_allocate(&arena, (money){801, CURRENCY_USD}, weights, 3, shares));
    ck_assert_int_eq(shares[0].minor, 1001);
    ck_assert_int_eq(shares[1].minor, -200);
    ck_assert_int_eq(shares[2].minor, 0);
    weights[0] = number(&arena, "20.000000000001");
    weights[2] = exact_zero();
    shares[0].minor = 7;
    ck_assert_fails(AMOUNT_OVERFLOW,
                    money_allocate(&arena, (money){INT64_MAX, CURRENCY_USD}, weights, 3, shares));
    ck_assert_int_eq(shares[0].minor, 7);
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_weights_without_meaning)
{
    struct arena arena = {0};
    exact weights[2] = {number(&arena, "2"), number(&arena, "-2")};
    money shares[2] = {{.minor = 7}, {.minor = 7}};
    money total = {10, CURRENCY_USD};
    ck_assert_fails(INVALID, money_allocate(&arena, total, weights, 2, shares));
    weights[0] = exact_zero();
    weights[1] = exact_zero();
    ck_assert_fails(INVALID, money_allocate(&arena, total, weights, 2, shares));
    ck_assert_fails(INVALID, money_allocate(&arena, total, weights, 0, shares));
    ck_assert_int_eq(shares[0].minor, 7);
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("money", knows_the_currencies, refuses_what_is_no_currency, refuses_what_does_not_fit,
          rounds_to_minor_units, prints_the_digits_of_the_currency,
          reads_no_more_digits_than_the_currency_has, allocates_by_largest_remainder,
          shares_add_up_to_the_total, a_negative_weight_has_a_negative_share,
          refuses_weights_without_meaning)
