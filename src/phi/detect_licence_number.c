// SPDX-License-Identifier: Apache-2.0
// Passports and driving licences have no check digit: only beside a word. The British driving
// licence is its own shape: five letters, six digits of which the middle is a date, five more.
#include "scan.h"

enum { NUMBER_CHARACTERS_MAX = 18 };

// C01X00T47, GW49GTH69: eight of these and a check digit, few of them digits perhaps
static bool is_german(str number)
{
    static const int weights[] = {7, 3, 1};
    int sum = 0;
    for (size_t i = 0; i + 1 < number.len; i++) {
        char c = to_upper(number.ptr[i]);
        if (!is_digit(c) && !among(c, "CFGHJKLMNPRTVWXYZ"))
            return false;
        sum += (is_digit(c) ? c - '0' : c - 'A' + 10) * weights[i % 3];
    }
    char check = number.ptr[number.len - 1];
    return is_digit(check) && sum % 10 == check - '0';
}

static bool begins_with_number(str rest)
{
    enum { GERMAN_CHARACTERS = 9 };
    size_t digits = 0;
    size_t len = 0;
    while (len <= NUMBER_CHARACTERS_MAX &&
           (is_alnum(at_or_nul(rest, len)) ||
            (at_or_nul(rest, len) == '-' && is_alnum(at_or_nul(rest, len + 1))))) {
        digits += is_digit(rest.ptr[len]) ? 1 : 0;
        len++;
    }
    if (len == GERMAN_CHARACTERS && is_german(str_slice(rest, 0, len)))
        return true;
    return len >= 6 && len <= NUMBER_CHARACTERS_MAX && digits >= 4;
}

// 99 999 999
static bool begins_with_groups(str rest)
{
    char digits[12];
    size_t count = scan_squeezed(rest, " -", digits, sizeof digits);
    return count >= 7 && count <= sizeof digits;
}

static int two(str text, size_t at)
{
    return (text.ptr[at] - '0') * 10 + (text.ptr[at + 1] - '0');
}

static bool is_british_licence(str squeezed)
{
    for (size_t i = 0, nines = 0; i < 5; i++) {
        if (squeezed.ptr[i] == '9')
            nines++;
        else if (!is_upper(squeezed.ptr[i]) || nines > 0)
            return false;
    }
    int month = two(squeezed, 6);
    int day = two(squeezed, 8);
    bool month_fits = (month >= 1 && month <= 12) || (month >= 51 && month <= 62);
    return is_upper(squeezed.ptr[0]) && month_fits && day >= 1 && day <= 31 &&
           (is_upper(squeezed.ptr[11]) || squeezed.ptr[11] == '9') &&
           (is_upper(squeezed.ptr[12]) || squeezed.ptr[12] == '9');
}

bool phi_detect_licence_number(const struct sight *sight)
{
    static const struct shape british = SHAPE("AXXXX999999XXXAA", "", "", "", EDGE_WORD);
    return scan_shape(sight, &british, is_british_licence) ||
           scan_after(sight, KIND(LICENCE), begins_with_number) ||
           scan_after(sight, KIND(LICENCE), begins_with_groups);
}
