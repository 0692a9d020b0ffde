// SPDX-License-Identifier: Apache-2.0
#include "phial/time/time.h"

#include <stdbool.h>

enum { DAYS_PER_ERA = 146097, YEARS_PER_ERA = 400, DAYS_TO_1970 = 719468 };

// Years are counted from March here, so that the leap day is the last of its year; an era is the
// 400 years after which the calendar repeats.
day day_from_civil(int year, int month, int day_of_month)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - (YEARS_PER_ERA - 1)) / YEARS_PER_ERA;
    int64_t year_of_era = y - era * YEARS_PER_ERA;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day_of_month - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (day){(int32_t)(era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970)};
}

void day_to_civil(day d, int *year, int *month, int *day_of_month)
{
    int64_t z = (int64_t)d.number + DAYS_TO_1970;
    int64_t era = (z >= 0 ? z : z - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
    int64_t day_of_era = z - era * DAYS_PER_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / (DAYS_PER_ERA - 1)) /
        365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t months = (5 * day_of_year + 2) / 153; // since March
    *day_of_month = (int)(day_of_year - (153 * months + 2) / 5 + 1);
    *month = (int)(months < 10 ? months + 3 : months - 9);
    *year = (int)(year_of_era + era * YEARS_PER_ERA + (*month <= 2));
}

int day_of_week(day d)
{
    int64_t since_monday = ((int64_t)d.number + 3) % 7; // 1970-01-01 was a Thursday
    return (int)(since_monday < 0 ? since_monday + 7 : since_monday);
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

day day_add_months(day start, int months)
{
    int year = 0;
    int month = 0;
    int day_of_month = 0;
    day_to_civil(start, &year, &month, &day_of_month);

    int64_t count = (int64_t)year * 12 + month - 1 + months;
    int64_t month_of_year = count % 12;
    if (month_of_year < 0)
        month_of_year += 12;
    year = (int)((count - month_of_year) / 12);
    month = (int)month_of_year + 1;
    int last = days_in_month(year, month);
    return day_from_civil(year, month, day_of_month < last ? day_of_month : last);
}
