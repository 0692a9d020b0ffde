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

// Written for every event: digit by digit, since printf would cost more than all the rest.
static char *put_digits(char *to, int count, int value)
{
    for (int i = count - 1; i >= 0; i--) {
        to[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return to + count;
}

static char *put(char *to, char separator, int count, int value)
{
    *to = separator;
    return put_digits(to + 1, count, value);
}

str instant_print_canonical(struct arena *arena, instant at)
{
    enum { LEN = sizeof "2026-11-01T04:00:00.000000Z" - 1 };
    int64_t seconds = at.us / MICROSECONDS - (at.us % MICROSECONDS < 0);
    int64_t days = seconds / SECONDS_PER_DAY - (seconds % SECONDS_PER_DAY < 0);
    int second = (int)(seconds - days * SECONDS_PER_DAY);
    int year = 0;
    int month = 0;
    int day_of_month = 0;
    day_to_civil((day){(int32_t)days}, &year, &month, &day_of_month);

    char *text = arena_array(arena, char, LEN + 1);
    char *to = put_digits(text, 4, year);
    to = put(to, '-', 2, month);
    to = put(to, '-', 2, day_of_month);
    to = put(to, 'T', 2, second / 3600);
    to = put(to, ':', 2, second / 60 % 60);
    to = put(to, ':', 2, second % 60);
    to = put(to, '.', MICROSECOND_DIGITS, (int)(at.us - seconds * MICROSECONDS));
    *to = 'Z';
    return (str){text, LEN};
}

str instant_print(struct arena *arena, instant at)
{
    enum { WHOLE = sizeof "2026-11-01T04:00:00" - 1 };
    str text = instant_print_canonical(arena, at);
    size_t len = text.len - 1; // without the Z
    while (text.ptr[len - 1] == '0' && len > WHOLE)
        len--;
    if (text.ptr[len - 1] == '.')
        len--;
    return str_concat(arena, str_slice(text, 0, len), STR("Z"), STR(""));
}
