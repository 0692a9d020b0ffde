// SPDX-License-Identifier: Apache-2.0
// E11.9 is a product as well: only beside a word.
#include "scan.h"

static bool begins_with_code(str rest)
{
    enum { DETAIL_MAX = 4 };
    size_t detail = 0;
    bool category = is_letter(at_or_nul(rest, 0)) && is_digit(at_or_nul(rest, 1)) &&
                    (is_digit(at_or_nul(rest, 2)) || to_upper(at_or_nul(rest, 2)) == 'A' ||
                     to_upper(at_or_nul(rest, 2)) == 'B');
    if (!category)
        return false;
    if (at_or_nul(rest, 3) != '.')
        return !is_alnum(at_or_nul(rest, 3));
    while (is_alnum(at_or_nul(rest, 4 + detail)))
        detail++;
    return detail >= 1 && detail <= DETAIL_MAX;
}

bool phi_detect_diagnosis_code(const struct sight *sight)
{
    return scan_after(sight, KIND(DIAGNOSIS), begins_with_code);
}
