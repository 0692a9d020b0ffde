// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "windows.h"

static struct arena arena;

static const str *one_label(const char *text)
{
    str *label = arena_new(&arena, str);
    *label = str_from(text);
    return label;
}

// Whether a figure of [from, to) tells, beside those of other times.
static bool tells(const char *const *others, int64_t figure, int64_t from, int64_t to)
{
    struct windows *windows = arena_new(&arena, struct windows);
    decimal *figures = arena_new(&arena, decimal);
    *figures = decimal_from_i64(figure);
    struct cube cube = {.table = {.cell_count = 1}, .figures = figures};
    for (size_t i = 0; others[i] != NULL; i++) {
        int64_t bounds[2] = {others[i][0] - 'a', others[i][1] - 'a'};
        struct report_table table = {.cell_count = 1, .labels = one_label(others[i] + 2)};
        windows_add(windows, (instant){bounds[0]}, (instant){bounds[1]}, &table);
    }
    struct windows_question question = {&cube, 0, 11, {from - 'a'}, {to - 'a'}};
    return windows_tell(windows, &question);
}

START_TEST(finds_small_figures_between_times)
{
    static const struct {
        const char *others[5]; // begin, end, label
        int64_t figure;
        char from, to;
        bool tells;
    } cases[] = {
        {{NULL}, 50, 'a', 'd', false},
        {{"ad50"}, 45, 'a', 'c', true},  // 5 in [c, d)
        {{"ad50"}, 50, 'a', 'c', false}, // none in it: zero is no secret
        {{"ad50"}, 39, 'a', 'c', false}, // 11
        {{"ad*"}, 45, 'a', 'c', false},  // nothing to subtract from
        {{"ad<11"}, 45, 'a', 'c', false},
        {{"ad90", "ab40"}, 44, 'c', 'd', true}, // 90 - 40 - 44 in the middle
        {{"ad90", "ab40"}, 30, 'c', 'd', false},
        {{"ac40", "bd45"}, 30, 'b', 'c', true}, // 40 - 30 in [a, b)
        {{"ac45", "bd50"}, 30, 'b', 'c', false},
        {{"ab40", "bc40", "ae100"}, 15, 'c', 'd', true}, // by way of three
        {{"ab40", "bc40", "ae100"}, 20, 'c', 'e', false},
        {{"ab40", "cd40"}, 45, 'b', 'c', false}, // beside each other
        {{"ab40", "bc30"}, 70, 'a', 'c', false}, // known before
        {{"ad50.5"}, 45, 'a', 'c', true},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_msg(tells(cases[i].others, cases[i].figure, cases[i].from, cases[i].to) ==
                          cases[i].tells,
                      "case %zu", i);
        arena_reset(&arena);
    }
}
END_TEST

START_TEST(counts_months_by_their_share)
{
    static const struct {
        const char *zone, *from, *to, *months;
    } cases[] = {
        {"UTC", "2031-11-01T00:00:00Z", "2031-12-01T00:00:00Z", "1"},
        {"America/New_York", "2031-11-01T04:00:00Z", "2032-02-01T05:00:00Z", "3"},
        {"UTC", "2031-11-16T00:00:00Z", "2031-12-01T00:00:00Z", "0.5"},
        {"UTC", "2031-11-16T00:00:00Z", "2032-01-01T00:00:00Z", "1.5"},
        {"UTC", "2031-11-10T00:00:00Z", "2031-11-13T00:00:00Z", "0.1"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct zone *zone = NULL;
        instant from = {0};
        instant to = {0};
        ck_assert_ok(zone_load(&arena, str_from(cases[i].zone), &zone));
        ck_assert_ok(instant_parse(str_from(cases[i].from), &from));
        ck_assert_ok(instant_parse(str_from(cases[i].to), &to));
        str months = exact_print(&arena, report_months(&arena, zone, from, to));
        ck_assert_str_eq(str_to_c(&arena, months), cases[i].months);
        arena_reset(&arena);
    }
}
END_TEST

TEST_MAIN("windows", finds_small_figures_between_times, counts_months_by_their_share)
