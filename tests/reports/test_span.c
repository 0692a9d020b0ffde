// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/util/array.h"
#include "span.h"

static struct arena arena;

enum { WIDTH = 4 };

// "1100": the sum of the first two unknowns
static const uint64_t *row_of(const char *text)
{
    uint64_t *row = arena_array(&arena, uint64_t, WIDTH);
    for (size_t i = 0; i < WIDTH; i++)
        row[i] = (uint64_t)(text[i] - '0');
    return row;
}

START_TEST(finds_what_follows)
{
    static const struct {
        const char *known[4], *guarded[4], *row;
        bool follows, tells;
    } cases[] = {
        {{NULL}, {"1000"}, "0100", false, false},
        {{NULL}, {"1000"}, "1000", false, true},
        {{"1100"}, {"1000"}, "0100", false, true}, // the total less the other one
        {{"1100"}, {"1000", "0100"}, "0010", false, false},
        {{"1100"}, {"1000"}, "1100", true, false},
        {{"1110", "0011"}, {"1100"}, "0001", false, true}, // by way of the third
        {{"1110", "0011"}, {"1000"}, "0001", false, false},
        {{"1100", "0110", "1010"},
         {"1000"},
         "0001",
         false,
         false}, // followed before: nothing to guard
        {{"1100", "0110"}, {"1000", "0001"}, "1010", false, true}, // half of a sum of three
        {{"2000"}, {"1000"}, "1000", true, false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct span *span = span_open(&arena, WIDTH);
        for (size_t k = 0; cases[i].known[k] != NULL; k++)
            span_know(span, row_of(cases[i].known[k]));
        for (size_t k = 0; cases[i].guarded[k] != NULL; k++)
            span_protect(span, row_of(cases[i].guarded[k]));
        ck_assert_msg(span_follows(span, row_of(cases[i].row)) == cases[i].follows, "%zu", i);
        ck_assert_msg(span_tells(span, row_of(cases[i].row)) == cases[i].tells, "%zu", i);
        ck_assert(!span_is_too_much(span));
        arena_reset(&arena);
    }
}
END_TEST

// What is guarded goes on being so while more becomes known.
START_TEST(guards_to_the_end)
{
    struct span *span = span_open(&arena, WIDTH);
    span_protect(span, row_of("1000"));
    span_know(span, row_of("1111"));
    span_know(span, row_of("0010"));
    ck_assert(!span_tells(span, row_of("0100")));
    span_know(span, row_of("0100"));
    ck_assert(span_tells(span, row_of("0001")));
    span_know(span, row_of("0001")); // told all the same
    ck_assert(!span_tells(span, row_of("1000")));
    ck_assert(span_follows(span, row_of("1000")));
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("span", finds_what_follows, guards_to_the_end)
