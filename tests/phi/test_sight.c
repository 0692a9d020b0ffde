// SPDX-License-Identifier: Apache-2.0
// What one pass over a text sees, against what a loop over its characters sees.
#include "check_main.h"
#include "phial/util/array.h"
#include "scan.h"

#include <string.h>

enum { TEXTS = 20000, BYTES_MAX = 600 };

static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15); // splitmix64
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

// Stretches of characters of a kind each, short ones and such as reach over 64 of them.
static size_t make_text(char *text, uint64_t *state)
{
    static const char *const kinds[] = {"0123456789", "ilo0OLI1", "abcXYZ",   "aB3", " ",
                                        "-",          ":.",       "\xC3\xA9", "@",   "09"};
    size_t len = next(state) % BYTES_MAX;
    for (size_t at = 0; at < len;) {
        const char *kind = kinds[next(state) % COUNT_OF(kinds)];
        size_t stretch = 1 + (next(state) % 8 == 0 ? next(state) % 150 : next(state) % 7);
        for (; stretch > 0 && at < len; stretch--)
            text[at++] = kind[next(state) % strlen(kind)];
    }
    return len;
}

static bool is_numeral(char c)
{
    return is_digit(c) || among(to_lower(c), "ilo");
}

static size_t longest_number(str text)
{
    size_t most = 0;
    size_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool ends = is_alnum(c) ? !is_numeral(c) : c == ':' || c == '"' || (c & '\x80') != 0;
        number = ends ? 0 : number + (is_alnum(c) ? 1 : 0);
        most = number > most ? number : most;
    }
    return most;
}

static void check_run(const struct sight *sight, size_t n, str run)
{
    size_t lead = scan_digits(run, 0);
    size_t tail = 0;
    while (tail < run.len && is_digit(run.ptr[run.len - 1 - tail]))
        tail++;
    ck_assert_uint_eq(sight->runs[n].at, (size_t)(run.ptr - sight->text.ptr));
    ck_assert_uint_eq(sight->runs[n].len, run.len);
    ck_assert_uint_eq(sight->runs[n].lead, lead);
    ck_assert_uint_eq(sight->runs[n].tail, tail);
    for (size_t before = sight->runs[n].as_long, at = n; before > 0;
         at = before - 1, before = sight->runs[at].as_long)
        ck_assert_uint_lt(before - 1, at);
}

// Whether it was looked at to its end.
static bool check_text(str text)
{
    size_t left = 1000000;
    static struct sight sight;
    sight_take(text, &left, &sight);
    if (sight.crowded)
        return false;
    size_t n = 0;
    uint64_t signs = 0;
    for (size_t at = 0; at < text.len;) {
        size_t end = at;
        while (end < text.len && is_alnum(text.ptr[end]))
            end++;
        if (end > at)
            check_run(&sight, n++, str_slice(text, at, end));
        else if ((text.ptr[end++] & '\x80') == 0)
            signs |= SIGN(text.ptr[at]);
        at = end;
    }
    ck_assert_uint_eq(sight.run_count, n);
    ck_assert_uint_eq(sight.digits, longest_number(text));
    ck_assert_uint_eq(sight.signs & ~SIGN_BEYOND, signs);
    return true;
}

START_TEST(sees_the_runs_of_a_text)
{
    char text[BYTES_MAX];
    uint64_t state = 11;
    size_t looked = 0;
    for (size_t i = 0; i < TEXTS; i++)
        looked += check_text((str){text, make_text(text, &state)}) ? 1 : 0;
    ck_assert_uint_gt(looked, TEXTS / 2);
}
END_TEST

START_TEST(sees_a_text_of_the_greatest_length)
{
    static char text[SIGHT_TEXT_MAX];
    memset(text, '7', sizeof text);
    ck_assert(check_text((str){text, sizeof text}));
    text[sizeof text - 1] = '.';
    ck_assert(check_text((str){text, sizeof text}));
    text[0] = 'a';
    ck_assert(check_text((str){text, sizeof text}));
}
END_TEST

// As many runs as are held; and one more, of which the end and many others come at once.
START_TEST(has_room_for_so_many_runs)
{
    enum { AT_ONCE = 64 };
    char text[SIGHT_TEXT_MAX];
    size_t len = 0;
    for (; len < 4 * SIGHT_RUNS_MAX; len += 4)
        memcpy(text + len, "abc ", 4);
    ck_assert(check_text((str){text, len}));
    for (size_t i = 0; i < AT_ONCE; i++)
        text[len++] = 'a';
    for (size_t i = 0; i < AT_ONCE; i++)
        text[len++] = i % 2 == 0 ? ' ' : 'a';
    ck_assert(!check_text((str){text, len}));
}
END_TEST

TEST_MAIN("sight", sees_the_runs_of_a_text, sees_a_text_of_the_greatest_length,
          has_room_for_so_many_runs)
