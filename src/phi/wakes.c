// SPDX-License-Identifier: Apache-2.0
// The rows are written once and turned into three tables, by character, length and follower, so
// that a run costs three looks for all of them.
#include "wakes.h"

#define OF_DIGITS(c) ((c) >= '0' && (c) <= '9')
#define OF_CAPITALS(c) ((c) >= 'A' && (c) <= 'Z')
#define SAME(c, letter) (((c) | 0x20) == (letter)) // either case
#define TWO(c, a, b) ((c) == (a) || (c) == (b))
#define THREE(c, a, b, d) (TWO(c, a, b) || (c) == (d))
#define GAP(c) TWO(c, ' ', '-')

#define EACH(len) (UINT32_C(1) << (len))
#define FROM(len) (~UINT32_C(0) << (len))
#define SPAN(from, to) (FROM(from) & ~FROM((to) + 1))
#define TITLES (SPAN(1, 9) | EACH(12))
#define TYPES (SPAN(5, 9) | EACH(12) | EACH(13) | EACH(19)) // of FHIR: Claim, Person, Patient ...
#define SEARCHES (EACH(7) | EACH(9) | EACH(11))             // patient=, encounter=, beneficiary=

// Name, what it begins with, how long it is: letters alone, with digits behind them, the digits at
// its beginning; what follows. NUL is what an escape without an end leaves.
// clang-format off
#define WAKERS(ROW, c) \
    ROW(ALWAYS,        1, FROM(0), FROM(0), FROM(0), 1, c) \
    ROW(AGE,           THREE(c, '0', '1', '9'), 0, 0, SPAN(2, 3), \
        GAP(c) || SAME(c, 'y') || SAME(c, 'j') || SAME(c, 'a') || SAME(c, 'l'), c) \
    ROW(AT,            SAME(c, 'a') || SAME(c, 'c'), \
        EACH(2) | EACH(6) | EACH(7) | EACH(10), 0, 0, 1, c) \
    ROW(BELGIAN,       OF_DIGITS(c), 0, 0, EACH(2), (c) == '.', c) \
    ROW(CHART,         SAME(c, 'c'), EACH(5), 0, 0, TWO(c, ' ', '#') || THREE(c, ':', '=', '\0'), c) \
    ROW(CLINICAL,      OF_DIGITS(c), 0, 0, SPAN(1, 3), GAP(c) || SAME(c, 'y'), c) \
    ROW(DEGREE,        TWO(c, 'M', 'R'), SPAN(1, 2), 0, 0, 1, c) \
    ROW(FHIR_RESOURCE, (c) == 'r', FROM(12), FROM(12), 0, 1, c) \
    ROW(FHIR_SEARCH,   SAME(c, 'p') || SAME(c, 's') || SAME(c, 'e') || SAME(c, 'b'), \
        SEARCHES, 0, 0, (c) == '=', c) \
    ROW(FHIR_SYSTEM,   (c) == 'h', 0, EACH(3), 0, (c) == '.', c) \
    ROW(FHIR_TYPE,     TWO(c, 'P', 'R') || TWO(c, 'E', 'C'), TYPES, 0, 0, (c) == '/', c) \
    ROW(GEO,           OF_DIGITS(c), 0, 0, SPAN(1, 3), (c) == '.', c) \
    ROW(HETU,          OF_DIGITS(c), 0, 0, EACH(6), \
        TWO(c, '-', '+') || ((c) >= 'A' && (c) <= 'F') || ((c) >= 'U' && (c) <= 'Y'), c) \
    ROW(IBAN,          OF_CAPITALS(c), 0, FROM(4), 0, 1, c) \
    ROW(IPV4,          OF_DIGITS(c), 0, 0, SPAN(1, 3), (c) == '.', c) \
    ROW(MR,            SAME(c, 'm'), EACH(2), 0, 0, TWO(c, '#', '\0'), c) \
    ROW(NINO,          OF_DIGITS(c), 0, 0, EACH(6), \
        ((c) >= 'A' && (c) <= 'D') || ((c) >= 'a' && (c) <= 'd'), c) \
    ROW(NOUGHTS,       (c) == '0', 0, 0, FROM(3), (c) == ' ', c) \
    ROW(PATIENT,       SAME(c, 'p'), EACH(2) | EACH(3) | EACH(7), FROM(8), 0, 1, c) \
    ROW(SEGMENT,       OF_CAPITALS(c), EACH(3), EACH(3), 0, TWO(c, '|', '*'), c) \
    ROW(STATE,         OF_CAPITALS(c), EACH(2), 0, 0, (c) == ' ', c) \
    ROW(STREET,        OF_DIGITS(c), 0, 0, SPAN(1, 5), 1, c) \
    ROW(SUFFIX,        TWO(c, 'M', 'D') || THREE(c, 'R', 'N', 'P'), SPAN(1, 3), 0, 0, 1, c) \
    ROW(TAG,           (c) == '0', 0, 0, EACH(4) | FROM(8), 1, c) \
    ROW(TITLE,         THREE(c, 'M', 'D', 'P') || THREE(c, 'H', 'F', 'S'), \
        TITLES, 0, 0, TWO(c, ' ', '.'), c) \
    ROW(UID,           TWO(c, '1', '2'), 0, 0, EACH(1), (c) == '.', c) \
    ROW(WWW,           SAME(c, 'w'), EACH(3), 0, 0, (c) == '.', c)
// clang-format on

#define HEAD(name, head, letters, mixed, number, follower, c) | ((head) ? WAKE(name) : 0)
#define FOLLOWER(name, head, letters, mixed, number, follower, c) | ((follower) ? WAKE(name) : 0)
#define OF_LETTERS(name, head, letters, mixed, number, follower, c) \
    | ((((letters) >> (c)) & 1) != 0 ? WAKE(name) : 0)
#define OF_MIXED(name, head, letters, mixed, number, follower, c) \
    | ((((mixed) >> (c)) & 1) != 0 ? WAKE(name) : 0)
#define OF_NUMBER(name, head, letters, mixed, number, follower, c) \
    | ((((number) >> (c)) & 1) != 0 ? WAKE(name) : 0)

#define EIGHT(ROW, c)                                                                 \
    (0 WAKERS(ROW, (c))), (0 WAKERS(ROW, (c) + 1)), (0 WAKERS(ROW, (c) + 2)),         \
        (0 WAKERS(ROW, (c) + 3)), (0 WAKERS(ROW, (c) + 4)), (0 WAKERS(ROW, (c) + 5)), \
        (0 WAKERS(ROW, (c) + 6)), (0 WAKERS(ROW, (c) + 7))
#define SIXTEEN(ROW, c) EIGHT(ROW, c), EIGHT(ROW, (c) + 8)
#define ALL(ROW)                                                                             \
    SIXTEEN(ROW, 0), SIXTEEN(ROW, 16), SIXTEEN(ROW, 32), SIXTEEN(ROW, 48), SIXTEEN(ROW, 64), \
        SIXTEEN(ROW, 80), SIXTEEN(ROW, 96), SIXTEEN(ROW, 112)
#define LENGTHS(ROW)                                                                \
    SIXTEEN(ROW, 0), (0 WAKERS(ROW, 16)), (0 WAKERS(ROW, 17)), (0 WAKERS(ROW, 18)), \
        (0 WAKERS(ROW, 19))

const uint32_t wakes_of_heads[WAKE_CHARACTERS] = {ALL(HEAD)};
const uint32_t wakes_of_followers[WAKE_CHARACTERS] = {ALL(FOLLOWER)};
const uint32_t wakes_of_lengths[RUN_KINDS][WAKE_LENGTHS] = {
    {LENGTHS(OF_LETTERS)}, {LENGTHS(OF_MIXED)}, {LENGTHS(OF_NUMBER)}};
