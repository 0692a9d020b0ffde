// SPDX-License-Identifier: Apache-2.0
#include "exact.h"

#include <assert.h>
#include <string.h>

_Static_assert(sizeof(mp_limb_t) == sizeof(unsigned long), "a limb is what money.h says");

enum { ROUND_DIGITS_MIN = -18 };

void exact_view(exact value, mpq_t view)
{
    static const mp_limb_t one = 1;
    bool zero = value.numerator_size == 0;
    (void)mpz_roinit_n(mpq_numref(view), value.numerator, value.numerator_size);
    (void)mpz_roinit_n(mpq_denref(view), zero ? &one : value.denominator,
                       zero ? 1 : value.denominator_size);
}

static const unsigned long *keep_limbs(struct arena *arena, mpz_srcptr value)
{
    size_t count = mpz_size(value);
    unsigned long *limbs = arena_array(arena, unsigned long, count);
    if (count != 0)
        memcpy(limbs, mpz_limbs_read(value), count * sizeof(mp_limb_t));
    return limbs;
}

exact exact_keep(struct arena *arena, mpq_srcptr value)
{
    int size = (int)mpz_size(mpq_numref(value));
    return (exact){
        .numerator = keep_limbs(arena, mpq_numref(value)),
        .numerator_size = mpq_sgn(value) < 0 ? -size : size,
        .denominator = keep_limbs(arena, mpq_denref(value)),
        .denominator_size = (int)mpz_size(mpq_denref(value)),
    };
}

exact exact_zero(void)
{
    return (exact){0};
}

exact exact_from_i64(struct arena *arena, int64_t whole)
{
    mpq_t value;
    mpq_init(value);
    mpq_set_si(value, whole, 1);
    exact kept = exact_keep(arena, value);
    mpq_clear(value);
    return kept;
}

exact exact_from_decimal(struct arena *arena, decimal value)
{
    static const unsigned long one = 1000000000000; // DECIMAL_FRACTION_DIGITS noughts
    bool negative = value.units < 0;
    int128 units = negative ? -value.units : value.units;

    mpq_t ratio;
    mpq_init(ratio);
    mpz_set_ui(mpq_numref(ratio), (unsigned long)(units / one));
    mpz_mul_ui(mpq_numref(ratio), mpq_numref(ratio), one);
    mpz_add_ui(mpq_numref(ratio), mpq_numref(ratio), (unsigned long)(units % one));
    if (negative)
        mpz_neg(mpq_numref(ratio), mpq_numref(ratio));
    mpz_set_ui(mpq_denref(ratio), one);
    mpq_canonicalize(ratio);
    exact kept = exact_keep(arena, ratio);
    mpq_clear(ratio);
    return kept;
}

typedef void operation(mpq_ptr outcome, mpq_srcptr a, mpq_srcptr b);

static exact operate(struct arena *arena, operation *operate_on, exact a, exact b)
{
    mpq_t left;
    mpq_t right;
    mpq_t outcome;
    exact_view(a, left);
    exact_view(b, right);
    mpq_init(outcome);
    operate_on(outcome, left, right);
    exact kept = exact_keep(arena, outcome);
    mpq_clear(outcome);
    return kept;
}

exact exact_add(struct arena *arena, exact a, exact b)
{
    return operate(arena, mpq_add, a, b);
}

exact exact_sub(struct arena *arena, exact a, exact b)
{
    return operate(arena, mpq_sub, a, b);
}

exact exact_mul(struct arena *arena, exact a, exact b)
{
    return operate(arena, mpq_mul, a, b);
}

exact exact_div(struct arena *arena, exact a, exact b)
{
    assert(exact_sign(b) != 0);
    return operate(arena, mpq_div, a, b);
}

exact exact_floor(struct arena *arena, exact a)
{
    return exact_round(arena, a, 0, ROUND_FLOOR);
}

exact exact_ceil(struct arena *arena, exact a)
{
    return exact_round(arena, a, 0, ROUND_CEIL);
}

int exact_compare(exact a, exact b)
{
    mpq_t left;
    mpq_t right;
    exact_view(a, left);
    exact_view(b, right);
    int order = mpq_cmp(left, right);
    return (order > 0) - (order < 0);
}

int exact_sign(exact a)
{
    return (a.numerator_size > 0) - (a.numerator_size < 0);
}

// numerator / denominator to the nearest whole number, a half as `rounding` says.
static void divide_to_nearest(mpz_t numerator, mpz_t denominator, enum rounding rounding,
                              mpz_t quotient)
{
    int sign = mpz_sgn(numerator);
    mpz_t rest;
    mpz_init(rest);
    mpz_tdiv_qr(quotient, rest, numerator, denominator);
    mpz_mul_2exp(rest, rest, 1);
    int half = mpz_cmpabs(rest, denominator);
    mpz_clear(rest);

    if (half > 0 || (half == 0 && (rounding == ROUND_HALF_UP || mpz_odd_p(quotient)))) {
        if (sign < 0)
            mpz_sub_ui(quotient, quotient, 1);
        else
            mpz_add_ui(quotient, quotient, 1);
    }
}

void exact_scale(exact value, int digits, enum rounding rounding, mpz_t scaled)
{
    assert(digits >= ROUND_DIGITS_MIN && digits <= DECIMAL_FRACTION_DIGITS);
    mpq_t view;
    mpz_t numerator;
    mpz_t denominator;
    exact_view(value, view);
    mpz_init(numerator);
    mpz_init(denominator);
    if (digits >= 0) {
        mpz_ui_pow_ui(numerator, 10, (unsigned long)digits);
        mpz_mul(numerator, numerator, mpq_numref(view));
        mpz_set(denominator, mpq_denref(view));
    } else {
        mpz_ui_pow_ui(denominator, 10, (unsigned long)-digits);
        mpz_mul(denominator, denominator, mpq_denref(view));
        mpz_set(numerator, mpq_numref(view));
    }

    switch (rounding) {
    case ROUND_CEIL:
        mpz_cdiv_q(scaled, numerator, denominator);
        break;
    case ROUND_FLOOR:
        mpz_fdiv_q(scaled, numerator, denominator);
        break;
    case ROUND_HALF_EVEN:
    case ROUND_HALF_UP:
        divide_to_nearest(numerator, denominator, rounding, scaled);
        break;
    }
    mpz_clear(denominator);
    mpz_clear(numerator);
}

exact exact_round(struct arena *arena, exact a, int digits, enum rounding rounding)
{
    mpq_t ratio;
    mpz_t power;
    mpq_init(ratio);
    mpz_init(power);
    exact_scale(a, digits, rounding, mpq_numref(ratio));
    mpz_ui_pow_ui(power, 10, (unsigned long)(digits < 0 ? -digits : digits));
    if (digits < 0)
        mpz_mul(mpq_numref(ratio), mpq_numref(ratio), power);
    else
        mpz_swap(mpq_denref(ratio), power);
    mpq_canonicalize(ratio);
    exact kept = exact_keep(arena, ratio);
    mpz_clear(power);
    mpq_clear(ratio);
    return kept;
}

str exact_print(struct arena *arena, exact a)
{
    mpz_t scaled;
    mpz_init(scaled);
    exact_scale(a, DECIMAL_FRACTION_DIGITS, ROUND_HALF_UP, scaled);
    bool negative = mpz_sgn(scaled) < 0;
    mpz_abs(scaled, scaled);
    char *digits = arena_array(arena, char, mpz_sizeinbase(scaled, 10) + 2);
    (void)mpz_get_str(digits, 10, scaled);
    mpz_clear(scaled);

    // At least one digit stands before the point.
    str all = str_printf(arena, "%0*d%s", DECIMAL_FRACTION_DIGITS + 1, 0, digits);
    size_t point = all.len - DECIMAL_FRACTION_DIGITS;
    str whole = str_slice(all, 0, point);
    while (whole.len > 1 && whole.ptr[0] == '0')
        whole = str_slice(whole, 1, whole.len);
    str fraction = str_slice(all, point, all.len);
    while (str_ends_with(fraction, STR("0")))
        fraction.len--;
    return str_printf(arena, "%s%" STR_FMT "%s%" STR_FMT, negative ? "-" : "", STR_ARG(whole),
                      fraction.len == 0 ? "" : ".", STR_ARG(fraction));
}
