// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/util/csv.h"

START_TEST(quotes_where_it_must_and_guards_formulas)
{
    static const struct {
        const char *cell;
        const char *written;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"a b'c", "a b'c"},
        {"a,b", "\"a,b\""},
        {"say \"x\"", "\"say \"\"x\"\"\""},
        {"two\nlines", "\"two\nlines\""},
        {"=1+1", "\"'=1+1\""},
        {"+1", "\"'+1\""},
        {"-1", "\"'-1\""},
        {"@SUM", "\"'@SUM\""},
        {"\tx", "\"'\tx\""},
        {"|x", "\"'|x\""},
        {"%x", "\"'%x\""},
        {"=\"x\"", "\"'=\"\"x\"\"\""},
        {"1-2", "1-2"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf text = {.arena = &arena};
        struct csv_row row = {.into = &text};
        csv_text(&row, str_from(cases[i].cell));
        ck_assert_str_eq(str_to_c(&arena, buf_str(&text)), cases[i].written);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(parts_cells_and_rows)
{
    struct arena arena = {0};
    struct buf text = {.arena = &arena};
    struct csv_row row = {.into = &text};
    csv_text(&row, STR(""));
    csv_number(&row, STR("-1.50"));
    csv_text(&row, STR("x"));
    csv_end(&row);
    csv_number(&row, STR(""));
    csv_number(&row, STR(""));
    csv_end(&row);
    ck_assert_str_eq(str_to_c(&arena, buf_str(&text)), ",-1.50,x\r\n,\r\n");
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("csv", quotes_where_it_must_and_guards_formulas, parts_cells_and_rows)
