// SPDX-License-Identifier: Apache-2.0
// Events a line each: a line is refused by itself.
#include "oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    oracle_check(FORMAT_NDJSON, (str){(const char *)data, size});
    return 0;
}
