// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/util/arena.h"

enum { SIZE = 100, MANY = 100000 };

static void expect_wiped(const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ck_assert_uint_eq(bytes[i], 0);
}

// The same memory again, as if nothing had been in it.
START_TEST(clears_down_to_a_block)
{
    struct arena arena = {0};
    arena_clear(&arena);
    unsigned char *first = arena_array(&arena, unsigned char, SIZE);
    for (size_t i = 0; i < SIZE; i++)
        first[i] = 'x';
    (void)arena_array(&arena, unsigned char, MANY);
    arena_clear(&arena);
    expect_wiped(first, SIZE);
    ck_assert_ptr_eq(arena_array(&arena, unsigned char, SIZE), first);
    arena_reset(&arena);
    ck_assert_ptr_null(arena.newest);
}
END_TEST

TEST_MAIN("arena", clears_down_to_a_block)
