// SPDX-License-Identifier: Apache-2.0
// money.h - quantities and amounts, exact until the one place that rounds.
//
//   decimal  what documents carry: up to 18 integer and 12 fraction digits, in trillionths
//   exact    a rational number (GMP inside): sums, products, shares; never rounded
//   money    what is owed, in minor units of a currency
//
// decimal -> exact -> money is the only path, and money_round its only rounding. No floating point.
// Every type is a value: an exact's digits live in the arena it was made in.
#pragma once

#include "phial/util/arena.h"
#include "phial/util/result.h"
#include "phial/util/str.h"

#include <stdbool.h>
#include <stdint.h>

__extension__ typedef __int128 int128;

enum { DECIMAL_INTEGER_DIGITS = 18, DECIMAL_FRACTION_DIGITS = 12, DECIMAL_TEXT_MAX = 33 };

typedef struct {
    int128 units; // of 10^-12
} decimal;

// "-12.50", "0", "1000"; no sign +, no exponent, no leading zero, no bare point. INVALID otherwise.
result decimal_parse(str text, decimal *out);
str decimal_print(struct arena *arena, decimal value); // no superfluous zeros: "12.5", "-0.1", "0"
str decimal_write(char room[DECIMAL_TEXT_MAX], decimal value); // the same, in that room
decimal decimal_from_i64(int64_t whole);
int decimal_compare(decimal a, decimal b);
result decimal_add(decimal a, decimal b, decimal *sum); // AMOUNT_OVERFLOW
bool decimal_is_whole(decimal value);

// Small numbers, as prices and quantities are, are units of a power of ten; what does not fit, or
// is no such fraction, is a ratio of GMP's. Which of the two a number is makes no difference to it.
typedef struct {
    const unsigned long
        *limbs;   // GMP's, the numerator's before the denominator's; NULL: units alone
    int128 units; // of 10^-scale
    int scale;
    int numerator_size; // in limbs, negative for a negative number
    int denominator_size;
} exact;

exact exact_zero(void);
exact exact_from_i64(struct arena *arena, int64_t whole);
exact exact_from_decimal(struct arena *arena, decimal value);
exact exact_from_percent(struct arena *arena, decimal percent); // its hundredth
exact exact_add(struct arena *arena, exact a, exact b);
exact exact_sub(struct arena *arena, exact a, exact b);
exact exact_mul(struct arena *arena, exact a, exact b);
exact exact_div(struct arena *arena, exact a, exact b); // b is not zero: the caller's duty
exact exact_floor(struct arena *arena, exact a);
exact exact_ceil(struct arena *arena, exact a);
int exact_compare(exact a, exact b);
int exact_sign(exact a); // -1, 0, 1

// The sum of the terms, added up `times` over, each time from nothing, by GMP's rationals and
// nothing else: what the speed of rating is told beside.
exact exact_sum_by_gmp(struct arena *arena, const exact *terms, size_t count, int64_t times);

enum rounding { ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_CEIL, ROUND_FLOOR }; // half up: away from 0

// To so many fraction digits; digits may be negative (-2: to hundreds). At most 12, at least -18.
exact exact_round(struct arena *arena, exact a, int digits, enum rounding rounding);
// Up to 12 fraction digits, half away from zero beyond, no superfluous zeros.
str exact_print(struct arena *arena, exact a);

enum currency {
#define CURRENCY(code, digits) CURRENCY_##code,
#include "phial/money/currencies.def"
#undef CURRENCY
    CURRENCY_COUNT
};

const char *currency_code(enum currency currency);
int currency_digits(enum currency currency); // after the decimal point, as ISO 4217 has it
result currency_parse(str code, enum currency *out);

typedef struct {
    int64_t minor;
    enum currency currency;
} money;

result money_add(money a, money b, money *sum); // CURRENCY_MISMATCH, AMOUNT_OVERFLOW
result money_sub(money a, money b, money *difference);
result money_round(exact amount, enum currency currency, enum rounding rounding, money *rounded);
result money_parse(str text, enum currency currency, money *out); // at most the currency's digits
str money_print(struct arena *arena, money amount);               // exactly the currency's digits
exact money_to_exact(struct arena *arena, money amount);

// Shares of `total` in proportion to `weights` (which add up to more than zero; the share of a
// negative one is of the other sign), by largest remainder, a tie to the earlier: the shares add up
// to the total, and each is less than a minor unit from its exact one. INVALID; AMOUNT_OVERFLOW.
result money_allocate(struct arena *arena, money total, const exact *weights, size_t count,
                      money *shares);
