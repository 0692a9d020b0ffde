// SPDX-License-Identifier: Apache-2.0
// North American numbers with separators (area and exchange as the plan allows them), international
// ones with a +. Ten bare digits are a phone number only beside a word.
#include "phial/util/array.h"
#include "scan.h"

static bool is_code(str three, char second_max)
{
    return three.ptr[0] >= '2' && three.ptr[1] <= second_max &&
           !(three.ptr[1] == '1' && three.ptr[2] == '1');
}

static bool is_north_american(str digits)
{
    return is_code(str_slice(digits, 0, 3), '8') && is_code(str_slice(digits, 3, 6), '9');
}

// 1-415-555-0132, 001-415-555-0132
static bool with_country(str digits)
{
    size_t code = digits.len - 10;
    for (size_t i = 0; i < code; i++)
        if (digits.ptr[i] != (i + 1 == code ? '1' : '0'))
            return false;
    return is_north_american(str_slice(digits, code, digits.len));
}

// 09-7625400, (020) 7946 0958: a nought, and nine to eleven digits in at least two groups
static bool begins_with_national(str rest)
{
    size_t digits = 0;
    size_t gaps = 0;
    bool nought = at_or_nul(rest, 0) == '0' && at_or_nul(rest, 1) != '0';
    for (size_t at = 0; nought && at < rest.len; at++) {
        if (is_digit(rest.ptr[at]))
            digits++;
        else if (among(rest.ptr[at], " -./()") && is_digit(rest.ptr[at - 1]))
            gaps += is_digit(at_or_nul(rest, at + 1)) ? 1 : 0;
        else if (is_alnum(rest.ptr[at]) && is_digit(rest.ptr[at - 1]))
            return false;
        else if (!among(rest.ptr[at], " -./()"))
            break;
    }
    return gaps > 0 && digits >= 9 && digits <= 11;
}

// 123-456-7890, 235/640-7507: behind a word in whatever area
static bool begins_with_groups(str rest)
{
    static const size_t groups[] = {3, 3, 4};
    enum { GAP_MAX = 2 };
    size_t at = 0;
    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        size_t gap = 0;
        while (i > 0 && gap < GAP_MAX && among(at_or_nul(rest, at + gap), " -./)"))
            gap++;
        if ((i > 0 && gap == 0) || scan_digits(rest, at + gap) != groups[i])
            return false;
        at += gap + groups[i];
    }
    return true;
}

static bool begins_with_number(str rest)
{
    size_t digits = scan_digits(rest, 0);
    if (begins_with_national(rest) || begins_with_groups(rest))
        return true;
    if (digits == 11 && rest.ptr[0] == '1')
        return is_north_american(str_slice(rest, 1, 11));
    return digits == 10 && is_north_american(str_slice(rest, 0, 10));
}

// (415) 555-0132, and without a blank or with dots
static bool with_brackets(const struct sight *sight)
{
    enum { BRACKET_WORK = 10 };
    str text = sight->text;
    if (!has(text, '('))
        return false;
    for (size_t at = scan_next(text, 0, '('); at + 5 < text.len && sight_pays(sight, BRACKET_WORK);
         at = scan_next(text, at + 1, '(')) {
        if (scan_digits(text, at + 1) != 3 || text.ptr[at + 4] != ')' ||
            !is_code(str_slice(text, at + 1, at + 4), '8'))
            continue;
        size_t next = at + 5 + (at_or_nul(text, at + 5) == ' ' ? 1 : 0);
        str exchange = str_slice(text, next, next + 10);
        size_t digits = scan_digits(exchange, 0);
        if ((digits == 7 ||
             (digits == 3 && scan_digits(exchange, 4) == 4 && among(exchange.ptr[3], "- ."))) &&
            is_code(exchange, '9'))
            return true;
    }
    return false;
}

enum { NATIONAL_DIGITS_MAX = 15, NOUGHTS_WORK = 10 };

// 0049 170 6828890: with blanks at least once
static bool with_noughts(const struct sight *sight)
{
    str text = sight->text;
    for (size_t i = 0; sight_finds(sight, &i, WAKE(NOUGHTS)); i++) {
        size_t at = sight->runs[i].at;
        size_t digits = 0;
        size_t blanks = 0;
        size_t end = at;
        if (text.ptr[at + 1] != '0' || !sight_pays(sight, NOUGHTS_WORK))
            continue;
        for (; digits <= NATIONAL_DIGITS_MAX &&
               (is_digit(at_or_nul(text, end)) || at_or_nul(text, end) == ' ');
             end++) {
            digits += is_digit(text.ptr[end]) ? 1 : 0;
            blanks += text.ptr[end] == ' ' && is_digit(at_or_nul(text, end + 1)) ? 1 : 0;
        }
        if (blanks > 0 && digits >= 10 && digits <= NATIONAL_DIGITS_MAX)
            return true;
    }
    return false;
}

// + and 8 to 15 digits, in groups
static bool international(const struct sight *sight)
{
    enum { PLUS_WORK = 18 };
    str text = sight->text;
    if (!has(text, '+'))
        return false;
    for (size_t at = scan_next(text, 0, '+'); at + 8 < text.len && sight_pays(sight, PLUS_WORK);
         at = scan_next(text, at + 1, '+')) {
        if ((at > 0 && is_alnum(text.ptr[at - 1])) || !is_digit(text.ptr[at + 1]) ||
            text.ptr[at + 1] == '0')
            continue;
        size_t digits = 0;
        size_t end = at + 1;
        for (size_t gap = 0; end < text.len && gap < 3 && digits <= NATIONAL_DIGITS_MAX; end++) {
            if (is_digit(text.ptr[end])) {
                digits++;
                gap = 0;
            } else if (among(text.ptr[end], " -.()/")) {
                gap++;
            } else {
                break;
            }
        }
        if (!sight_pays(sight, 2 * (end - at)))
            return false;
        if (digits >= 8 && digits <= NATIONAL_DIGITS_MAX)
            return true;
    }
    return false;
}

bool phi_detect_phone(const struct sight *sight)
{
    static const struct shape shapes[] = {SHAPE("999", "-999", "-9999", "- ./_", EDGE_DIGITS)};
    static const struct shape longer[] = {SHAPE("9", "-999", "-999-9999", "- ./_", EDGE_DIGITS),
                                          SHAPE("999", "-999", "-999-9999", "- ./_", EDGE_DIGITS)};
    return scan_shapes(sight, (struct shapes){shapes, COUNT_OF(shapes)}, is_north_american) ||
           scan_shapes(sight, (struct shapes){longer, COUNT_OF(longer)}, with_country) ||
           (sees(sight, '(') && with_brackets(sight)) ||
           (sees(sight, '+') && international(sight)) || with_noughts(sight) ||
           scan_after(sight, KIND(PHONE) | KIND(CALL), begins_with_number);
}
