// SPDX-License-Identifier: Apache-2.0
// marks.h - of which kind the characters of a text are, a bit for each, so that where letters and
// digits begin and end is found without looking at one after another.
#pragma once

#include "sight.h"

#include <endian.h>
#include <string.h>

enum { MARKS_EACH = 64, MARKS_MAX = SIGHT_TEXT_MAX / MARKS_EACH + 2, MARKS_READ = 57 };

// A text's first character has the lowest bit of the first 64. Behind the last there are none.
struct marks {
    uint64_t edges[MARKS_MAX];    // where a run of letters and digits begins, and behind its end
    uint64_t words[MARKS_MAX];    // where a run begins that is no number, or a hump: a capital
                                  // behind a small letter
    uint64_t digits[MARKS_MAX];   // these bytes are in the order of the text on every machine
    uint64_t numerals[MARKS_MAX]; // and these: digits, and the letters that stand for some
};

void marks_take(str text, struct marks *marks);

// Those of at least MARKS_READ characters from any place of the text on.
static inline uint64_t marks_at(const uint64_t *marks, size_t at)
{
    uint64_t some = 0;
    memcpy(&some, (const unsigned char *)marks + at / 8, sizeof some);
    return le64toh(some) >> at % 8;
}
