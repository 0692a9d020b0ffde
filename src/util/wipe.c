// SPDX-License-Identifier: Apache-2.0
#include "phial/util/wipe.h"

#include <string.h>

enum { STACK_BYTES = 64 * 1024 };

__attribute__((noinline)) void wipe_stack(void)
{
    char below[STACK_BYTES];
    explicit_bzero(below, sizeof below);
}
