// SPDX-License-Identifier: Apache-2.0
// elapsed.h - how much time has passed; what time it is stays the business of others.
#pragma once

#include <stdint.h>
#include <time.h>

static inline int64_t elapsed_us(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static inline int64_t elapsed_ms(void)
{
    return elapsed_us() / 1000;
}
