// SPDX-License-Identifier: Apache-2.0
// places.h - where words of context stand in a text.
#pragma once

#include "characters.h"
#include "sight.h"

// The words that begin there become places of the sight, which is crowded where there are too many.
void places_look(struct sight *sight, size_t at);

// Whether one may: most do not, which three characters tell.
static inline bool places_may_begin(str text, size_t at)
{
    if (at + 2 >= text.len)
        return true;
    const char *first = text.ptr + at;
    bool joined = (character_kind(first[1]) & (CHARACTER_DIGIT | CHARACTER_LETTER)) != 0;
    return !joined || words_from(first[0], first[1], first[2]) != word_none;
}
