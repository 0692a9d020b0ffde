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
           str_contains(STR("ABCDEFGHJKLMPRSTUX"), squeezed.ptr[0]) &&
           (is_upper(squeezed.ptr[1]) || squeezed.ptr[1] == '9');
}

static bool is_practitioner(str squeezed)
{
    return is_dea(squeezed) && str_contains(STR("ABFGMX"), squeezed.ptr[0]);
}

static bool begins_with_dea(str rest)
{
    static const struct shape shape = {"AX9999999", "", EDGE_WORD};
    return scan_shape(str_slice(rest, 0, 10), &shape, is_dea);
}

bool phi_detect_us_dea(const struct sight *sight)
{
    str text = sight->text;
    static const struct shape bare = {"AX9999999", "", EDGE_VALUE};
    return scan_shape(text, &bare, is_practitioner) ||
           scan_after(sight, KIND(DEA), begins_with_dea);
}
