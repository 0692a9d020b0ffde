// SPDX-License-Identifier: Apache-2.0
// Ten digits of which a tenth of all pass the check, epoch seconds too: only beside a word.
#include "scan.h"

#include <string.h>

static bool begins_with_npi(str rest)
{
    char prefixed[15] = "80840";
    if (scan_digits(rest, 0) != 10 || (rest.ptr[0] != '1' && rest.ptr[0] != '2'))
        return false;
    memcpy(prefixed + 5, rest.ptr, 10);
    return luhn_holds((str){prefixed, sizeof(prefixed)});
}

bool phi_detect_us_npi(const struct sight *sight)
{
    return scan_after(sight, KIND(NPI), begins_with_npi);
}
