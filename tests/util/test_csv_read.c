// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/util/array.h"
#include "phial/util/csv.h"
#include "phial/util/csv_read.h"

START_TEST(reads_what_rfc_4180_has)
{
    static const struct {
        const char *text;
        size_t count;
        const char *cells[3];
        const char *rest;
    } cases[] = {
        {"a,b\nc", 2, {"a", "b"}, "c"},
        {"a,b\r\n", 2, {"a", "b"}, ""},
        {"a", 1, {"a"}, ""},
        {"", 1, {""}, ""},
        {"\nx", 1, {""}, "x"},
        {",,\n", 3, {"", "", ""}, ""},
        {"\"a,\r\nb\",c", 2, {"a,\r\nb", "c"}, ""},
        {"\"\"\"a\"\"\",\"\"\n", 2, {"\"a\"", ""}, ""},
        {"a\rb,c\n", 2, {"a\rb", "c"}, ""},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        str rest = str_from(cases[i].text);
        str cells[3];
        size_t count = 0;
        ck_assert_msg(csv_read_row(&arena, &rest, cells, COUNT_OF(cells), &count), "%s",
                      cases[i].text);
        ck_assert_uint_eq(count, cases[i].count);
        for (size_t j = 0; j < count; j++)
            ck_assert_msg(str_eq(cells[j], str_from(cases[i].cells[j])), "%s", cases[i].text);
        ck_assert(str_eq(rest, str_from(cases[i].rest)));
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_what_it_has_not)
{
    static const char *const texts[] = {"\"a", "a\"b", "\"a\"b,c", "a,b,c,d", "\"\"\""};
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        str rest = str_from(texts[i]);
        str cells[3];
        size_t count = 7;
        ck_assert_msg(!csv_read_row(&arena, &rest, cells, COUNT_OF(cells), &count), "%s", texts[i]);
        ck_assert_uint_eq(count, 7);
        ck_assert(str_eq(rest, str_from(texts[i])));
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(reads_what_is_written)
{
    static const char *const texts[] = {"", "a", "a,b", "\"", "a\r\nb", "1"};
    struct arena arena = {0};
    struct buf csv = {.arena = &arena};
    struct csv_row row = {.into = &csv};
    str cells[COUNT_OF(texts)];
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        csv_text(&row, str_from(texts[i]));
    csv_end(&row);
    str rest = buf_str(&csv);
    ck_assert(csv_read_row(&arena, &rest, cells, COUNT_OF(cells), &count));
    ck_assert_uint_eq(count, COUNT_OF(texts));
    for (size_t i = 0; i < count; i++)
        ck_assert(str_eq(cells[i], str_from(texts[i])));
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("csv_read", reads_what_rfc_4180_has, refuses_what_it_has_not, reads_what_is_written)
