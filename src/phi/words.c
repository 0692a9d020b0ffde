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

// The n-th character of a phrase in its place in a head, nothing from the first blank on; the
// second one may be a blank.
#define LETTER(phrase, n) ((phrase "\0\0\0\0\0\0\0")[n])
#define NO_BLANK(phrase, n) (LETTER(phrase, n) != ' ')
#define AT(phrase, n) ((uint64_t)LETTER(phrase, n) << (56 - 8 * (n)))
#define UP_TO(phrase, n, rest) (NO_BLANK(phrase, n) ? (AT(phrase, n) | (rest)) : 0)
#define HEAD(phrase)                 \
    (AT(phrase, 0) | AT(phrase, 1) | \
     UP_TO(phrase, 2,                \
           UP_TO(phrase, 3,          \
                 UP_TO(phrase, 4,    \
                       UP_TO(phrase, 5, UP_TO(phrase, 6, UP_TO(phrase, 7, UINT64_C(0))))))))

const uint64_t word_heads[] = {
#define PAIR(first, second, name, thirds)
#define WORD(phrase, spaced, kinds) HEAD(phrase),
#include "words.def"
#undef WORD
#undef PAIR
    UINT64_MAX,
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
