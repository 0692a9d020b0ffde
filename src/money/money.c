// SPDX-License-Identifier: Apache-2.0
#include "exact.h"
#include "phial/util/checked.h"

result money_add(money a, money b, money *sum)
{
    int64_t minor = 0;
    if (a.currency != b.currency)
        return FAIL(CURRENCY_MISMATCH, "Amounts of two currencies cannot be added.");
    if (!checked_add(a.minor, b.minor, &minor))
        return FAIL(AMOUNT_OVERFLOW, "The sum of two amounts does not fit.");
    *sum = (money){minor, a.currency};
    return OK;
}

result money_sub(money a, money b, money *difference)
{
    int64_t minor = 0;
    if (a.currency != b.currency)
        return FAIL(CURRENCY_MISMATCH, "Amounts of two currencies cannot be subtracted.");
    if (!checked_sub(a.minor, b.minor, &minor))
        return FAIL(AMOUNT_OVERFLOW, "The difference of two amounts does not fit.");
    *difference = (money){minor, a.currency};
    return OK;
}

result money_round(exact amount, enum currency currency, enum rounding rounding, money *rounded)
{
    int128 minor = 0;
    if (!exact_scale(amount, currency_digits(currency), rounding, &minor) || minor > INT64_MAX ||
        minor < INT64_MIN)
        return FAIL(AMOUNT_OVERFLOW, "The amount does not fit.");
    *rounded = (money){(int64_t)minor, currency};
    return OK;
}

static int64_t power_of_ten(int digits)
{
    int64_t power = 1;
    for (int i = 0; i < digits; i++)
        power *= 10;
    return power;
}

result money_parse(str text, enum currency currency, money *out)
{
    decimal value = {0};
    TRY(decimal_parse(text, &value));

    str whole = text;
    str fraction = STR("");
    (void)str_cut(text, '.', &whole, &fraction);
    if (fraction.len > (size_t)currency_digits(currency))
        return FAIL(INVALID, "The amount has more digits after the point than its currency.");

    int128 minor = value.units / power_of_ten(DECIMAL_FRACTION_DIGITS - currency_digits(currency));
    if (minor > INT64_MAX || minor < INT64_MIN)
        return FAIL(AMOUNT_OVERFLOW, "The amount does not fit.");
    *out = (money){(int64_t)minor, currency};
    return OK;
}

str money_print(struct arena *arena, money amount)
{
    int digits = currency_digits(amount.currency);
    const char *sign = amount.minor < 0 ? "-" : "";
    // INT64_MIN has no positive twin but among the unsigned.
    uint64_t minor = amount.minor < 0 ? 0 - (uint64_t)amount.minor : (uint64_t)amount.minor;
    uint64_t one = (uint64_t)power_of_ten(digits);
    unsigned long long whole = minor / one;
    unsigned long long fraction = minor % one;
    if (digits == 0)
        return str_printf(arena, "%s%llu", sign, whole);
    return str_printf(arena, "%s%llu.%0*llu", sign, whole, digits, fraction);
}

exact money_to_exact(struct arena *arena, money amount)
{
    (void)arena; // an amount is small
    return (exact){.units = amount.minor, .scale = currency_digits(amount.currency)};
}
