// SPDX-License-Identifier: Apache-2.0
// A social security number with the letters of the claim behind it, or of the railroad before it.
#include "phial/util/array.h"
#include "scan.h"

static bool any(str squeezed)
{
    return squeezed.len > 0;
}

static bool begins_with_hicn(str rest)
{
    size_t letters = scan_letters(rest, 0);
    size_t digits = scan_digits(rest, letters);
    return letters <= 3 && (digits == 9 || (letters > 0 && digits == 6));
}

bool phi_detect_us_hicn(const struct sight *sight)
{
    static const struct shape shapes[] = {SHAPE("999", "-99", "-9999A", "- ", EDGE_WORD),
                                          SHAPE("999", "-99", "-9999AX", "- ", EDGE_WORD)};
    return scan_shapes(sight, (struct shapes){shapes, COUNT_OF(shapes)}, any) ||
           scan_after(sight, KIND(HICN), begins_with_hicn);
}
