// SPDX-License-Identifier: Apache-2.0
// Ten digits, the last a check modulo 11; bare ones only beside a word.
#include "phial/util/array.h"
#include "scan.h"

static bool is_nhs(str digits)
{
    int sum = 0;
    for (int i = 0; i < 9; i++)
        sum += (digits.ptr[i] - '0') * (10 - i);
    return (11 - sum % 11) % 11 == digits.ptr[9] - '0';
}

// What is given out begins with 3 to 7; tests with 9.
static bool is_given_out(str digits)
{
    return among(digits.ptr[0], "345679") && is_nhs(digits);
}

static bool begins_with_nhs(str rest)
{
    return scan_digits(rest, 0) == 10 && is_nhs(str_slice(rest, 0, 10));
}

bool phi_detect_uk_nhs(const struct sight *sight)
{
    static const struct shape shapes[] = {SHAPE("999", "-999", "-9999", "- _", EDGE_WORD)};
    return scan_shapes(sight, (struct shapes){shapes, COUNT_OF(shapes)}, is_given_out) ||
           scan_after(sight, KIND(NHS), begins_with_nhs);
}
