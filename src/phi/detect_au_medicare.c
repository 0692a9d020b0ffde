// SPDX-License-Identifier: Apache-2.0
// Ten digits of which the ninth is a check modulo 10: only beside a word.
#include "scan.h"

static bool begins_with_card(str rest)
{
    static const int weights[] = {1, 3, 7, 9, 1, 3, 7, 9};
    char digits[10];
    int sum = 0;
    if (scan_squeezed(rest, " -", digits, sizeof digits) != sizeof digits)
        return false;
    for (size_t i = 0; i < 8; i++)
        sum += (digits[i] - '0') * weights[i];
    return digits[0] >= '2' && digits[0] <= '6' && sum % 10 == digits[8] - '0';
}

bool phi_detect_au_medicare(const struct sight *sight)
{
    return scan_after(sight, KIND(MBI), begins_with_card);
}
