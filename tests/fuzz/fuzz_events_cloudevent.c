// SPDX-License-Identifier: Apache-2.0
// One CloudEvent, structured.
#include "oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    oracle_check(FORMAT_CLOUDEVENT, (str){(const char *)data, size});
    return 0;
}
