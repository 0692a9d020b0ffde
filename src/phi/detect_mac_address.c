// SPDX-License-Identifier: Apache-2.0
#include "phial/util/array.h"
#include "scan.h"

static bool is_hex(char c)
{
    char small = to_lower(c);
    return is_digit(c) || (small >= 'a' && small <= 'f');
}

// Whether a group of hexadecimal digits, as long as those of the address, ends or begins there.
static bool is_group(str text, size_t from, size_t group)
{
    for (size_t i = 0; i < group; i++) {
        if (!is_hex(at_or_nul(text, from + i)))
            return false;
    }
    return true;
}

// A fingerprint is longer: twenty pairs of the same separator. A date is all digits.
static bool stands_alone(str text, size_t at, size_t end, size_t group)
{
    char separator = text.ptr[at + group];
    char before = before_or_nul(text, at);
    bool joined = before == separator && at > 1 && is_alnum(text.ptr[at - 2]);
    bool longer = joined && at > group && is_group(text, at - group - 1, group) &&
                  !is_alnum(before_or_nul(text, at - group - 1));
    longer = longer || (at_or_nul(text, end) == separator && is_group(text, end + 1, group) &&
                        !is_alnum(at_or_nul(text, end + 1 + group)));
    bool letters = false;
    for (size_t i = at; i < end; i++)
        letters = letters || is_letter(text.ptr[i]);
    return !is_alnum(before) && !is_alnum(at_or_nul(text, end)) && !longer &&
           (letters || separator == ':' || (separator == '-' && !joined));
}

static bool mac_at(str text, size_t at, size_t group, char separator)
{
    enum { DIGITS = 12 };
    bool all_zero = true;
    bool all_ones = true;
    size_t end = at;
    for (size_t i = 0; i < DIGITS; i++, end++) {
        if (i > 0 && i % group == 0 && at_or_nul(text, end++) != separator)
            return false;
        char c = at_or_nul(text, end);
        if (!is_hex(c))
            return false;
        all_zero = all_zero && c == '0';
        all_ones = all_ones && to_lower(c) == 'f';
    }
    return !all_zero && !all_ones && stands_alone(text, at, end, group);
}

bool phi_detect_mac_address(const struct sight *sight)
{
    enum { GROUP_WORK = 4 };
    str text = sight->text;
    for (size_t i = 0; (sight->wakes & WAKE(MAC)) != 0 && i < sight->run_count; i++) {
        size_t at = sight->runs[i].at;
        size_t len = sight->runs[i].len;
        if ((len != 2 && len != 4) || !sight_pays(sight, GROUP_WORK))
            continue;
        if (i > 0 && sight->runs[i - 1].len == len && sight->runs[i - 1].at + len + 1 == at &&
            is_group(text, sight->runs[i - 1].at, len))
            continue; // in a chain of groups only the first may begin an address
        if (len == 2 ? mac_at(text, at, 2, ':') || mac_at(text, at, 2, '-')
                     : mac_at(text, at, 4, '.'))
            return true;
    }
    return false;
}
