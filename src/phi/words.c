// SPDX-License-Identifier: Apache-2.0
#include "words.h"

#include "phial/util/array.h"

static const struct word_row rows[] = {
#define WORD(phrase, spaced, kinds) {phrase, kinds, spaced},
#include "words.def"
#undef WORD
};

static int compare(const struct word_row *row, char first, char second)
{
    if (row->phrase[0] != first)
        return row->phrase[0] < first ? -1 : 1;
    return row->phrase[1] < second ? -1 : row->phrase[1] > second ? 1 : 0;
}

struct word_rows words_from(char first, char second)
{
    size_t low = 0;
    size_t high = COUNT_OF(rows);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&rows[middle], first, second) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    size_t end = low;
    while (end < COUNT_OF(rows) && compare(&rows[end], first, second) == 0)
        end++;
    return (struct word_rows){rows + low, end - low};
}
