// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

// A template as bytes are written: letters, digits and the signs of base64, or hexadecimal ones.
static bool begins_with_template(str rest)
{
    enum { CHARACTERS_MIN = 16, HEXADECIMAL_MIN = 6 };
    size_t len = 0;
    size_t lower = 0;
    size_t digits = 0;
    bool hexadecimal = true;
    if (str_starts_with(rest, STR("0x")))
        rest = str_slice(rest, 2, rest.len);
    for (; len < rest.len; len++) {
        char c = rest.ptr[len];
        if (!is_alnum(c) && !among(c, "+/=-_"))
            break;
        lower += is_lower(c) ? 1 : 0;
        digits += is_digit(c) ? 1 : 0;
        hexadecimal = hexadecimal && hexadecimal_value(c) >= 0;
    }
    return len >= CHARACTERS_MIN ||
           (hexadecimal && len >= HEXADECIMAL_MIN && (lower == 0 || digits > 0) &&
            !scan_is_date(str_slice(rest, 0, len)));
}

bool phi_detect_biometric(const struct sight *sight)
{
    return scan_after(sight, KIND(BIOMETRIC), begins_with_template);
}
