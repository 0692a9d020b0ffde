// SPDX-License-Identifier: Apache-2.0
// sight.h - what one pass over a text sees, so that a detector knows at once whether to look.
#pragma once

#include "phial/util/str.h"
#include "wakes.h"
#include "words.h"

enum {
    SIGHT_PLACES_MAX = 32,
    SIGHT_RUNS_MAX = 256,
    SIGHT_DENSE_MIN = 64,  // runs, from where on there must be
    SIGHT_DENSE_BYTES = 3, // so many bytes for each
    SIGHT_TEXT_MAX = 4 * 1024,
    SIGHT_LENGTHS = WAKE_LENGTHS, // told apart; longer ones are as long as that less one
    SIGHT_GAP_MAX = 6,            // characters between two groups of a shape
    WAKING_EACH = 64,             // runs, a bit for each
    WAKE_WORK = 6                 // of finding the next one that wakes
};

// Letters and digits without anything between them.
struct run {
    uint16_t at;
    uint16_t len;
    uint16_t lead;      // digits at its beginning
    uint16_t tail;      // and at its end
    uint16_t as_long;   // the run before it of the same length: its number from 1 on, 0 for none
    uint16_t as_tailed; // and of the same tail
};

// The bit of a character that is no letter and no digit; some share theirs, `[` with `{`.
#define SIGN(c)                                                                \
    (UINT64_C(1) << ((c) < '@' ? ((c) < ' ' ? 0 : ((unsigned)(c) - ' ') & 31U) \
                               : 32U + ((unsigned)(c)&31U)))

#define SIGN_BEYOND SIGN('a') // letters have none

// A word of context, and the text after it, past punctuation and words such as `is` or `number`.
struct place {
    uint64_t kinds;
    size_t word; // where it begins
    str rest;
};

struct sight {
    str text;
    size_t *left;   // work that may still be done, in about nanoseconds; 0: too much was asked for
    size_t digits;  // the longest number, separators not counted
    uint64_t signs; // of the characters between the runs, SIGN() of each
    uint64_t words; // the kinds of all places
    uint32_t wakes; // of all runs
    size_t place_count;
    bool crowded; // more of them than are held: nobody can say what is in the text
    // The lengths of the runs that begin with a digit, and of the others, a bit for each told
    // apart.
    uint32_t numbers;
    uint32_t letters;
    // What follows a run before a few other characters: the bit of the next one's length, for each
    // length; and of the digits the next begins with, for each number of them at a run's end.
    uint32_t pairs[SIGHT_LENGTHS];
    uint32_t digit_pairs[SIGHT_LENGTHS];
    uint16_t long_as[SIGHT_LENGTHS]; // the last run of each length, and of each tail, numbered so
    uint16_t tailed_as[SIGHT_LENGTHS];
    size_t run_count;
    size_t longest; // of the runs
    // The runs that wake so, a bit for each; nothing is there for what is not among `wakes`.
    uint64_t waking[WAKES][SIGHT_RUNS_MAX / WAKING_EACH];
    struct run runs[SIGHT_RUNS_MAX];
    struct place places[SIGHT_PLACES_MAX];
};

void sight_take(str text, size_t *left, struct sight *sight);

// Whether the work may still be done. Where not, nobody can say what is in the text.
static inline bool work_pays(size_t *left, size_t work)
{
    bool enough = work < *left;
    *left = enough ? *left - work : 0;
    return enough;
}
static inline bool sight_pays(const struct sight *sight, size_t work)
{
    return work_pays(sight->left, work);
}

// Whether a run from the n-th on wakes so; the next one that does is the n-th then.
bool sight_finds_next(const struct sight *sight, size_t *n, uint32_t wakes);
static inline bool sight_finds(const struct sight *sight, size_t *n, uint32_t wakes)
{
    bool one = (wakes & (wakes - 1)) == 0; // which the compiler knows
    if ((sight->wakes & wakes) == 0)
        return false;
    if (!one || *n >= SIGHT_RUNS_MAX)
        return sight_finds_next(sight, n, wakes);
    uint64_t found = sight->waking[__builtin_ctz(wakes)][*n / WAKING_EACH] >> *n % WAKING_EACH;
    if (found == 0)
        return sight_finds_next(sight, n, wakes);
    *n += (size_t)__builtin_ctzll(found);
    return sight_pays(sight, WAKE_WORK);
}

static inline bool sees(const struct sight *sight, char c)
{
    return (sight->signs & SIGN(c)) != 0;
}

// Whether what follows a word of the kinds passes `holds`.
bool scan_after(const struct sight *sight, uint64_t kinds, bool (*holds)(str rest));
