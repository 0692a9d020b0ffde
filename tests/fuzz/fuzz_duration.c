// SPDX-License-Identifier: Apache-2.0
#include "phial/time/time.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t us = 0;
    result parsed = duration_parse((str){(const char *)data, size}, &us);
    assert(failed(parsed) ? us == 0 : us >= 0);
    return 0;
}
