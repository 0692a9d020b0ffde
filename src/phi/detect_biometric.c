// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

// A template as bytes are written: letters, digits and the signs of base64.
static bool begins_with_template(str rest)
{
    enum { CHARACTERS_MIN = 16 };
    size_t len = 0;
    while (len < rest.len && (is_alnum(rest.ptr[len]) || str_contains(STR("+/=-_"), rest.ptr[len])))
        len++;
    return len >= CHARACTERS_MIN;
}

bool phi_detect_biometric(const struct sight *sight)
{
    return scan_after(sight, KIND(BIOMETRIC), begins_with_template);
}
