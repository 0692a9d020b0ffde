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

// The first of those that begin with the two characters, in lower case; they end where others
// begin. One without a phrase where there are none, or none with that third.
const struct word_row *words_from(char first, char second, char third);
