// SPDX-License-Identifier: Apache-2.0
// Values that a line of running sums holds: whatever comes and goes, they are what a count says.
#include "check_main.h"
#include "held_values.h"
#include "phial/rating/tally.h"

#include <stdlib.h>
#include <string.h>

enum { KINDS = 40, ROUNDS = 500, A_ROUND = 6 };

static struct usage_tally_value value_of(const char *text, int64_t events)
{
    return (struct usage_tally_value){.value = str_from(text), .events = events};
}

static str merge(struct arena *arena, str held, const struct usage_tally_value *values,
                 size_t count)
{
    struct usage_tally_value *merged = NULL;
    size_t merged_count = 0;
    ck_assert_ok(usage_tally_held_merge(arena, held, values, count, &merged, &merged_count));
    return usage_tally_held_print(arena, merged, merged_count);
}

static void expect(str held, const struct usage_tally_value *wanted, size_t count)
{
    struct held_values values = held_values_of(held);
    str value = {0};
    int64_t events = 0;
    for (size_t i = 0; i < count; i++) {
        ck_assert(held_values_next(&values, &value, &events));
        ck_assert_msg(str_eq(value, wanted[i].value), "%.*s", STR_ARG(value));
        ck_assert_int_eq(events, wanted[i].events);
    }
    ck_assert(!held_values_next(&values, &value, &events));
    ck_assert_ok(held_values_end(&values));
}

START_TEST(adds_takes_away_and_forgets)
{
    struct arena arena = {0};
    const struct usage_tally_value come[] = {value_of("", 2), value_of("10", 1), value_of("9", 3)};
    const struct usage_tally_value go[] = {value_of("", -1), value_of("9", -3),
                                           value_of("x", 70000)};
    const struct usage_tally_value left[] = {value_of("", 1), value_of("10", 1),
                                             value_of("x", 70000)};
    str held = merge(&arena, USAGE_TALLY_HELD_NONE, come, COUNT_OF(come));
    expect(held, come, COUNT_OF(come));
    held = merge(&arena, held, go, COUNT_OF(go));
    expect(held, left, COUNT_OF(left));
    const struct usage_tally_value all[] = {value_of("", -1), value_of("10", -1),
                                            value_of("x", -70000)};
    ck_assert(str_eq(merge(&arena, held, all, COUNT_OF(all)), USAGE_TALLY_HELD_NONE));
    arena_reset(&arena);
}
END_TEST

// Random changes beside a plain count of each value.
START_TEST(is_what_a_count_says)
{
    struct arena arena = {0};
    int64_t counts[KINDS] = {0};
    char names[KINDS][8];
    str held = USAGE_TALLY_HELD_NONE;
    srand(7); // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
    for (int i = 0; i < KINDS; i++)
        ck_assert_int_gt(snprintf(names[i], sizeof names[i], "%c%d", 'a' + i / 10, i % 10), 0);
    for (int round = 0; round < ROUNDS; round++) {
        struct usage_tally_value values[KINDS];
        struct usage_tally_value wanted[KINDS];
        size_t count = 0;
        size_t wanted_count = 0;
        for (int i = 0; i < KINDS; i++) {
            if (rand() % A_ROUND != 0) // NOLINT(cert-msc30-c,cert-msc50-cpp)
                continue;
            int64_t change =
                counts[i] > 0 && rand() % 2 == 0 ? -counts[i] : 1 + rand() % 9; // NOLINT
            counts[i] += change;
            values[count++] = value_of(names[i], change);
        }
        for (int i = 0; i < KINDS; i++) {
            if (counts[i] != 0)
                wanted[wanted_count++] = value_of(names[i], counts[i]);
        }
        held = merge(&arena, held, values, count);
        expect(held, wanted, wanted_count);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(holds_so_many_and_no_more)
{
    struct arena arena = {0};
    char text[USAGE_TALLY_HELD_MAX];
    memset(text, 'x', sizeof text);
    size_t most = USAGE_TALLY_HELD_MAX - 7;
    struct usage_tally_value one = {.value = {text, most}, .events = 1};
    ck_assert_uint_eq(merge(&arena, USAGE_TALLY_HELD_NONE, &one, 1).len, USAGE_TALLY_HELD_MAX);
    one.value.len++;
    ck_assert_uint_eq(merge(&arena, USAGE_TALLY_HELD_NONE, &one, 1).len, 0);
    one = value_of("x", INT32_MAX);
    ck_assert_uint_gt(merge(&arena, USAGE_TALLY_HELD_NONE, &one, 1).len, 0);
    one.events++;
    ck_assert_uint_eq(merge(&arena, USAGE_TALLY_HELD_NONE, &one, 1).len, 0);
    arena_reset(&arena);
}
END_TEST

START_TEST(tells_what_is_cut_short)
{
    struct arena arena = {0};
    const struct usage_tally_value two[] = {value_of("a", 1), value_of("bb", 2)};
    str held = merge(&arena, USAGE_TALLY_HELD_NONE, two, COUNT_OF(two));
    struct usage_tally_value *merged = NULL;
    size_t count = 0;
    for (size_t len = 2; len < held.len; len++) {
        if (len == 1 + 6 + 1) // just behind the first
            continue;
        str cut = str_slice(held, 0, len);
        ck_assert_int_eq(usage_tally_held_merge(&arena, cut, two, 0, &merged, &count).code,
                         ERR_INTERNAL);
    }
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("held_values", adds_takes_away_and_forgets, is_what_a_count_says,
          holds_so_many_and_no_more, tells_what_is_cut_short)
