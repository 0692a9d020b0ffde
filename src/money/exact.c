// SPDX-License-Identifier: Apache-2.0
#include "exact.h"

#include "phial/util/array.h"

#include <assert.h>
#include <string.h>

_Static_assert(sizeof(mp_limb_t) == sizeof(unsigned long), "a limb is what money.h says");

enum { ROUND_DIGITS_MIN = -18, SCALE_MAX = 30, POWER_MAX = 38, HALF_BITS = 64, UNIT_BITS = 120 };

// ---- units of a power of ten

static int128 power_of_ten(int exponent)
{
    static const int64_t low[] = {
        1,
        10,
        100,
        1000,
        10000,
        100000,
        1000000,
        10000000,
        100000000,
        1000000000,
        10000000000,
        100000000000,
        1000000000000,
        10000000000000,
        100000000000000,
        1000000000000000,
        10000000000000000,
        100000000000000000,
        1000000000000000000,
    };
    static const int most = COUNT_OF(low) - 1;
    assert(exponent >= 0 && exponent <= POWER_MAX);
    int128 power = 1;
    for (; exponent > most; exponent -= most)
        power *= low[most];
    return power * low[exponent];
}

static bool is_small(exact value)
{
    return value.limbs == NULL;
}

static exact small(int128 units, int scale)
{
    return (exact){.units = units, .scale = scale};
}

static bool raise(int128 units, int by, int128 *raised)
{
    return by <= POWER_MAX && !__builtin_mul_overflow(units, power_of_ten(by), raised);
}

// Both in units of the same power. False where one does not fit, or is a ratio.
static bool align(exact a, exact b, int128 *left, int128 *right, int *scale)
{
    *left = a.units;
    *right = b.units;
    *scale = a.scale;
    if (!is_small(a) || !is_small(b))
        return false;
    if (a.scale == b.scale)
        return true;
    if (a.scale > b.scale)
        return raise(b.units, a.scale - b.scale, right);
    *scale = b.scale;
    return raise(a.units, b.scale - a.scale, left);
}

// ---- ratios

static void set_units(mpz_t into, int128 units)
{
    bool negative = units < 0;
    __extension__ unsigned __int128 rest =
        negative ? -(unsigned __int128)units : (unsigned __int128)units;
    mpz_set_ui(into, (unsigned long)(rest >> HALF_BITS));
    mpz_mul_2exp(into, into, HALF_BITS);
    mpz_add_ui(into, into, (unsigned long)rest);
    if (negative)
        mpz_neg(into, into);
}

static bool get_units(mpz_srcptr from, int128 *units)
{
    if (mpz_sizeinbase(from, 2) > UNIT_BITS)
        return false;
    int128 high = (int128)mpz_getlimbn(from, 1) << HALF_BITS;
    int128 whole = high + (int128)mpz_getlimbn(from, 0);
    *units = mpz_sgn(from) < 0 ? -whole : whole;
    return true;
}

void exact_view_open(exact value, struct exact_view *view)
{
    view->owned = is_small(value);
    if (view->owned) {
        mpq_init(view->ratio);
        set_units(mpq_numref(view->ratio), value.units);
        mpz_ui_pow_ui(mpq_denref(view->ratio), 10, (unsigned long)value.scale);
        mpq_canonicalize(view->ratio);
        return;
    }
    int size = value.numerator_size < 0 ? -value.numerator_size : value.numerator_size;
    (void)mpz_roinit_n(mpq_numref(view->ratio), value.limbs, value.numerator_size);
    (void)mpz_roinit_n(mpq_denref(view->ratio), value.limbs + size, value.denominator_size);
}

void exact_view_close(struct exact_view *view)
{
    if (view->owned)
        mpq_clear(view->ratio);
}

exact exact_keep(struct arena *arena, mpq_srcptr value)
{
    int128 units = 0;
    if (mpz_cmp_ui(mpq_denref(value), 1) == 0 && get_units(mpq_numref(value), &units))
        return small(units, 0);
    size_t above = mpz_size(mpq_numref(value));
    size_t below = mpz_size(mpq_denref(value));
    unsigned long *limbs = arena_array(arena, unsigned long, above + below);
    memcpy(limbs, mpz_limbs_read(mpq_numref(value)), above * sizeof(mp_limb_t));
    memcpy(limbs + above, mpz_limbs_read(mpq_denref(value)), below * sizeof(mp_limb_t));
    return (exact){
        .limbs = limbs,
        .numerator_size = mpq_sgn(value) < 0 ? -(int)above : (int)above,
        .denominator_size = (int)below,
    };
}

typedef void operation(mpq_ptr outcome, mpq_srcptr a, mpq_srcptr b);

static exact operate(struct arena *arena, operation *operate_on, exact a, exact b)
{
    struct exact_view left;
    struct exact_view right;
    mpq_t outcome;
    exact_view_open(a, &left);
    exact_view_open(b, &right);
    mpq_init(outcome);
    operate_on(outcome, left.ratio, right.ratio);
    exact kept = exact_keep(arena, outcome);
    mpq_clear(outcome);
    exact_view_close(&right);
    exact_view_close(&left);
    return kept;
}

exact exact_add_by_gmp(struct arena *arena, exact a, exact b)
{
    return operate(arena, mpq_add, a, b);
}

exact exact_sub_by_gmp(struct arena *arena, exact a, exact b)
{
    return operate(arena, mpq_sub, a, b);
}

exact exact_mul_by_gmp(struct arena *arena, exact a, exact b)
{
    return operate(arena, mpq_mul, a, b);
}

int exact_compare_by_gmp(exact a, exact b)
{
    struct exact_view left;
    struct exact_view right;
    exact_view_open(a, &left);
    exact_view_open(b, &right);
    int order = mpq_cmp(left.ratio, right.ratio);
    exact_view_close(&right);
    exact_view_close(&left);
    return (order > 0) - (order < 0);
}

exact exact_sum_by_gmp(struct arena *arena, const exact *terms, size_t count, int64_t times)
{
    struct exact_view *views = arena_array(arena, struct exact_view, count);
    mpq_t sum;
    mpq_init(sum);
    for (size_t i = 0; i < count; i++)
        exact_view_open(terms[i], &views[i]);
    for (int64_t time = 0; time < times; time++) {
        mpq_set_ui(sum, 0, 1);
        for (size_t i = 0; i < count; i++)
            mpq_add(sum, sum, views[i].ratio);
    }
    for (size_t i = 0; i < count; i++)
        exact_view_close(&views[i]);
    exact kept = exact_keep(arena, sum);
    mpq_clear(sum);
    return kept;
}

// ---- numbers

exact exact_zero(void)
{
    return (exact){0};
}

exact exact_from_i64(struct arena *arena, int64_t whole)
{
    (void)arena; // a whole number is small
    return small(whole, 0);
}

// Most decimals have few digits: the fewer are kept, the longer their products fit.
static exact from_trillionths(int128 units, int scale)
{
    static const int64_t million = 1000000;
    int64_t short_units = (int64_t)units;
    if (short_units != units || short_units % million != 0)
        return small(units, scale);
    short_units /= million;
    if (short_units % million != 0)
        return small(short_units, scale - DECIMAL_FRACTION_DIGITS / 2);
    return small(short_units / million, scale - DECIMAL_FRACTION_DIGITS);
}

exact exact_from_decimal(struct arena *arena, decimal value)
{
    (void)arena;
    return from_trillionths(value.units, DECIMAL_FRACTION_DIGITS);
}

exact exact_from_percent(struct arena *arena, decimal percent)
{
    static const int hundredths = 2;
    (void)arena;
    return from_trillionths(percent.units, DECIMAL_FRACTION_DIGITS + hundredths);
}

exact exact_add(struct arena *arena, exact a, exact b)
{
    int128 left = 0;
    int128 right = 0;
    int128 sum = 0;
    int scale = 0;
    if (align(a, b, &left, &right, &scale) && !__builtin_add_overflow(left, right, &sum))
        return small(sum, scale);
    return exact_add_by_gmp(arena, a, b);
}

exact exact_sub(struct arena *arena, exact a, exact b)
{
    int128 left = 0;
    int128 right = 0;
    int128 difference = 0;
    int scale = 0;
    if (align(a, b, &left, &right, &scale) && !__builtin_sub_overflow(left, right, &difference))
        return small(difference, scale);
    return exact_sub_by_gmp(arena, a, b);
}

exact exact_mul(struct arena *arena, exact a, exact b)
{
    int128 product = 0;
    if (is_small(a) && is_small(b) && a.scale + b.scale <= SCALE_MAX &&
        !__builtin_mul_overflow(a.units, b.units, &product))
        return small(product, a.scale + b.scale);
    return exact_mul_by_gmp(arena, a, b);
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
    int128 left = 0;
    int128 right = 0;
    int scale = 0;
    if (align(a, b, &left, &right, &scale))
        return (left > right) - (left < right);
    return exact_compare_by_gmp(a, b);
}

int exact_sign(exact a)
{
    if (is_small(a))
        return (a.units > 0) - (a.units < 0);
    return (a.numerator_size > 0) - (a.numerator_size < 0);
}

// ---- rounding

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

static void scale_ratio(exact value, int digits, enum rounding rounding, mpz_t scaled)
{
    assert(digits >= ROUND_DIGITS_MIN && digits <= DECIMAL_FRACTION_DIGITS);
    struct exact_view view;
    mpz_t numerator;
    mpz_t denominator;
    exact_view_open(value, &view);
    mpz_init(numerator);
    mpz_init(denominator);
    if (digits >= 0) {
        mpz_ui_pow_ui(numerator, 10, (unsigned long)digits);
        mpz_mul(numerator, numerator, mpq_numref(view.ratio));
        mpz_set(denominator, mpq_denref(view.ratio));
    } else {
        mpz_ui_pow_ui(denominator, 10, (unsigned long)-digits);
        mpz_mul(denominator, denominator, mpq_denref(view.ratio));
        mpz_set(numerator, mpq_numref(view.ratio));
    }
    exact_view_close(&view);

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

// What has to be added to a quotient that was cut towards zero. The rest has the sign of what was
// divided, and is not zero.
static int carry(int128 quotient, int128 rest, int128 divisor, enum rounding rounding)
{
    int away = rest < 0 ? -1 : 1;
    int128 size = rest < 0 ? -rest : rest;
    int128 other = divisor - size; // against size: whether a half was passed, without doubling it
    switch (rounding) {
    case ROUND_CEIL:
        return rest > 0;
    case ROUND_FLOOR:
        return rest > 0 ? 0 : -1;
    case ROUND_HALF_EVEN:
        return size > other || (size == other && quotient % 2 != 0) ? away : 0;
    case ROUND_HALF_UP:
        return size >= other ? away : 0;
    }
    return 0;
}

static bool scale_units(exact value, int digits, enum rounding rounding, int128 *scaled)
{
    int down = value.scale - digits;
    if (!is_small(value) || down > POWER_MAX)
        return false;
    if (down <= 0)
        return raise(value.units, -down, scaled);
    int128 divisor = power_of_ten(down);
    int128 quotient = value.units / divisor;
    int128 rest = value.units - quotient * divisor;
    *scaled = rest == 0 ? quotient : quotient + carry(quotient, rest, divisor, rounding);
    return true;
}

bool exact_scale(exact value, int digits, enum rounding rounding, int128 *scaled)
{
    if (scale_units(value, digits, rounding, scaled))
        return true;
    mpz_t whole;
    mpz_init(whole);
    scale_ratio(value, digits, rounding, whole);
    bool fits = get_units(whole, scaled);
    mpz_clear(whole);
    return fits;
}

exact exact_round_by_gmp(struct arena *arena, exact a, int digits, enum rounding rounding)
{
    mpq_t ratio;
    mpz_t power;
    mpq_init(ratio);
    mpz_init(power);
    scale_ratio(a, digits, rounding, mpq_numref(ratio));
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

exact exact_round(struct arena *arena, exact a, int digits, enum rounding rounding)
{
    int128 scaled = 0;
    if (scale_units(a, digits, rounding, &scaled) &&
        (digits >= 0 || raise(scaled, -digits, &scaled)))
        return small(scaled, digits > 0 ? digits : 0);
    return exact_round_by_gmp(arena, a, digits, rounding);
}

static str print_ratio(struct arena *arena, exact a)
{
    mpz_t scaled;
    mpz_init(scaled);
    scale_ratio(a, DECIMAL_FRACTION_DIGITS, ROUND_HALF_UP, scaled);
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

str exact_print(struct arena *arena, exact a)
{
    int128 most = power_of_ten(DECIMAL_INTEGER_DIGITS + DECIMAL_FRACTION_DIGITS);
    int128 scaled = 0;
    if (scale_units(a, DECIMAL_FRACTION_DIGITS, ROUND_HALF_UP, &scaled) && scaled < most &&
        scaled > -most)
        return decimal_print(arena, (decimal){scaled});
    return print_ratio(arena, a);
}
