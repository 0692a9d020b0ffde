// SPDX-License-Identifier: Apache-2.0
#include "phial/util/memory.h"

#include <malloc.h>

enum { MEBIBYTE = 1024 * 1024, MAPPED_FROM = MEBIBYTE, KEPT = 4 * MEBIBYTE };

// The library raises these bounds with what is freed otherwise, and then keeps 64 MB for every
// thread that has given a large answer.
void memory_bound(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, MAPPED_FROM);
    (void)mallopt(M_TRIM_THRESHOLD, KEPT);
}
