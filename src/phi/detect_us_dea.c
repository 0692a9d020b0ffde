// SPDX-License-Identifier: Apache-2.0
// A tenth of all such shapes pass the check, purchase orders too: bare only with the letters that
// practitioners have, else beside a word.
#include "scan.h"

static bool is_dea(str squeezed)
{
    int odd = 0;
    int even = 0;
    for (size_t i = 2; i < 8; i++)
        *(i % 2 == 0 ? &odd : &even) += squeezed.ptr[i] - '0';
    return (odd + 2 * even) % 10 == squeezed.ptr[8] - '0' &&
           among(squeezed.ptr[0], "ABCDEFGHJKLMPRSTUX") &&
           (is_upper(squeezed.ptr[1]) || squeezed.ptr[1] == '9');
}

static bool is_practitioner(str squeezed)
{
    return is_dea(squeezed) && among(squeezed.ptr[0], "ABFGMX");
}

static bool begins_with_dea(str rest)
{
    char squeezed[9];
    for (size_t i = 0; i < sizeof squeezed; i++)
        squeezed[i] = to_upper(at_or_nul(rest, i));
    return scan_digits(rest, 2) == sizeof squeezed - 2 && is_upper(squeezed[0]) &&
           is_dea((str){squeezed, sizeof squeezed}) && !is_alnum(at_or_nul(rest, sizeof squeezed));
}

bool phi_detect_us_dea(const struct sight *sight)
{
    static const struct shape bare = SHAPE("AX9999999", "", "", "", EDGE_VALUE);
    return scan_shape(sight, &bare, is_practitioner) ||
           scan_after(sight, KIND(DEA), begins_with_dea);
}
