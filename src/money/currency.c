// SPDX-License-Identifier: Apache-2.0
#include "phial/money/money.h"
#include "phial/util/array.h"

#include <assert.h>

static const struct {
    char code[4];
    int digits;
} currencies[] = {
#define CURRENCY(code, digits) {#code, digits},
#include "phial/money/currencies.def"
#undef CURRENCY
};
_Static_assert(COUNT_OF(currencies) == CURRENCY_COUNT, "a row per currency");

const char *currency_code(enum currency currency)
{
    assert(currency < CURRENCY_COUNT);
    return currencies[currency].code;
}

int currency_digits(enum currency currency)
{
    assert(currency < CURRENCY_COUNT);
    return currencies[currency].digits;
}

result currency_parse(str code, enum currency *out)
{
    for (size_t i = 0; i < COUNT_OF(currencies); i++) {
        if (str_eq(code, str_from(currencies[i].code))) {
            *out = (enum currency)i;
            return OK;
        }
    }
    return FAIL(INVALID, "This must be the code of a currency, as ISO 4217 has it.");
}
