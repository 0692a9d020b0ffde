// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/time/time.h"

START_TEST(counts_days)
{
    static const struct {
        int year, month, day_of_month;
        int32_t number;
        int weekday;
    } cases[] = {
        {1970, 1, 1, 0, 3},      {1969, 12, 31, -1, 2},    {2000, 2, 29, 11016, 1},
        {2026, 11, 1, 20758, 6}, {1, 1, 1, -719162, 0},    {9999, 12, 31, 2932896, 4},
        {0, 3, 1, -719468, 2},   {-1, 12, 31, -719529, 4},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        day d = day_from_civil(cases[i].year, cases[i].month, cases[i].day_of_month);
        ck_assert_int_eq(d.number, cases[i].number);
        ck_assert_int_eq(day_of_week(d), cases[i].weekday);
    }
}
END_TEST

START_TEST(goes_there_and_back)
{
    for (int32_t number = -800000; number < 3000000; number += 17) {
        int year = 0;
        int month = 0;
        int day_of_month = 0;
        day_to_civil((day){number}, &year, &month, &day_of_month);
        ck_assert_int_ge(month, 1);
        ck_assert_int_le(month, 12);
        ck_assert_int_ge(day_of_month, 1);
        ck_assert_int_le(day_of_month, days_in_month(year, month));
        ck_assert_int_eq(day_from_civil(year, month, day_of_month).number, number);
    }
}
END_TEST

START_TEST(knows_how_long_months_are)
{
    ck_assert_int_eq(days_in_month(2026, 2), 28);
    ck_assert_int_eq(days_in_month(2024, 2), 29);
    ck_assert_int_eq(days_in_month(1900, 2), 28);
    ck_assert_int_eq(days_in_month(2000, 2), 29);
    ck_assert_int_eq(days_in_month(2026, 4), 30);
    ck_assert_int_eq(days_in_month(2026, 12), 31);
}
END_TEST

START_TEST(adds_months_up_to_their_last_day)
{
    static const struct {
        int from[3];
        int months;
        int to[3];
    } cases[] = {
        {{2026, 1, 31}, 1, {2026, 2, 28}},   {{2024, 1, 31}, 1, {2024, 2, 29}},
        {{2026, 1, 31}, 2, {2026, 3, 31}},   {{2026, 12, 15}, 1, {2027, 1, 15}},
        {{2026, 1, 15}, -1, {2025, 12, 15}}, {{2026, 3, 31}, -1, {2026, 2, 28}},
        {{2024, 2, 29}, 12, {2025, 2, 28}},  {{2026, 5, 5}, 0, {2026, 5, 5}},
        {{2026, 5, 5}, -29, {2023, 12, 5}},  {{2026, 10, 31}, 3, {2027, 1, 31}},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        day from = day_from_civil(cases[i].from[0], cases[i].from[1], cases[i].from[2]);
        day to = day_from_civil(cases[i].to[0], cases[i].to[1], cases[i].to[2]);
        ck_assert_int_eq(day_add_months(from, cases[i].months).number, to.number);
    }
}
END_TEST

TEST_MAIN("day", counts_days, goes_there_and_back, knows_how_long_months_are,
          adds_months_up_to_their_last_day)
