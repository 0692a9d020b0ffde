// SPDX-License-Identifier: Apache-2.0
// Ten digits of which a tenth of all pass the check, epoch seconds too: only beside a word, or
// grouped 4-3-3.
#include "scan.h"

#include <string.h>

static bool is_npi(str digits)
{
    char prefixed[15] = "80840";
    memcpy(prefixed + 5, digits.ptr, 10);
    return (digits.ptr[0] == '1' || digits.ptr[0] == '2') &&
           luhn_holds((str){prefixed, sizeof(prefixed)});
}

static bool begins_with_npi(str rest)
{
    return scan_digits(rest, 0) == 10 && is_npi(rest);
}

// Not a year and what was numbered in it: 2026-001-118.
static bool is_grouped_npi(str digits)
{
    str century = str_slice(digits, 0, 2);
    return !str_eq(century, STR("19")) && !str_eq(century, STR("20")) && is_npi(digits);
}

bool phi_detect_us_npi(const struct sight *sight)
{
    static const struct shape shape = SHAPE("9999", "-999", "-999", "- ", EDGE_WORD);
    return scan_shape(sight, &shape, is_grouped_npi) ||
           scan_after(sight, KIND(NPI), begins_with_npi);
}
