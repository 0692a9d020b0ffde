// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

static bool is_tax_code(str squeezed)
{
    // What a digit or letter counts in an odd place.
    static const int odd[] = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                              20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
    // Where two codes would be the same, these letters stand for digits.
    static const char kinds[] = "AAAAAA99M99A999A";
    int sum = 0;
    for (size_t i = 0; i < 15; i++) {
        char c = squeezed.ptr[i];
        int value = is_digit(c) ? c - '0' : c - 'A';
        bool stands_for_digit = is_digit(c) || among(c, "LMNPQRSTUV");
        if ((kinds[i] == '9' && !stands_for_digit) || (kinds[i] == 'A' && !is_upper(c)) ||
            (kinds[i] == 'M' && !among(c, "ABCDEHLMPRST")))
            return false;
        sum += i % 2 == 0 ? odd[value] : value;
    }
    return squeezed.ptr[15] == (char)('A' + sum % 26);
}

bool phi_detect_it_tax_code(const struct sight *sight)
{
    static const struct shape shape = SHAPE("AAAAAAXXAXXAXXXA", "", "", "", EDGE_WORD);
    return scan_shape(sight, &shape, is_tax_code);
}
