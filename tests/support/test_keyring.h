// SPDX-License-Identifier: Apache-2.0
// test_keyring.h - master keys that are known.
#pragma once

#include "phial/crypto/keyring.h"

#include <check.h>

#define MASTER_KEY_ONE "3031323334353637383961626364656630313233343536373839616263646566"
#define MASTER_KEY_TWO "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// Of one key or two; the first wraps.
static inline struct keyring keyring_of(const char *first, const char *second)
{
    struct arena arena = {0};
    struct keyring ring = {0};
    ck_assert_int_eq(keyring_add(&arena, str_from(first), &ring).code, ERR_NONE);
    if (second != NULL)
        ck_assert_int_eq(keyring_add(&arena, str_from(second), &ring).code, ERR_NONE);
    arena_reset(&arena);
    return ring;
}

static inline const struct keyring *test_keyring(void)
{
    static struct keyring ring;
    if (ring.count == 0)
        ring = keyring_of(MASTER_KEY_ONE, NULL);
    return &ring;
}
