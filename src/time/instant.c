// SPDX-License-Identifier: Apache-2.0
#include "phial/time/time.h"

#include <stdbool.h>

enum {
    MICROSECONDS = 1000000,
    MICROSECOND_DIGITS = 6,
    FRACTION_DIGITS_MAX = 9,
    SECONDS_PER_DAY = 86400,
    YEAR_MAX = 9999,
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// Takes `width` digits off the front.
static bool take_digits(str *text, size_t width, int *number)
{
    if (text->len < width)
        return false;
    int value = 0;
    for (size_t i = 0; i < width; i++) {
        if (!is_digit(text->ptr[i]))
            return false;
        value = value * 10 + (text->ptr[i] - '0');
    }
    *number = value;
    *text = str_slice(*text, width, text->len);
    return true;
}

// Takes one of these characters off the front.
static bool take(str *text, const char *characters)
{
    if (text->len == 0 || !str_all_in(str_slice(*text, 0, 1), characters))
        return false;
    *text = str_slice(*text, 1, text->len);
    return true;
}

static bool take_day(str *text, day *taken)
{
    int year = 0;
    int month = 0;
    int day_of_month = 0;
    if (!take_digits(text, 4, &year) || !take(text, "-") || !take_digits(text, 2, &month) ||
        !take(text, "-") || !take_digits(text, 2, &day_of_month))
        return false;
    if (year < 1 || month < 1 || month > 12 || day_of_month < 1 ||
        day_of_month > days_in_month(year, month))
        return false;
    *taken = day_from_civil(year, month, day_of_month);
    return true;
}

// "23:59", in seconds.
static bool take_clock(str *text, int *seconds)
{
    int hour = 0;
    int minute = 0;
    if (!take_digits(text, 2, &hour) || !take(text, ":") || !take_digits(text, 2, &minute))
        return false;
    if (hour > 23 || minute > 59)
        return false;
    *seconds = hour * 3600 + minute * 60;
    return true;
}

// ".5" or nothing, in microseconds; digits beyond those are cut off.
static bool take_fraction(str *text, int *us)
{
    int value = 0;
    if (take(text, ".")) {
        int digits = 0;
        for (; text->len != 0 && is_digit(text->ptr[0]); digits++) {
            if (digits < MICROSECOND_DIGITS)
                value = value * 10 + (text->ptr[0] - '0');
            *text = str_slice(*text, 1, text->len);
        }
        if (digits == 0 || digits > FRACTION_DIGITS_MAX)
            return false;
        for (; digits < MICROSECOND_DIGITS; digits++)
            value *= 10;
    }
    *us = value;
    return true;
}

// "Z" or "+05:30", in seconds east of UTC.
static bool take_offset(str *text, int *offset)
{
    int east = 0;
    if (!take(text, "Zz")) {
        bool west = str_starts_with(*text, STR("-"));
        if (!take(text, "+-") || !take_clock(text, &east))
            return false;
        if (west)
            east = -east;
    }
    *offset = east;
    return true;
}

result instant_parse(str text, instant *out)
{
    static const char detail[] = "This is not an RFC 3339 time with an offset.";
    str rest = text;
    day date = {0};
    int clock = 0;
    int second = 0;
    int us = 0;
    int offset = 0;
    if (!take_day(&rest, &date) || !take(&rest, "Tt") || !take_clock(&rest, &clock) ||
        !take(&rest, ":") || !take_digits(&rest, 2, &second) || second > 59 ||
        !take_fraction(&rest, &us) || !take_offset(&rest, &offset) || rest.len != 0)
        return FAIL(INVALID, detail);

    // The offset may lead out of the years that can be written.
    int64_t seconds = (int64_t)date.number * SECONDS_PER_DAY + clock + second - offset;
    int64_t first = (int64_t)day_from_civil(1, 1, 1).number * SECONDS_PER_DAY;
    int64_t last = (int64_t)day_from_civil(YEAR_MAX + 1, 1, 1).number * SECONDS_PER_DAY;
    if (seconds < first || seconds >= last)
        return FAIL(INVALID, detail);
    out->us = seconds * MICROSECONDS + us;
    return OK;
}

static str print(struct arena *arena, instant at, int *us)
{
    int64_t seconds = at.us / MICROSECONDS - (at.us % MICROSECONDS < 0);
    int64_t days = seconds / SECONDS_PER_DAY - (seconds % SECONDS_PER_DAY < 0);
    int second = (int)(seconds - days * SECONDS_PER_DAY);
    int year = 0;
    int month = 0;
    int day_of_month = 0;
    day_to_civil((day){(int32_t)days}, &year, &month, &day_of_month);
    *us = (int)(at.us % MICROSECONDS) + (at.us % MICROSECONDS < 0 ? MICROSECONDS : 0);
    return str_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02d", year, month, day_of_month,
                      second / 3600, second / 60 % 60, second % 60);
}

str instant_print(struct arena *arena, instant at)
{
    int us = 0;
    str text = print(arena, at, &us);
    if (us == 0)
        return str_printf(arena, "%" STR_FMT "Z", STR_ARG(text));
    text = str_printf(arena, "%" STR_FMT ".%06d", STR_ARG(text), us);
    while (str_ends_with(text, STR("0")))
        text.len--;
    return str_printf(arena, "%" STR_FMT "Z", STR_ARG(text));
}

str instant_print_canonical(struct arena *arena, instant at)
{
    int us = 0;
    str text = print(arena, at, &us);
    return str_printf(arena, "%" STR_FMT ".%06dZ", STR_ARG(text), us);
}
