// SPDX-License-Identifier: Apache-2.0
// An array of CloudEvents.
#include "oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    oracle_check(FORMAT_CLOUDEVENT_BATCH, (str){(const char *)data, size});
    return 0;
}
