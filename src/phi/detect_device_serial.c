// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

static bool begins_with_serial(str rest)
{
    enum { DIGITS_MIN = 4, CHARACTERS_MAX = 24 };
    return scan_code(rest, (struct code){DIGITS_MIN, CHARACTERS_MAX, "-"}) &&
           !scan_is_date(str_slice(rest, 0, scan_digits(rest, 0)));
}

bool phi_detect_device_serial(const struct sight *sight)
{
    return scan_after(sight, KIND(SERIAL), begins_with_serial);
}
