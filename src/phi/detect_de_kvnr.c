// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

// The letter counts as two digits; factors 1 and 2 in turn, cross sums, modulo 10.
static bool is_kvnr(str squeezed)
{
    int letter = squeezed.ptr[0] - 'A' + 1;
    int digits[10] = {letter / 10, letter % 10};
    int sum = 0;
    for (size_t i = 2; i < 10; i++)
        digits[i] = squeezed.ptr[i - 1] - '0';
    for (size_t i = 0; i < 10; i++) {
        int product = digits[i] * (i % 2 == 0 ? 1 : 2);
        sum += product / 10 + product % 10;
    }
    return sum % 10 == squeezed.ptr[9] - '0';
}

bool phi_detect_de_kvnr(str text)
{
    static const struct shape shape = {"A999999999", "", EDGE_VALUE};
    return scan_shape(text, &shape, is_kvnr);
}
