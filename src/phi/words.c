// SPDX-License-Identifier: Apache-2.0
#include "words.h"

#include "phial/util/array.h"

static const struct word_row rows[] = {
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
_Static_assert((size_t)ROWS + 1 == COUNT_OF(rows), "a number for each");

// Where a character stands in the table of pairs: a letter has a place of its own in either row,
// and of what else stands in words the nought first, and signs second.
enum { FIRSTS = 27, SECONDS = 64 };
#define FIRST_PLACE(c) ((c) == '0' ? 0 : (c) - 'a' + 1)
#define SECOND_PLACE(c) ((c) < '@' ? (c) - ' ' : 32 + ((c)&31))

#define THIRD(c) (UINT32_C(1) << ((c)&31))
#define ANY_THIRD UINT32_MAX

static const struct {
    uint32_t thirds; // what may stand third, a bit for each; some share theirs
    uint32_t from;   // the first row's number
} pairs[FIRSTS][SECONDS] = {
#define PAIR(first, second, name, thirds) \
    [FIRST_PLACE(first)][SECOND_PLACE(second)] = {thirds, FIRST_##name},
#define WORD(phrase, spaced, kinds)
#include "words.def"
#undef WORD
#undef PAIR
};

const struct word_row *words_from(char first, char second, char third)
{
    static const struct word_row none = {"", 0, false};
    bool begins = first == '0' || (first >= 'a' && first <= 'z');
    if (!begins || second < ' ' || second > 'z')
        return &none;
    uint32_t thirds = pairs[FIRST_PLACE(first)][SECOND_PLACE(second)].thirds;
    const struct word_row *row = &rows[pairs[FIRST_PLACE(first)][SECOND_PLACE(second)].from];
    return (thirds & THIRD(third)) == 0 || row->phrase[1] != second ? &none : row;
}
