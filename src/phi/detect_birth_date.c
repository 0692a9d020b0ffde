// SPDX-License-Identifier: Apache-2.0
// A date alone is anything; after one of these words it is a birth date.
#include "scan.h"

static bool is_month_name(str text, size_t at)
{
    static const char months[] = "jan feb mar apr may jun jul aug sep oct nov dec mai okt dez jui "
                                 "aou fev avr ene abr ago dic gen mag giu lug set ott ";
    char first = to_lower(at_or_nul(text, at));
    char second = to_lower(at_or_nul(text, at + 1));
    char third = to_lower(at_or_nul(text, at + 2));
    for (size_t i = 0; is_lower(first) && i + 1 < sizeof months; i += 4)
        if (months[i] == first && months[i + 1] == second && months[i + 2] == third)
            return true;
    return false;
}

static size_t gap_at(str text, size_t at)
{
    size_t len = 0;
    while (len < 3 && at + len < text.len && among(text.ptr[at + len], " -./,_"))
        len++;
    return len;
}

// 1st, 22nd: the letters behind the number of a day
static size_t ordinal_at(str text, size_t at)
{
    static const char *const letters[] = {"st", "nd", "rd", "th", NULL};
    for (size_t i = 0; letters[i] != NULL; i++)
        if (scan_phrase(text, at, letters[i]) == 2 && !is_letter(at_or_nul(text, at + 2)))
            return 2;
    return 0;
}

// March 3, 1950, 25-Mar-1939 and 1st June 1991: a month's name with a number on one side at least
static bool named_month(str rest)
{
    size_t first = scan_digits(rest, 0);
    size_t at = first + (first > 0 ? ordinal_at(rest, first) : 0);
    at += gap_at(rest, at);
    if (!is_month_name(rest, at))
        return false;
    at += scan_letters(rest, at);
    size_t second = scan_digits(rest, at + gap_at(rest, at));
    return first > 0 || second > 0;
}

static bool begins_with_date(str rest)
{
    size_t first = scan_digits(rest, 0);
    if (first == 8 || first == 6) // 19221001, 221001
        return true;
    if (named_month(rest))
        return true;
    if (first == 0 || first > 4)
        return false;
    size_t at = first + gap_at(rest, first);
    size_t second = scan_digits(rest, at);
    if (at == first || second == 0 || second > 2)
        return first == 4 && (rest.ptr[0] == '1' || rest.ptr[0] == '2'); // the year alone
    size_t next = at + second + gap_at(rest, at + second);
    size_t third = scan_digits(rest, next);
    return next > at + second && (third == 1 || third == 2 || third == 4);
}

bool phi_detect_birth_date(const struct sight *sight)
{
    enum { DATE_BYTES_MAX = 40, DATE_WORK = 24 };
    str text = sight->text;
    if (scan_after(sight, KIND(BIRTH), begins_with_date))
        return true;
    bool tagged = sees(sight, ',') || (sight->words & KIND(BIRTH)) != 0;
    for (size_t i = 0; tagged && sight_finds(sight, &i, WAKE(TAG)); i++) { // it is no word
        size_t at = sight->runs[i].at;
        if (scan_phrase(text, at, "0010,0030") != 9 && scan_phrase(text, at, "00100030") != 8)
            continue;
        for (size_t from = at + 8; from < text.len && from < at + 20; from++)
            if (sight_pays(sight, DATE_WORK) &&
                begins_with_date(str_slice(text, from, from + DATE_BYTES_MAX)))
                return true;
    }
    return false;
}
