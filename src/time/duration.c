// SPDX-License-Identifier: Apache-2.0
#include "phial/time/time.h"
#include "phial/util/array.h"
#include "phial/util/checked.h"

#include <stdbool.h>

enum { SECOND_DIGITS = 6 };

static const int64_t second_us = 1000000;

// In the order in which they may stand.
static const struct {
    char letter;
    bool of_clock; // after the T
    int64_t seconds;
} components[] = {
    {'Y', false, INT64_C(365) * 86400},
    {'M', false, INT64_C(30) * 86400},
    {'W', false, INT64_C(7) * 86400},
    {'D', false, 86400},
    {'H', true, 3600},
    {'M', true, 60},
    {'S', true, 1},
};

// Takes a whole number off the front; one that does not fit is the longest that does.
static bool take_number(str *text, int64_t *number)
{
    size_t digits = 0;
    while (digits < text->len && text->ptr[digits] >= '0' && text->ptr[digits] <= '9')
        digits++;
    if (digits == 0)
        return false;
    if (!str_to_i64(str_slice(*text, 0, digits), number))
        *number = INT64_MAX;
    *text = str_slice(*text, digits, text->len);
    return true;
}

// Takes ".25" off the front, in microseconds.
static bool take_fraction(str *text, int64_t *us)
{
    str digits = str_slice(*text, 1, text->len);
    str rest = digits;
    if (!take_number(&rest, us))
        return false;
    size_t count = digits.len - rest.len;
    if (count > SECOND_DIGITS)
        return false;
    for (; count < SECOND_DIGITS; count++)
        *us *= 10;
    *text = rest;
    return true;
}

// The index of the component that the letter names, at or after `from`.
static bool find_component(size_t from, char letter, bool of_clock, size_t *found)
{
    for (size_t i = from; i < COUNT_OF(components); i++) {
        if (components[i].letter == letter && components[i].of_clock == of_clock) {
            *found = i;
            return true;
        }
    }
    return false;
}

// Takes "15M" off the front and adds it up; `next` is the first component that may still come.
static bool take_component(str *text, bool of_clock, size_t *next, int64_t *us)
{
    int64_t number = 0;
    int64_t fraction = 0;
    size_t component = 0;
    if (!take_number(text, &number))
        return false;
    bool has_fraction = str_starts_with(*text, STR("."));
    if ((has_fraction && !take_fraction(text, &fraction)) || text->len == 0)
        return false;
    if (!find_component(*next, text->ptr[0], of_clock, &component) ||
        (has_fraction && components[component].letter != 'S'))
        return false;
    *text = str_slice(*text, 1, text->len);
    *next = component + 1;
    if (!checked_mul(number, components[component].seconds * second_us, &number) ||
        !checked_add(number, fraction, &number) || !checked_add(*us, number, us))
        *us = INT64_MAX;
    return true;
}

result duration_parse(str text, int64_t *us)
{
    static const char detail[] = "This is not an ISO 8601 duration.";
    if (!str_starts_with(text, STR("P")) || text.len == 1)
        return FAIL(INVALID, detail);

    str rest = str_slice(text, 1, text.len);
    bool of_clock = false;
    size_t next = 0;
    int64_t sum = 0;
    while (rest.len != 0) {
        if (!of_clock && rest.ptr[0] == 'T') {
            of_clock = true;
            rest = str_slice(rest, 1, rest.len);
        }
        if (!take_component(&rest, of_clock, &next, &sum))
            return FAIL(INVALID, detail);
    }
    *us = sum;
    return OK;
}
