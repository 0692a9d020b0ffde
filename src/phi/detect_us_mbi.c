// SPDX-License-Identifier: Apache-2.0
// Eleven characters: a digit from 1, then letters (without S L O I B Z) and digits in fixed places.
// Without its dashes no part of an id and not hexadecimal, unless a word says so.
#include "phial/util/array.h"
#include "scan.h"

static bool is_mbi(str squeezed)
{
    static const char kinds[] = "CAXNAXNAANN";
    for (size_t i = 0; i < squeezed.len; i++) {
        char c = squeezed.ptr[i];
        bool letter = is_upper(c) && !among(c, "SLOIBZ");
        bool digit = is_digit(c) && (kinds[i] != 'C' || c != '0');
        bool holds = kinds[i] == 'A' ? letter : kinds[i] == 'X' ? letter || digit : digit;
        if (!holds)
            return false;
    }
    return true;
}

static bool is_bare_mbi(str squeezed)
{
    bool hexadecimal = true;
    for (size_t i = 0; i < squeezed.len; i++)
        hexadecimal = hexadecimal && squeezed.ptr[i] <= 'F';
    return !hexadecimal && is_mbi(squeezed);
}

static bool begins_with_mbi(str rest)
{
    enum { MBI_CHARACTERS = 11 };
    char squeezed[MBI_CHARACTERS];
    if (rest.len < MBI_CHARACTERS || is_alnum(at_or_nul(rest, MBI_CHARACTERS)))
        return false;
    for (size_t i = 0; i < MBI_CHARACTERS; i++)
        squeezed[i] = to_upper(rest.ptr[i]);
    return is_mbi((str){squeezed, MBI_CHARACTERS});
}

bool phi_detect_us_mbi(const struct sight *sight)
{
    static const struct shape bare = SHAPE("9AX9AX9AA99", "", "", "", EDGE_UPPER);
    static const struct shape shapes[] = {SHAPE("9AX9", "-AX9", "-AA99", "- ._/", EDGE_WORD),
                                          SHAPE("9", "-A", "-X-9-A-X-9-A-A-9-9", "- ", EDGE_WORD)};
    return scan_shape(sight, &bare, is_bare_mbi) ||
           scan_shapes(sight, (struct shapes){shapes, COUNT_OF(shapes)}, is_mbi) ||
           scan_after(sight, KIND(MBI), begins_with_mbi);
}
