// SPDX-License-Identifier: Apache-2.0
#include "bill_fixture.h"

#include <pthread.h>

START_TEST(gives_the_same_bytes)
{
    struct fixture fixture;
    struct fixture other;
    str first = {0};
    str between = {0};
    str second = {0};
    ck_assert_ok(fixture_read(&fixture, "?", ""));
    ck_assert_ok(fixture_read(&other, "Late reads", "\\u753b\\u50cf \\u0635\\u0648\\u0631"));
    ck_assert_ok(render_pdf(&fixture.arena, &fixture.bill, &first));
    ck_assert_ok(render_pdf(&other.arena, &other.bill, &between));
    ck_assert_ok(render_pdf(&fixture.arena, &fixture.bill, &second));
    ck_assert(str_eq(first, second) && !str_eq(first, between));
    ck_assert(str_starts_with(first, STR("%PDF-1.")));
    ck_assert(fixture_has(first, "/Lang (en)") && fixture_has(first, "/Marked true"));
    ck_assert(fixture_has(first, "(20261202060000"));
    fixture_close(&fixture);
    fixture_close(&other);
}
END_TEST

// A document of its own for each thread, over and over.
struct painter {
    pthread_t thread;
    const char *name;
    bool same;
};

static void *paint(void *context)
{
    enum { TIMES = 5 };
    struct painter *painter = context;
    struct fixture fixture;
    str first = {0};
    painter->same = !failed(fixture_read(&fixture, "Late reads", painter->name)) &&
                    !failed(render_pdf(&fixture.arena, &fixture.bill, &first));
    for (int i = 1; i < TIMES && painter->same; i++) {
        str again = {0};
        painter->same =
            !failed(render_pdf(&fixture.arena, &fixture.bill, &again)) && str_eq(first, again);
    }
    fixture_close(&fixture);
    return NULL;
}

START_TEST(draws_on_many_threads)
{
    struct painter painters[] = {
        {.name = "Reads"},
        {.name = "\\u753b\\u50cf\\u8aad\\u5f71"},
        {.name = "\\u0635\\u0648\\u0631"},
        {.name = "\\u0e20\\u0e32\\u0e1e \\u05ea\\u05de\\u05d5\\u05e0\\u05d4"},
    };
    for (size_t i = 0; i < COUNT_OF(painters); i++)
        ck_assert_int_eq(pthread_create(&painters[i].thread, NULL, paint, &painters[i]), 0);
    for (size_t i = 0; i < COUNT_OF(painters); i++) {
        ck_assert_int_eq(pthread_join(painters[i].thread, NULL), 0);
        ck_assert(painters[i].same);
    }
}
END_TEST

START_TEST(refuses_a_character_that_no_font_has)
{
    struct fixture fixture;
    str pdf = {0};
    ck_assert_ok(fixture_read(&fixture, "Late reads", "Late \\u0378 reads"));
    ck_assert_fails(FONT_MISSING, render_pdf(&fixture.arena, &fixture.bill, &pdf));
    ck_assert_ptr_null(pdf.ptr);
    fixture_close(&fixture);
}
END_TEST

// Names as long as they may be, in one word; more lines than a page holds.
START_TEST(breaks_what_is_long)
{
    struct fixture fixture;
    str pdf = {0};
    char word[BILL_TEXT_BYTES_MAX + 1];
    memset(word, 'W', sizeof word);
    word[sizeof word - 1] = '\0';
    ck_assert_ok(fixture_read(&fixture, "Late reads", word));
    json_t *lines = json_object_get(fixture.statement, "lines");
    for (int i = 0; i < 60; i++)
        json_array_append(lines, json_array_get(lines, (size_t)i % 3));
    struct bill_source source = {.statement = fixture.statement,
                                 .customer = fixture.customer,
                                 .seller = &fixture.seller,
                                 .server = STR("phial.local")};
    ck_assert_ok(bill_read(&fixture.arena, &source, &fixture.bill));
    ck_assert_ok(render_pdf(&fixture.arena, &fixture.bill, &pdf));
    fixture_close(&fixture);
}
END_TEST

TEST_MAIN("pdf", gives_the_same_bytes, draws_on_many_threads, refuses_a_character_that_no_font_has,
          breaks_what_is_long)
