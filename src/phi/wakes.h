// SPDX-License-Identifier: Apache-2.0
// wakes.h - what a run of letters and digits may begin: told once for all detectors by its first
// character, its length and what follows it, so that each looks only at the runs that wake it.
#pragma once

#include <stddef.h>
#include <stdint.h>

// wakes.c has a row for each; WAKE_ALWAYS is of every text.
enum wake {
    WAKE_ALWAYS,
    WAKE_AGE,
    WAKE_AT,
    WAKE_BELGIAN,
    WAKE_CHART,
    WAKE_CLINICAL,
    WAKE_DEGREE,
    WAKE_FHIR_RESOURCE,
    WAKE_FHIR_SEARCH,
    WAKE_FHIR_SYSTEM,
    WAKE_FHIR_TYPE,
    WAKE_GEO,
    WAKE_HETU,
    WAKE_IBAN,
    WAKE_IPV4,
    WAKE_MAC, // of six runs of two, or three of four: sight.c
    WAKE_MR,
    WAKE_NINO,
    WAKE_NOUGHTS,
    WAKE_PATIENT,
    WAKE_SEGMENT,
    WAKE_STATE, // behind a comma: sight.c
    WAKE_STREET,
    WAKE_SUFFIX, // behind a comma
    WAKE_TAG,
    WAKE_TITLE,
    WAKE_UID,
    WAKE_WWW,
    WAKES
};

#define WAKE(name) (UINT32_C(1) << WAKE_##name)

// A run of that length that begins with a letter or a digit, beside the bits above in 64.
enum { WAKE_LENGTH_MAX = 17 };
_Static_assert(WAKES + 2 * WAKE_LENGTH_MAX <= 64, "a bit for each");
#define A_LETTER(len) (UINT64_C(1) << (WAKES + (len)-1))
#define A_DIGIT(len) (UINT64_C(1) << (WAKES + WAKE_LENGTH_MAX + (len)-1))

// Letters alone, those with digits behind them, and what begins with a digit: the length of that is
// the number of digits at its beginning, and the character behind those follows it.
enum run_kind { RUN_LETTERS, RUN_MIXED, RUN_NUMBER, RUN_KINDS };

enum { WAKE_LENGTHS = 20, WAKE_CHARACTERS = 128 }; // the last of either is all beyond as well

// These bits, where each length of runs that begin so has one.
static inline uint64_t wakes_of_long(uint32_t letters, uint32_t digits)
{
    const uint64_t all = (UINT64_C(1) << WAKE_LENGTH_MAX) - 1;
    return (letters >> 1 & all) << WAKES | (digits >> 1 & all) << (WAKES + WAKE_LENGTH_MAX);
}

extern const uint32_t wakes_of_heads[WAKE_CHARACTERS];
extern const uint32_t wakes_of_lengths[RUN_KINDS][WAKE_LENGTHS];
extern const uint32_t wakes_of_followers[WAKE_CHARACTERS];

// Of a run by its first character and its length.
static inline uint32_t wakes_of(char head, enum run_kind kind, size_t as_long)
{
    return wakes_of_heads[(unsigned char)head] & wakes_of_lengths[kind][as_long];
}

// And by the character that follows.
static inline uint32_t wakes_before(char follower)
{
    unsigned next = (unsigned char)follower;
    return wakes_of_followers[next < WAKE_CHARACTERS ? next : WAKE_CHARACTERS - 1];
}
