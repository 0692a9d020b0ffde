// SPDX-License-Identifier: Apache-2.0
// Nine digits that add up to a multiple of eleven, as a twelfth of all do: only beside a word.
#include "scan.h"

static bool begins_with_bsn(str rest)
{
    char digits[9];
    int sum = 0;
    if (scan_squeezed(rest, " .-", digits, sizeof digits) != sizeof digits)
        return false;
    for (int i = 0; i < 8; i++)
        sum += (digits[i] - '0') * (9 - i);
    return (sum - (digits[8] - '0')) % 11 == 0;
}

bool phi_detect_nl_bsn(const struct sight *sight)
{
    return scan_after(sight, KIND(BSN), begins_with_bsn);
}
