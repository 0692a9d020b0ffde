// SPDX-License-Identifier: Apache-2.0
#include "phial/util/array.h"
#include "scan.h"

// Sex, year, month, department (2A and 2B are Corsica), town, number; the key is 97 less the rest.
static bool is_nir(str squeezed)
{
    char digits[15];
    for (size_t i = 0; i < sizeof(digits); i++)
        digits[i] = squeezed.ptr[i];
    if (digits[6] == 'A' || digits[6] == 'B') {
        digits[6] = digits[6] == 'A' ? '9' : '8';
        digits[5] = '1';
    }
    str number = {digits, sizeof(digits)};
    int64_t month = digits_modulo(str_slice(number, 3, 5), 100);
    bool month_fits = (month >= 1 && month <= 12) || (month >= 20 && month <= 42) || month >= 50;
    return scan_digits(number, 0) == sizeof(digits) && among(digits[0], "123478") && month_fits &&
           97 - digits_modulo(str_slice(number, 0, 13), 97) ==
               digits_modulo(str_slice(number, 13, 15), 100);
}

bool phi_detect_fr_nir(const struct sight *sight)
{
    static const struct shape shapes[] = {
        SHAPE("999999X99999999", "", "", "", EDGE_WORD),
        SHAPE("9", "-99", "-99-9X-999-999-99", " -.", EDGE_WORD),
        SHAPE("999999X999999", "-99", "", " -.", EDGE_WORD),
    };
    return scan_shapes(sight, (struct shapes){shapes, COUNT_OF(shapes)}, is_nir);
}
