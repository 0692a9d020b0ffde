// SPDX-License-Identifier: Apache-2.0
#include "../../src/api/range.h"

#include <assert.h>
#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t bytes = 1000;
    int64_t from = 0;
    int64_t to = 0;
    enum range_kind kind = range_read((str){(const char *)data, size}, bytes, &from, &to);
    assert(kind != RANGE_PART || (from >= 0 && from < to && to <= bytes));
    return 0;
}
