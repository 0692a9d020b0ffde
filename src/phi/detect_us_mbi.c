// SPDX-License-Identifier: Apache-2.0
// Eleven characters: a digit from 1, then letters (without S L O I B Z) and digits in fixed places.
#include "phial/util/array.h"
#include "scan.h"

static bool is_mbi(str squeezed)
{
    static const char kinds[] = "CAXNAXNAANN";
    for (size_t i = 0; i < squeezed.len; i++) {
        char c = squeezed.ptr[i];
        bool letter = is_upper(c) && !str_contains(STR("SLOIBZ"), c);
        bool digit = is_digit(c) && (kinds[i] != 'C' || c != '0');
        bool holds = kinds[i] == 'A' ? letter : kinds[i] == 'X' ? letter || digit : digit;
        if (!holds)
            return false;
    }
    return true;
}

bool phi_detect_us_mbi(str text)
{
    static const struct shape shapes[] = {{"9AX9AX9AA99", "", EDGE_WORD},
                                          {"9AX9-AX9-AA99", "- ._/", EDGE_WORD},
                                          {"9-A-X-9-A-X-9-A-A-9-9", "- ", EDGE_WORD}};
    return scan_shapes(text, (struct shapes){shapes, COUNT_OF(shapes)}, is_mbi);
}
