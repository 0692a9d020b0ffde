// SPDX-License-Identifier: Apache-2.0
#include "phial/util/array.h"
#include "scan.h"

static bool is_mac(str squeezed)
{
    bool all_zero = true;
    bool all_ones = true;
    for (size_t i = 0; i < squeezed.len; i++) {
        char c = squeezed.ptr[i];
        if (!is_digit(c) && (c < 'A' || c > 'F'))
            return false;
        all_zero = all_zero && c == '0';
        all_ones = all_ones && c == 'F';
    }
    return !all_zero && !all_ones;
}

// A fingerprint is longer: twenty pairs of the same separator.
static bool stands_alone(str text, size_t at, size_t len, char separator)
{
    char before = before_or_nul(text, at);
    char after = at_or_nul(text, at + len);
    bool longer = (before == separator && at > 1 && is_alnum(text.ptr[at - 2])) ||
                  (after == separator && is_alnum(at_or_nul(text, at + len + 1)));
    return !is_alnum(before) && !is_alnum(after) && !longer;
}

static bool mac_at(str text, size_t at, size_t group, char separator)
{
    char squeezed[12];
    size_t filled = 0;
    size_t end = at;
    while (filled < sizeof(squeezed)) {
        if (filled > 0 && filled % group == 0 && at_or_nul(text, end++) != separator)
            return false;
        for (size_t i = 0; i < group; i++, end++) {
            if (!is_alnum(at_or_nul(text, end)))
                return false;
            squeezed[filled++] = to_upper(text.ptr[end]);
        }
    }
    return stands_alone(text, at, end - at, separator) && is_mac((str){squeezed, filled});
}

bool phi_detect_mac_address(str text)
{
    if (!has(text, ':') && !has(text, '-') && !has(text, '.'))
        return false;
    for (size_t at = 0; at + 14 <= text.len; at++)
        if (mac_at(text, at, 2, ':') || mac_at(text, at, 2, '-') || mac_at(text, at, 4, '.'))
            return true;
    return false;
}
