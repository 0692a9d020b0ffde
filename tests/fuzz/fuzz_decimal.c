// SPDX-License-Identifier: Apache-2.0
// What decimal_parse takes, decimal_print and exact_print write alike, and it reads back the same.
#include "phial/money/money.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    decimal value = {0};
    decimal again = {0};
    if (!failed(decimal_parse((str){(const char *)data, size}, &value))) {
        str text = decimal_print(&arena, value);
        result parsed = decimal_parse(text, &again);
        assert(!failed(parsed) && again.units == value.units);
        assert(str_eq(text, exact_print(&arena, exact_from_decimal(&arena, value))));
    }
    arena_reset(&arena);
    return 0;
}
