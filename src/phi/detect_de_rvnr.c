// SPDX-License-Identifier: Apache-2.0
#include "phial/util/array.h"
#include "scan.h"

static int two(str digits, size_t at)
{
    return (digits.ptr[at] - '0') * 10 + (digits.ptr[at + 1] - '0');
}

// The area, the birth date as ddmmyy (days from 51 where one was given twice), a letter, a number.
static bool is_rvnr(str squeezed)
{
    static const int weights[] = {2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1};
    int letter = squeezed.ptr[8] - 'A' + 1;
    int sum = 0;
    for (size_t i = 0, w = 0; i < 11; i++) {
        int parts[2] = {i == 8 ? letter / 10 : squeezed.ptr[i] - '0', letter % 10};
        for (size_t p = 0; p < (i == 8 ? 2U : 1U); p++, w++) {
            int product = parts[p] * weights[w];
            sum += product / 10 + product % 10;
        }
    }
    int day = two(squeezed, 2) % 50;
    int month = two(squeezed, 4);
    return sum % 10 == squeezed.ptr[11] - '0' && day >= 1 && day <= 31 && month >= 1 && month <= 12;
}

bool phi_detect_de_rvnr(const struct sight *sight)
{
    static const struct shape shapes[] = {
        SHAPE("99999999A999", "", "", "", EDGE_UPPER),
        SHAPE("99", "-999999", "-A-999", " ", EDGE_WORD), // as it is printed
    };
    return scan_shapes(sight, (struct shapes){shapes, COUNT_OF(shapes)}, is_rvnr);
}
