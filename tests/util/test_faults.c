// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/util/buf.h"
#include "phial/util/faults.h"

START_TEST(escapes_the_parts_of_a_pointer)
{
    struct arena arena = {0};
    str at = pointer_item(&arena, pointer_member(&arena, STR(""), STR("a/b~c")), 3);
    ck_assert(str_eq(at, STR("/a~1b~0c/3")));
    arena_reset(&arena);
}
END_TEST

START_TEST(answers_with_the_first_fault_and_keeps_a_bounded_number)
{
    struct arena arena = {0};
    struct faults faults = {.arena = &arena};
    ck_assert_ok(faults_result(&faults));
    faults_add_phi(&faults, STR("/name"), "email");
    ck_assert_fails(PHI_DETECTED, faults_result(&faults));
    for (int i = 0; i < 2 * FAULTS_MAX; i++)
        faults_add(&faults, STR("/x"), "invalid", "Wrong.");
    ck_assert_uint_eq(faults.count, FAULTS_MAX);
    faults_add_phi(&faults, STR("/late"), "email"); // dropped, and nothing is overwritten
    ck_assert_ptr_null(faults.items[FAULTS_MAX - 1].detector);
    struct faults plain = {.arena = &arena};
    faults_add(&plain, STR("/x"), "invalid", "Wrong.");
    ck_assert_fails(INVALID, faults_result(&plain));
    arena_reset(&arena);
}
END_TEST

START_TEST(grows_a_buffer_without_losing_what_it_held)
{
    struct arena arena = {0};
    struct buf text = {.arena = &arena};
    ck_assert(str_eq(buf_str(&text), STR("")));
    for (int i = 0; i < 1000; i++)
        buf_addf(&text, "%03d,", i);
    ck_assert_uint_eq(text.len, 4000);
    ck_assert(str_starts_with(buf_str(&text), STR("000,001,")));
    ck_assert(str_ends_with(buf_str(&text), STR("998,999,")));
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("faults", escapes_the_parts_of_a_pointer,
          answers_with_the_first_fault_and_keeps_a_bounded_number,
          grows_a_buffer_without_losing_what_it_held)
