// SPDX-License-Identifier: Apache-2.0
#include "words.h"

#include "phial/util/array.h"

const struct word_row word_rows[] = {
#define PAIR(first, second, name, thirds)
#define WORD(phrase, spaced, kinds) {phrase, kinds, spaced},
#include "words.def"
#undef WORD
#undef PAIR
    {"", 0, false},
};

// A number for each row, and one for the first of each pair.
#define PASTE(a, b) a##b
#define ROW_NAMED(number) PASTE(ROW_, number)
enum {
#define PAIR(first, second, name, thirds) FIRST_##name, BEFORE_##name = FIRST_##name - 1,
#define WORD(phrase, spaced, kinds) ROW_NAMED(__COUNTER__),
#include "words.def"
#undef WORD
#undef PAIR
    ROWS
};
_Static_assert((size_t)ROWS + 1 == COUNT_OF(word_rows), "a number for each");

#define THIRD(c) WORD_THIRD(c)
#define ANY_THIRD UINT32_MAX

const struct word_pair word_pairs[WORD_FIRSTS][WORD_SECONDS] = {
#define PAIR(first, second, name, thirds) \
    [WORD_FIRST(first)][WORD_SECOND(second)] = {thirds, FIRST_##name},
#define WORD(phrase, spaced, kinds)
#include "words.def"
#undef WORD
#undef PAIR
};

const struct word_row *const word_none = &word_rows[ROWS];
