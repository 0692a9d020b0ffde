// SPDX-License-Identifier: Apache-2.0
// Any bytes as a Prefer header: with another preference before it, it means the same.
#include "../../src/api/prefer.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    str header = {(const char *)data, size};
    str longer = str_printf(&arena, "wait=\"1, 2\", %" STR_FMT, STR_ARG(header));
    if (!str_contains(header, '\0') &&
        prefer_representation(header) != prefer_representation(longer))
        abort();
    arena_reset(&arena);
    return 0;
}
