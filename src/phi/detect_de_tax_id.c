// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

// ISO 7064, modulo 11, 10. A tenth of all eleven digits pass: only beside a word.
static bool begins_with_tax_id(str rest)
{
    char digits[11];
    size_t filled = 0;
    for (size_t at = 0; at < rest.len && filled < sizeof(digits); at++) {
        if (is_digit(rest.ptr[at]))
            digits[filled++] = rest.ptr[at];
        else if (rest.ptr[at] != ' ')
            break;
    }
    if (filled < sizeof(digits) || digits[0] == '0')
        return false;
    int product = 10;
    for (size_t i = 0; i < sizeof(digits) - 1; i++) {
        int sum = (digits[i] - '0' + product) % 10;
        product = (sum == 0 ? 10 : sum) * 2 % 11;
    }
    return (11 - product) % 10 == digits[10] - '0';
}

bool phi_detect_de_tax_id(const struct sight *sight)
{
    return scan_after(sight, KIND(TAX), begins_with_tax_id);
}
