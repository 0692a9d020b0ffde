// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/util/array.h"
#include "range.h"

START_TEST(takes_one_part_of_a_file)
{
    static const struct {
        const char *header;
        enum range_kind kind;
        int64_t from;
        int64_t to;
    } cases[] = {
        {"bytes=0-0", RANGE_PART, 0, 1},
        {"bytes=0-", RANGE_PART, 0, 100},
        {"bytes=10-19", RANGE_PART, 10, 20},
        {"bytes=99-", RANGE_PART, 99, 100},
        {"bytes=90-1000", RANGE_PART, 90, 100},
        {"bytes=-1", RANGE_PART, 99, 100},
        {"bytes=-100", RANGE_PART, 0, 100},
        {"bytes=-1000", RANGE_PART, 0, 100},
        {"bytes=5-99999999999999999999", RANGE_PART, 5, 100},
        {"bytes=100-", RANGE_NONE, 7, 7},
        {"bytes=-0", RANGE_NONE, 7, 7},
        {"bytes=99999999999999999999-", RANGE_NONE, 7, 7},
        {"", RANGE_WHOLE, 7, 7},
        {"bytes=", RANGE_WHOLE, 7, 7},
        {"bytes=-", RANGE_WHOLE, 7, 7},
        {"bytes=9-5", RANGE_WHOLE, 7, 7},
        {"bytes=a-b", RANGE_WHOLE, 7, 7},
        {"bytes=1-2,5-6", RANGE_WHOLE, 7, 7},
        {"bytes=+1-2", RANGE_WHOLE, 7, 7},
        {"lines=1-2", RANGE_WHOLE, 7, 7},
        {"bytes=1--2", RANGE_WHOLE, 7, 7},
        {"bytes=1 - 2", RANGE_WHOLE, 7, 7},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t from = 7;
        int64_t to = 7;
        enum range_kind kind = range_read(str_from(cases[i].header), 100, &from, &to);
        ck_assert_msg(kind == cases[i].kind && from == cases[i].from && to == cases[i].to, "%s",
                      cases[i].header);
    }
}
END_TEST

START_TEST(an_empty_file_has_no_part)
{
    int64_t from = 7;
    int64_t to = 7;
    ck_assert(range_read(STR("bytes=0-"), 0, &from, &to) == RANGE_NONE);
    ck_assert(range_read(STR("bytes=-5"), 0, &from, &to) == RANGE_NONE);
    ck_assert_int_eq(from, 7);
}
END_TEST

TEST_MAIN("range", takes_one_part_of_a_file, an_empty_file_has_no_part)
