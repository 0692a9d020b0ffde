// SPDX-License-Identifier: Apache-2.0
// What a log sends a witness: whatever is read prints as it was.
#include "phial/merkle/witness.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    str text = {(const char *)data, size};
    struct witness_request request = {0};
    struct cosignature found = {{0}, 0};
    if (!failed(witness_request_parse(&arena, text, &request)))
        assert(str_eq(witness_request_print(&arena, &request), text));
    (void)cosignature_find(&arena, STR("a\n0\n\n"), text,
                           STR("Wit1+55ee4561+AVhZSmQj9+SoL+p/nN0Hh76xXmF7QcHfytUrI1XfSClk"),
                           &found);
    arena_reset(&arena);
    return 0;
}
