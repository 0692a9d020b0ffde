// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

// 7ABC123, B-MW 4711, AB-123-CD: letters and at least two digits
static bool begins_with_plate(str rest)
{
    enum { CHARACTERS_MIN = 5, CHARACTERS_MAX = 9 };
    size_t digits = 0;
    size_t letters = 0;
    size_t at = 0;
    for (; at < rest.len && digits + letters <= CHARACTERS_MAX; at++) {
        char c = rest.ptr[at];
        if (is_digit(c))
            digits++;
        else if (is_upper(c))
            letters++;
        else if ((c != ' ' && c != '-') || !is_alnum(at_or_nul(rest, at + 1)) ||
                 is_lower(at_or_nul(rest, at + 1)))
            break;
    }
    return digits >= 2 && letters >= 1 && digits + letters >= CHARACTERS_MIN &&
           digits + letters <= CHARACTERS_MAX && !is_letter(at_or_nul(rest, at));
}

bool phi_detect_licence_plate(const struct sight *sight)
{
    return scan_after(sight, KIND(PLATE), begins_with_plate);
}
