// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

static bool begins_with_member(str rest)
{
    enum { DIGITS_MIN = 6, CHARACTERS_MAX = 20 };
    return scan_code(rest, (struct code){DIGITS_MIN, CHARACTERS_MAX, "-"});
}

bool phi_detect_member_id(const struct sight *sight)
{
    return scan_after(sight, KIND(MEMBER), begins_with_member);
}
