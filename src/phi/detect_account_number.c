// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

static bool begins_with_account(str rest)
{
    enum { DIGITS_MIN = 6, CHARACTERS_MAX = 20 };
    return scan_code(rest, (struct code){DIGITS_MIN, CHARACTERS_MAX, ""});
}

bool phi_detect_account_number(const struct sight *sight)
{
    return scan_after(sight, KIND(ACCOUNT), begins_with_account);
}
