// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

static bool begins_with_visit(str rest)
{
    enum { DIGITS_MIN = 5, CHARACTERS_MAX = 16 };
    size_t digits = scan_digits(rest, 0);
    bool numbered = at_or_nul(rest, digits) == '-' && scan_digits(rest, digits + 1) >= 3;
    return scan_code(rest, (struct code){DIGITS_MIN, CHARACTERS_MAX, "-"}) &&
           (numbered || !scan_is_date(str_slice(rest, 0, digits)));
}

bool phi_detect_visit_number(const struct sight *sight)
{
    return scan_after(sight, KIND(VISIT), begins_with_visit);
}
