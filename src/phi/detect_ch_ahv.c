// SPDX-License-Identifier: Apache-2.0
// Switzerland's country code, nine digits and the check digit of an EAN: 756.9217.0769.85
#include "phial/util/array.h"
#include "scan.h"

static bool is_ahv(str digits)
{
    int sum = 0;
    for (size_t i = 0; i < digits.len; i++)
        sum += (digits.ptr[i] - '0') * (i % 2 == 0 ? 1 : 3);
    return str_starts_with(digits, STR("756")) && sum % 10 == 0;
}

bool phi_detect_ch_ahv(const struct sight *sight)
{
    static const struct shape shapes[] = {SHAPE("999", "-9999", "-9999-99", ".- ", EDGE_DIGITS),
                                          SHAPE("9999999999999", "", "", "", EDGE_WORD)};
    return scan_shapes(sight, (struct shapes){shapes, COUNT_OF(shapes)}, is_ahv);
}
