// SPDX-License-Identifier: Apache-2.0
// A birth date, a counter and a check digit. A tenth of all dates with five digits pass: only
// beside a word.
#include "scan.h"

static bool begins_with_pesel(str rest)
{
    static const int weights[] = {1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1};
    int sum = 0;
    if (scan_digits(rest, 0) != 11)
        return false;
    for (size_t i = 0; i < 11; i++)
        sum += (rest.ptr[i] - '0') * weights[i];
    return sum % 10 == 0;
}

bool phi_detect_pl_pesel(const struct sight *sight)
{
    return scan_after(sight, KIND(PESEL), begins_with_pesel);
}
