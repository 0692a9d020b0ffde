// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "exact.h"

static exact number(struct arena *arena, const char *text)
{
    decimal value = {0};
    ck_assert_ok(decimal_parse(str_from(text), &value));
    return exact_from_decimal(arena, value);
}

static void prints(struct arena *arena, exact value, const char *text)
{
    ck_assert_str_eq(str_to_c(arena, exact_print(arena, value)), text);
}

START_TEST(computes_without_rounding)
{
    struct arena arena = {0};
    exact three = exact_from_i64(&arena, 3);
    exact third = exact_div(&arena, exact_from_i64(&arena, 1), three);
    prints(&arena, third, "0.333333333333");
    prints(&arena, exact_mul(&arena, third, three), "1");
    prints(&arena, exact_sub(&arena, third, third), "0");
    prints(&arena, exact_add(&arena, number(&arena, "0.1"), number(&arena, "0.2")), "0.3");
    prints(&arena, exact_sub(&arena, number(&arena, "0.1"), number(&arena, "0.2")), "-0.1");
    prints(&arena, exact_from_i64(&arena, INT64_MIN), "-9223372036854775808");
    exact large = number(&arena, "999999999999999999.999999999999");
    prints(&arena, large, "999999999999999999.999999999999");
    prints(&arena, exact_mul(&arena, large, exact_from_i64(&arena, 1000000)),
           "999999999999999999999999.999999");
    arena_reset(&arena);
}
END_TEST

START_TEST(counts_with_zero)
{
    struct arena arena = {0};
    exact nothing = {0};
    exact two = exact_from_i64(&arena, 2);
    prints(&arena, nothing, "0");
    prints(&arena, exact_add(&arena, nothing, two), "2");
    prints(&arena, exact_sub(&arena, exact_zero(), two), "-2");
    prints(&arena, exact_mul(&arena, two, nothing), "0");
    prints(&arena, exact_div(&arena, nothing, two), "0");
    prints(&arena, exact_floor(&arena, nothing), "0");
    ck_assert_int_eq(exact_sign(nothing), 0);
    ck_assert_int_eq(exact_compare(nothing, exact_from_i64(&arena, 0)), 0);
    arena_reset(&arena);
}
END_TEST

START_TEST(compares)
{
    struct arena arena = {0};
    exact low = number(&arena, "-1.5");
    exact high = number(&arena, "1.25");
    ck_assert_int_eq(exact_compare(low, high), -1);
    ck_assert_int_eq(exact_compare(high, low), 1);
    ck_assert_int_eq(exact_compare(high, number(&arena, "1.250")), 0);
    ck_assert_int_eq(exact_sign(low), -1);
    ck_assert_int_eq(exact_sign(high), 1);
    arena_reset(&arena);
}
END_TEST

START_TEST(rounds_as_told)
{
    static const struct {
        const char *value;
        int digits;
        const char *half_up;
        const char *half_even;
        const char *ceil;
        const char *floor;
    } cases[] = {
        {"0.5", 0, "1", "0", "1", "0"},
        {"1.5", 0, "2", "2", "2", "1"},
        {"2.5", 0, "3", "2", "3", "2"},
        {"-0.5", 0, "-1", "0", "0", "-1"},
        {"-1.5", 0, "-2", "-2", "-1", "-2"},
        {"-2.5", 0, "-3", "-2", "-2", "-3"},
        {"2.4999", 0, "2", "2", "3", "2"},
        {"2.5001", 0, "3", "3", "3", "2"},
        {"-2.4999", 0, "-2", "-2", "-2", "-3"},
        {"1.005", 2, "1.01", "1", "1.01", "1"},
        {"1.015", 2, "1.02", "1.02", "1.02", "1.01"},
        {"7", 0, "7", "7", "7", "7"},
        {"0", 2, "0", "0", "0", "0"},
        {"1250", -2, "1300", "1200", "1300", "1200"},
        {"1249", -2, "1200", "1200", "1300", "1200"},
        {"-1250", -2, "-1300", "-1200", "-1200", "-1300"},
        {"49", -2, "0", "0", "100", "0"},
        {"500000000000000000", -18, "1000000000000000000", "0", "1000000000000000000", "0"},
        {"0.000000000001", 12, "0.000000000001", "0.000000000001", "0.000000000001",
         "0.000000000001"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        exact value = number(&arena, cases[i].value);
        int digits = cases[i].digits;
        prints(&arena, exact_round(&arena, value, digits, ROUND_HALF_UP), cases[i].half_up);
        prints(&arena, exact_round(&arena, value, digits, ROUND_HALF_EVEN), cases[i].half_even);
        prints(&arena, exact_round(&arena, value, digits, ROUND_CEIL), cases[i].ceil);
        prints(&arena, exact_round(&arena, value, digits, ROUND_FLOOR), cases[i].floor);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(finds_whole_neighbours)
{
    struct arena arena = {0};
    prints(&arena, exact_floor(&arena, number(&arena, "-1.2")), "-2");
    prints(&arena, exact_ceil(&arena, number(&arena, "-1.2")), "-1");
    prints(&arena, exact_floor(&arena, number(&arena, "1.2")), "1");
    prints(&arena, exact_ceil(&arena, number(&arena, "1.2")), "2");
    prints(&arena, exact_ceil(&arena, number(&arena, "3")), "3");
    arena_reset(&arena);
}
END_TEST

START_TEST(prints_twelve_digits_at_most)
{
    struct arena arena = {0};
    exact smallest = number(&arena, "0.000000000001");
    exact two = exact_from_i64(&arena, 2);
    exact half = exact_div(&arena, smallest, two);
    prints(&arena, half, "0.000000000001"); // away from zero
    prints(&arena, exact_sub(&arena, exact_zero(), half), "-0.000000000001");
    exact quarter = exact_div(&arena, half, two);
    prints(&arena, quarter, "0");
    prints(&arena, exact_sub(&arena, exact_zero(), quarter), "0");
    prints(&arena, exact_div(&arena, two, exact_from_i64(&arena, 3)), "0.666666666667");
    arena_reset(&arena);
}
END_TEST

// ---- the short way of every operation against GMP's

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    uint64_t mixed = *state ^ (*state >> 29);
    return mixed * 0xbf58476d1ce4e5b9U;
}

// Any length of digits, any scale, ratios among them, and what is just beyond what fits.
static exact random_number(struct arena *arena, uint64_t *state)
{
    uint64_t bits = next_random(state);
    int length = (int)(bits % 127);
    int128 units = (int128)(next_random(state) >> 1) << 64 | next_random(state);
    units >>= 127 - length - 1;
    exact number = {.units = bits & 256 ? -units : units, .scale = (int)((bits >> 20) % 31)};
    if ((bits >> 30) % 8 == 0)
        number = exact_from_i64(arena, (int64_t)(bits >> 40) % 5 - 2);
    if ((bits >> 35) % 5 == 0)
        number = exact_div(arena, number, exact_from_i64(arena, (int64_t)(bits >> 50) % 97 + 1));
    return number;
}

START_TEST(the_short_way_agrees_with_gmp)
{
    static const int digits[] = {-18, -2, 0, 1, 2, 3, 12};
    uint64_t state = 2026;
    for (int round = 0; round < 200; round++) {
        struct arena arena = {0};
        for (int i = 0; i < 500; i++) {
            exact a = random_number(&arena, &state);
            exact b = random_number(&arena, &state);
            ck_assert_int_eq(
                exact_compare_by_gmp(exact_add(&arena, a, b), exact_add_by_gmp(&arena, a, b)), 0);
            ck_assert_int_eq(
                exact_compare_by_gmp(exact_sub(&arena, a, b), exact_sub_by_gmp(&arena, a, b)), 0);
            ck_assert_int_eq(
                exact_compare_by_gmp(exact_mul(&arena, a, b), exact_mul_by_gmp(&arena, a, b)), 0);
            ck_assert_int_eq(exact_compare(a, b), exact_compare_by_gmp(a, b));
            ck_assert_int_eq(exact_sign(a), exact_compare_by_gmp(a, exact_zero()));
            enum rounding rounding = (enum rounding)(i % 4);
            int to = digits[(size_t)i % COUNT_OF(digits)];
            exact rounded = exact_round(&arena, a, to, rounding);
            exact expected = exact_round_by_gmp(&arena, a, to, rounding);
            ck_assert_int_eq(exact_compare_by_gmp(rounded, expected), 0);
            ck_assert_str_eq(str_to_c(&arena, exact_print(&arena, rounded)),
                             str_to_c(&arena, exact_print(&arena, expected)));
        }
        arena_reset(&arena);
    }
}
END_TEST

START_TEST(a_percentage_is_a_hundredth)
{
    struct arena arena = {0};
    decimal rate = {0};
    ck_assert_ok(decimal_parse(STR("2.99"), &rate));
    prints(&arena, exact_from_percent(&arena, rate), "0.0299");
    prints(&arena, exact_from_percent(&arena, decimal_from_i64(100)), "1");
    ck_assert_ok(decimal_parse(STR("-0.000000000001"), &rate));
    exact tiny = exact_mul(&arena, exact_from_percent(&arena, rate), exact_from_i64(&arena, 100));
    prints(&arena, tiny, "-0.000000000001");
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("exact", computes_without_rounding, counts_with_zero, compares, rounds_as_told,
          finds_whole_neighbours, prints_twelve_digits_at_most, the_short_way_agrees_with_gmp,
          a_percentage_is_a_hundredth)
