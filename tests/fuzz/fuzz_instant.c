// SPDX-License-Identifier: Apache-2.0
// What instant_parse takes reads back the same from either way of printing it.
#include "phial/time/time.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    instant at = {0};
    instant again = {0};
    if (!failed(instant_parse((str){(const char *)data, size}, &at))) {
        result parsed = instant_parse(instant_print(&arena, at), &again);
        assert(!failed(parsed) && again.us == at.us);
        parsed = instant_parse(instant_print_canonical(&arena, at), &again);
        assert(!failed(parsed) && again.us == at.us);
    }
    arena_reset(&arena);
    return 0;
}
