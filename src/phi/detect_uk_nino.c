// SPDX-License-Identifier: Apache-2.0
#include "phial/util/array.h"
#include "scan.h"

static bool is_nino(str squeezed)
{
    static const str never[] = {{"BG", 2}, {"GB", 2}, {"NK", 2}, {"KN", 2},
                                {"TN", 2}, {"NT", 2}, {"ZZ", 2}};
    for (size_t i = 0; i < COUNT_OF(never); i++)
        if (str_starts_with(squeezed, never[i]))
            return false;
    return among(squeezed.ptr[0], "ABCEGHJKLMNOPRSTWXYZ") &&
           among(squeezed.ptr[1], "ABCEGHJKLMNPRSTWXYZ") && among(squeezed.ptr[8], "ABCD");
}

bool phi_detect_uk_nino(const struct sight *sight)
{
    static const struct shape shapes[] = {SHAPE("AA999999A", "", "", "", EDGE_UPPER),
                                          SHAPE("AA", "-99", "-99-99-A", "- ", EDGE_WORD),
                                          SHAPE("AA99", "-99", "-99A", "- ", EDGE_WORD),
                                          SHAPE("AA", "-999999", "-A", " ", EDGE_WORD),
                                          SHAPE("AA", "-999999A", "", " ", EDGE_WORD),
                                          SHAPE("AA", "-999", "-999-A", " ", EDGE_WORD)};
    return scan_shapes(sight, (struct shapes){shapes, COUNT_OF(shapes)}, is_nino);
}
