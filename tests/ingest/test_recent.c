// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "recent.h"

enum { SOME = 100000, GENERATION = 1 << 21 };

static struct append entry_of(int64_t customer_id, int number)
{
    struct arena arena = {0};
    struct append entry = {.customer_id = customer_id,
                           .identity =
                               identity_of(STR("s"), str_printf(&arena, "event-%d", number))};
    arena_reset(&arena);
    return entry;
}

START_TEST(has_what_was_added_and_little_else)
{
    struct recent *recent = recent_new();
    for (int i = 0; i < SOME; i++) {
        struct append entry = entry_of(1, i);
        recent_add(recent, &entry);
    }
    int mistaken = 0;
    for (int i = 0; i < SOME; i++) {
        struct append entry = entry_of(1, i);
        ck_assert(recent_has(recent, &entry));
        struct append other = entry_of(2, i);
        mistaken += recent_has(recent, &other);
    }
    ck_assert_int_lt(mistaken, SOME / 100);
    recent_free(recent);
}
END_TEST

START_TEST(forgets_the_eldest_and_keeps_a_generation)
{
    struct recent *recent = recent_new();
    struct append first = entry_of(7, 0);
    struct append late = entry_of(7, 1);
    recent_add(recent, &first);
    for (int i = 2; i <= GENERATION; i++) {
        struct append entry = {.customer_id = i};
        recent_add(recent, &entry);
    }
    recent_add(recent, &late);
    ck_assert(recent_has(recent, &first)); // in the elder by now
    int kept = 0;
    for (int i = 0; i < GENERATION; i++) {
        struct append entry = {.customer_id = -i};
        recent_add(recent, &entry);
        kept += recent_has(recent, &late);
    }
    ck_assert_int_eq(kept, GENERATION);
    int found = 0;
    for (int i = 0; i < SOME; i++) {
        struct append entry = {.customer_id = i + 2};
        found += recent_has(recent, &entry);
    }
    ck_assert_int_lt(found, SOME / 20);
    recent_free(recent);
}
END_TEST

TEST_MAIN("recent", has_what_was_added_and_little_else, forgets_the_eldest_and_keeps_a_generation)
