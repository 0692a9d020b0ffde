// SPDX-License-Identifier: Apache-2.0
// words.h - the words of context, and what each of them says of the number that follows it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum word_kind {
    WORD_AADHAAR,
    WORD_ACCOUNT,
    WORD_AGE,
    WORD_AHV,
    WORD_BIOMETRIC,
    WORD_BIRTH,
    WORD_BSN,
    WORD_CALL,
    WORD_CALLED, // so and so, with a sign between: name: X
    WORD_DEA,
    WORD_DIAGNOSIS,
    WORD_DNI,
    WORD_DRUG,
    WORD_HICN,
    WORD_KVNR,
    WORD_LICENCE,
    WORD_MBI,
    WORD_MEDICATION,
    WORD_MEMBER,
    WORD_MRN,
    WORD_NAME,
    WORD_NHS,
    WORD_NORDIC,
    WORD_NPI,
    WORD_NRN,
    WORD_PESEL,
    WORD_PHONE,
    WORD_PLATE,
    WORD_SCHEDULE,
    WORD_SEEN, // by somebody, or who was
    WORD_SERIAL,
    WORD_SIN,
    WORD_SSN,
    WORD_SUBSTANCE,
    WORD_TAX,
    WORD_VISIT,
    WORD_ZIP,
};

#define KIND(kind) (UINT64_C(1) << WORD_##kind)

// In lower case without accents; a blank is any short separator, or none.
struct word_row {
    const char *phrase;
    uint64_t kinds;
    bool spaced; // nothing but blanks and `:`, `=` or `#` may follow: call_123 is an id
};

// Where a character stands in the table of pairs: a letter has a place of its own in either row,
// and of what else stands in words the nought first, and signs second.
enum { WORD_FIRSTS = 27, WORD_SECONDS = 64 };
#define WORD_FIRST(c) ((c) == '0' ? 0 : (c) - 'a' + 1)
#define WORD_SECOND(c) ((c) < '@' ? (c) - ' ' : 32 + ((c)&31))
#define WORD_THIRD(c) (UINT32_C(1) << ((c)&31))

struct word_pair {
    uint32_t thirds; // what may stand third, a bit for each; some share theirs
    uint32_t from;   // the first row's number
};

extern const struct word_row word_rows[];
extern const struct word_pair word_pairs[WORD_FIRSTS][WORD_SECONDS];
extern const struct word_row *const word_none; // without a phrase

// The first of those that begin with the two characters, in lower case; they end where others
// begin, and are in byte order. One without a phrase where there are none, or none with that third.
static inline const struct word_row *words_from(char first, char second, char third)
{
    bool begins = first == '0' || (first >= 'a' && first <= 'z');
    if (!begins || second < ' ' || second > 'z')
        return word_none;
    const struct word_pair *pair = &word_pairs[WORD_FIRST(first)][WORD_SECOND(second)];
    const struct word_row *row = &word_rows[pair->from];
    return (pair->thirds & WORD_THIRD(third)) == 0 || row->phrase[1] != second ? word_none : row;
}
