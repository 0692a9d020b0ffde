// SPDX-License-Identifier: Apache-2.0
#include "phial/money/money.h"

static const int64_t one = 1000000000000; // in units: DECIMAL_FRACTION_DIGITS noughts

static size_t count_digits(str text)
{
    size_t count = 0;
    while (count < text.len && text.ptr[count] >= '0' && text.ptr[count] <= '9')
        count++;
    return count;
}

// The digits as a number, followed by as many noughts as make them `width` long.
static int64_t read_digits(str digits, size_t width)
{
    int64_t value = 0;
    for (size_t i = 0; i < width; i++)
        value = value * 10 + (i < digits.len ? digits.ptr[i] - '0' : 0);
    return value;
}

result decimal_parse(str text, decimal *out)
{
    bool negative = str_starts_with(text, STR("-"));
    str rest = str_slice(text, negative ? 1 : 0, text.len);

    str whole = str_slice(rest, 0, count_digits(rest));
    if (whole.len == 0 || (whole.len > 1 && whole.ptr[0] == '0'))
        return FAIL(INVALID, "This is not a decimal.");
    if (whole.len > DECIMAL_INTEGER_DIGITS)
        return FAIL(INVALID, "A decimal has at most 18 digits before the point.");

    rest = str_slice(rest, whole.len, rest.len);
    str fraction = STR("");
    if (str_starts_with(rest, STR("."))) {
        rest = str_slice(rest, 1, rest.len);
        fraction = str_slice(rest, 0, count_digits(rest));
        if (fraction.len == 0)
            return FAIL(INVALID, "This is not a decimal.");
        if (fraction.len > DECIMAL_FRACTION_DIGITS)
            return FAIL(INVALID, "A decimal has at most 12 digits after the point.");
        rest = str_slice(rest, fraction.len, rest.len);
    }
    if (rest.len != 0)
        return FAIL(INVALID, "This is not a decimal.");

    int128 units = (int128)read_digits(whole, whole.len) * one +
                   read_digits(fraction, DECIMAL_FRACTION_DIGITS);
    out->units = negative ? -units : units;
    return OK;
}

// Written for every event: from the last digit to the first.
str decimal_write(char room[DECIMAL_TEXT_MAX], decimal value)
{
    bool negative = value.units < 0;
    int128 units = negative ? -value.units : value.units;
    uint64_t whole = (uint64_t)(units / one);
    uint64_t fraction = (uint64_t)(units % one);
    char *end = room + DECIMAL_TEXT_MAX;
    char *at = end;

    if (fraction != 0) {
        for (int i = 0; i < DECIMAL_FRACTION_DIGITS; i++, fraction /= 10)
            *--at = (char)('0' + fraction % 10);
        while (end[-1] == '0')
            end--;
        *--at = '.';
    }
    do
        *--at = (char)('0' + whole % 10);
    while ((whole /= 10) != 0);
    if (negative)
        *--at = '-';
    return (str){at, (size_t)(end - at)};
}

str decimal_print(struct arena *arena, decimal value)
{
    return decimal_write(arena_array(arena, char, DECIMAL_TEXT_MAX), value);
}

decimal decimal_from_i64(int64_t whole)
{
    return (decimal){(int128)whole * one};
}

int decimal_compare(decimal a, decimal b)
{
    return a.units == b.units ? 0 : (a.units < b.units ? -1 : 1);
}

result decimal_add(decimal a, decimal b, decimal *sum)
{
    static const int128 limit = (int128)1000000000000000000 * one; // 18 digits are below it
    int128 units = a.units + b.units;
    if (units >= limit || units <= -limit)
        return FAIL(AMOUNT_OVERFLOW, "The sum of two decimals does not fit.");
    sum->units = units;
    return OK;
}

bool decimal_is_whole(decimal value)
{
    return value.units % one == 0;
}
