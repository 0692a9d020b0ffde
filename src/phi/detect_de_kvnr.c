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

static bool begins_with_kvnr(str rest)
{
    char squeezed[10];
    if (!is_letter(at_or_nul(rest, 0)) || scan_digits(rest, 1) != sizeof squeezed - 1)
        return false;
    for (size_t i = 0; i < sizeof squeezed; i++)
        squeezed[i] = to_upper(rest.ptr[i]);
    return is_kvnr((str){squeezed, sizeof squeezed});
}

bool phi_detect_de_kvnr(const struct sight *sight)
{
    static const struct shape shape = SHAPE("A999999999", "", "", "", EDGE_VALUE);
    return scan_shape(sight, &shape, is_kvnr) || scan_after(sight, KIND(KVNR), begins_with_kvnr);
}
