// SPDX-License-Identifier: Apache-2.0
// Area, group and serial without the numbers never given out. An area from 900 is an ITIN, which
// identifies a person all the same.
#include "phial/util/array.h"
#include "scan.h"

static bool is_ssn(str digits)
{
    return !str_starts_with(digits, STR("000")) && !str_starts_with(digits, STR("666")) &&
           !str_eq(str_slice(digits, 3, 5), STR("00")) &&
           !str_eq(str_slice(digits, 5, 9), STR("0000"));
}

static bool begins_with_ssn(str rest)
{
    return scan_digits(rest, 0) == 9 && is_ssn(str_slice(rest, 0, 9));
}

// l82-2O-lO53: letters in the place of the digits that they look like
static bool is_spelled_ssn(str squeezed)
{
    char digits[9];
    for (size_t i = 0; i < sizeof(digits); i++) {
        digits[i] = squeezed.ptr[i];
        if (digits[i] == 'O')
            digits[i] = '0';
        else if (digits[i] == 'I' || digits[i] == 'L')
            digits[i] = '1';
    }
    str spelled = {digits, sizeof(digits)};
    return scan_digits(spelled, 0) == sizeof(digits) && is_ssn(spelled);
}

bool phi_detect_us_ssn(const struct sight *sight)
{
    static const struct shape shapes[] = {
        SHAPE("999", "-99", "-9999", "- ./_", EDGE_DIGITS),
        SHAPE("9", "-9", "-9-9-9-9-9-9-9", "- _", EDGE_DIGITS),
    };
    static const struct shape spelled = SHAPE("XXX", "-XX", "-XXXX", "- ", EDGE_WORD);
    return scan_shapes(sight, (struct shapes){shapes, COUNT_OF(shapes)}, is_ssn) ||
           scan_shape(sight, &spelled, is_spelled_ssn) ||
           scan_after(sight, KIND(SSN), begins_with_ssn);
}
