// SPDX-License-Identifier: Apache-2.0
// An issuer's range, its length and the check digit. Thirteen digits are left out: they are
// milliseconds since 1970 far more often than an old card.
#include "phial/util/array.h"
#include "scan.h"

struct range {
    int from; // the first four digits
    int to;
    size_t len;
};

static bool is_card(str digits)
{
    static const struct range ranges[] = {
        {4000, 4999, 16}, {5000, 5099, 16}, {5100, 5599, 16}, {5600, 5899, 16}, {2221, 2720, 16},
        {6011, 6011, 16}, {6200, 6299, 16}, {6440, 6599, 16}, {6304, 6304, 16}, {6759, 6763, 16},
        {3528, 3589, 16}, {3400, 3499, 15}, {3700, 3799, 15}, {3600, 3699, 14}, {3800, 3899, 14},
        {3000, 3059, 14}, {4000, 4999, 19}, {6200, 6299, 19},
    };
    int first = 0;
    for (size_t i = 0; i < 4; i++)
        first = first * 10 + (digits.ptr[i] - '0');
    for (size_t i = 0; i < COUNT_OF(ranges); i++)
        if (digits.len == ranges[i].len && first >= ranges[i].from && first <= ranges[i].to)
            return luhn_holds(digits);
    return false;
}

bool phi_detect_payment_card(const struct sight *sight)
{
    static const struct shape shapes[] = {
        SHAPE("9999999999999999", "", "", "", EDGE_WORD),
        SHAPE("999999999999999", "", "", "", EDGE_WORD),
        SHAPE("99999999999999", "", "", "", EDGE_WORD),
        SHAPE("9999", "-9999", "-9999-9999", "- ._", EDGE_WORD),
        SHAPE("9999", "-9999", "-9999-9999-999", "- ._", EDGE_WORD),
        SHAPE("9999", "-999999", "-99999", "- ._", EDGE_WORD),
        SHAPE("9999", "-999999", "-9999", "- ._", EDGE_WORD),
    };
    return scan_shapes(sight, (struct shapes){shapes, COUNT_OF(shapes)}, is_card);
}
