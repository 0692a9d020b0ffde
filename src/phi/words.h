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
    WORD_BOX,
    WORD_BSN,
    WORD_CALL,
    WORD_CALLED,    // so and so, with a sign between: name: X
    WORD_COMPLAINT, // of a patient
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

// How a phrase begins: as many of its characters as there are before its first blank, eight at
// most, the first of them in the highest byte and nothing in those that are left. The rows are in
// the order of these too, so that one comparison tells whether a row begins as the text does, and
// one more whether there is no need to look at those behind it.
enum { WORD_HEAD_MAX = 8 };

extern const struct word_row word_rows[];
extern const uint64_t word_heads[]; // of each row
extern const struct word_pair word_pairs[WORD_FIRSTS][WORD_SECONDS];
extern const struct word_row *const word_none; // without a phrase

// The first of those that begin with the two characters, of either case; they end where others
// begin, and are in byte order. One without a phrase where there are none, or none with that third.
// A control character may be taken for a sign: what follows tells.
static inline const struct word_row *words_from(char first, char second, char third)
{
    size_t row = first == '0' ? 0 : (size_t)(first & 31);
    const struct word_pair *pair = &word_pairs[row][(second & 31) | (second & 64) >> 1];
    return (pair->thirds & WORD_THIRD(third)) == 0 ? word_none : &word_rows[pair->from];
}

// How many characters it has.
static inline size_t word_head_length(uint64_t head)
{
    return WORD_HEAD_MAX - (size_t)__builtin_ctzll(head) / 8;
}

// Whether the text, whose first eight characters in lower case these are, begins so.
static inline bool word_begins(uint64_t text, uint64_t head)
{
    return ((text ^ head) >> (__builtin_ctzll(head) & 56)) == 0;
}
