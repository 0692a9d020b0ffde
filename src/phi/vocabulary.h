// SPDX-License-Identifier: Apache-2.0
// vocabulary.h - the words that names of properties are made of, and what each of them tells.
#pragma once

#include "phial/util/str.h"

#include <stdbool.h>

// What a word tells; a word may tell several things.
enum {
    STRONG = 1 << 0,   // means PHI wherever it stands
    CLINICAL = 1 << 1, // a diagnosis, a procedure or a finding: no class or type of it is harmless
    FREE = 1 << 2,     // free text
    WHO = 1 << 3,      // a person; PHI beside an ID, and alone
    PART = 1 << 4,     // of a person's affairs; PHI beside an ID only
    ID = 1 << 5,
    NAME_OF = 1 << 6, // PHI beside `name`
    DAY_OF = 1 << 7,  // PHI beside `date`
    BARE = 1 << 8,    // PHI alone, or beside nothing but a person and what says nothing
    COUNTS = 1 << 9,  // makes numbers, booleans, versions and words of a closed list harmless
    SORTS = 1 << 10,  // makes them harmless too, and as the last word any type; not clinical ones
    LIFTS = 1 << 11,  // as the last word, makes any type harmless
    GLUE = 1 << 12,   // says nothing
    NAME = 1 << 13,
    DATE = 1 << 14,
    ALONE = 1 << 15,   // PHI alone, but where only numbers or words of a closed list can stand
    ORDINAL = 1 << 16, // beside `number` alone it is counted, where only numbers can stand
    ITEM = 1 << 17,    // several of them are a number of them
    NUMBER = 1 << 18,
    NUMBERED = 1 << 19, // PHI beside a NUMBER, not beside other IDs
};

struct word {
    const char *text;
    unsigned tells;
};

// The word, also in the plural; NULL when it is none of the vocabulary.
const struct word *vocabulary_find(str word, bool *plural);

// The word of a person or a record that this one is but for one letter that was left out, added,
// taken for another one or changed places; NULL for words of their own: `contract` is no `contact`.
const struct word *vocabulary_find_misspelt(str word);
