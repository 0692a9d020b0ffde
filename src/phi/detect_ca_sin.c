// SPDX-License-Identifier: Apache-2.0
// A tenth of all nine digits pass the check: only beside a word.
#include "scan.h"

static bool begins_with_sin(str rest)
{
    char digits[9];
    return scan_squeezed(rest, " -", digits, sizeof digits) == sizeof digits &&
           luhn_holds((str){digits, sizeof digits});
}

bool phi_detect_ca_sin(const struct sight *sight)
{
    return scan_after(sight, KIND(SIN), begins_with_sin);
}
