// SPDX-License-Identifier: Apache-2.0
// Seventeen characters without I, O and Q, the ninth a check modulo 11. One in eleven random ones
// passes that, so five digits, a numeric end and a letter that is no hexadecimal digit are asked
// for as well.
#include "scan.h"

static int value_of(char c)
{
    static const char values[] = "12345678012345070923456789"; // A to Z; I, O and Q are refused
    return is_digit(c) ? c - '0' : values[c - 'A'] - '0';
}

static bool is_vin(str squeezed)
{
    static const int weights[] = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
    int sum = 0;
    size_t digits = 0;
    bool hexadecimal = true;
    for (size_t i = 0; i < squeezed.len; i++) {
        if (among(squeezed.ptr[i], "IOQ"))
            return false;
        digits += is_digit(squeezed.ptr[i]) ? 1 : 0;
        hexadecimal = hexadecimal && squeezed.ptr[i] <= 'F';
        sum += value_of(squeezed.ptr[i]) * weights[i];
    }
    int rest = sum % 11;
    return squeezed.ptr[8] == (rest == 10 ? 'X' : (char)('0' + rest)) && digits >= 5 &&
           !hexadecimal;
}

bool phi_detect_vin(const struct sight *sight)
{
    static const struct shape shape = SHAPE("XXXXXXXXXXXX99999", "", "", "", EDGE_WORD);
    return scan_shape(sight, &shape, is_vin);
}
