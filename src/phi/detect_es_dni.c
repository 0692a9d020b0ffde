// SPDX-License-Identifier: Apache-2.0
#include "phial/util/array.h"
#include "scan.h"

// The number modulo 23 picks the letter; a NIE begins with X, Y or Z for 0, 1 or 2.
static bool is_dni(str squeezed)
{
    static const char letters[] = "TRWAGMYFPDXBNJZSQVHLCKE";
    int64_t number = 0;
    for (size_t i = 0; i + 1 < squeezed.len; i++) {
        char c = squeezed.ptr[i];
        if (!is_digit(c) && (c < 'X' || c > 'Z'))
            return false;
        number = number * 10 + (is_digit(c) ? c - '0' : c - 'X');
    }
    return squeezed.ptr[squeezed.len - 1] == letters[number % 23];
}

static bool begins_with_dni(str rest)
{
    char squeezed[9];
    size_t filled = 0;
    for (size_t at = 0; at < rest.len && filled < sizeof squeezed; at++) {
        if (is_alnum(rest.ptr[at]))
            squeezed[filled++] = to_upper(rest.ptr[at]);
        else if (rest.ptr[at] != '-' && rest.ptr[at] != '.' && rest.ptr[at] != ' ')
            break;
    }
    return filled == sizeof squeezed && is_upper(squeezed[filled - 1]) &&
           is_dni((str){squeezed, filled});
}

bool phi_detect_es_dni(const struct sight *sight)
{
    static const struct shape shapes[] = {
        SHAPE("99999999A", "", "", "", EDGE_VALUE),   SHAPE("99999999", "-A", "", "- ", EDGE_WORD),
        SHAPE("9999999", "-A", "", "-", EDGE_WORD),   SHAPE("A9999999A", "", "", "", EDGE_UPPER),
        SHAPE("A9999999", "-A", "", "- ", EDGE_WORD), SHAPE("A", "-9999999", "-A", "- ", EDGE_WORD),
    };
    return scan_shapes(sight, (struct shapes){shapes, COUNT_OF(shapes)}, is_dni) ||
           scan_after(sight, KIND(DNI), begins_with_dni);
}
