// SPDX-License-Identifier: Apache-2.0
// One event, or an array of events.
#include "oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    oracle_check(FORMAT_JSON, (str){(const char *)data, size});
    return 0;
}
