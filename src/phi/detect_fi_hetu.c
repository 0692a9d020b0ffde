// SPDX-License-Identifier: Apache-2.0
// Day, month, year, a sign of the century, a counter and one of 31 check characters. One that ends
// in a digit is six and four digits, which anything may be: only alone or beside a word.
#include "scan.h"

static bool is_hetu_at(str text, size_t at)
{
    static const char checks[] = "0123456789ABCDEFHJKLMNPRSTUVWXY";
    char digits[9];
    char sign = at_or_nul(text, at + 6);
    if (scan_digits(text, at) < 6 || !among(sign, "-+ABCDEFUVWXY") || scan_digits(text, at + 7) < 3)
        return false;
    for (size_t i = 0; i < sizeof digits; i++)
        digits[i] = text.ptr[at + i + (i < 6 ? 0 : 1)];
    str number = {digits, sizeof digits};
    int64_t day = digits_modulo(str_slice(number, 0, 2), 100);
    int64_t month = digits_modulo(str_slice(number, 2, 4), 100);
    return day >= 1 && day <= 31 && month >= 1 && month <= 12 &&
           to_upper(at_or_nul(text, at + 10)) == checks[digits_modulo(number, 31)] &&
           !is_alnum(at_or_nul(text, at + 11));
}

static bool begins_with_hetu(str rest)
{
    return is_hetu_at(rest, 0);
}

bool phi_detect_fi_hetu(const struct sight *sight)
{
    str text = sight->text;
    for (size_t i = 0; sight_finds(sight, &i, WAKE(HETU)); i++) {
        size_t at = sight->runs[i].at;
        if (at + 11 <= text.len &&
            (is_upper(text.ptr[at + 10]) || is_upper(text.ptr[at + 6]) || text.len == 11) &&
            is_hetu_at(text, at))
            return true;
    }
    return scan_after(sight, KIND(NORDIC), begins_with_hetu);
}
