// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/time/time.h"

START_TEST(reads_and_prints_instants)
{
    static const struct {
        const char *text;
        int64_t us;
        const char *printed;
        const char *canonical;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"},
        {"2026-11-01T00:00:00-04:00", 1793505600000000, "2026-11-01T04:00:00Z",
         "2026-11-01T04:00:00.000000Z"},
        {"2026-11-01t04:00:00.5z", 1793505600500000, "2026-11-01T04:00:00.5Z",
         "2026-11-01T04:00:00.500000Z"},
        {"1970-01-01T05:45:00.000001+05:45", 1, "1970-01-01T00:00:00.000001Z",
         "1970-01-01T00:00:00.000001Z"},
        {"1970-01-01T00:00:00.123456789Z", 123456, "1970-01-01T00:00:00.123456Z",
         "1970-01-01T00:00:00.123456Z"},
        {"1969-12-31T23:59:59.9999999Z", -1, "1969-12-31T23:59:59.999999Z",
         "1969-12-31T23:59:59.999999Z"},
        {"1970-01-01T00:00:00-00:00", 0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"},
        {"2024-02-29T12:00:00.120Z", 1709208000120000, "2024-02-29T12:00:00.12Z",
         "2024-02-29T12:00:00.120000Z"},
        {"0001-01-01T00:00:00Z", -62135596800000000, "0001-01-01T00:00:00Z",
         "0001-01-01T00:00:00.000000Z"},
        {"9999-12-31T23:59:59.999999Z", 253402300799999999, "9999-12-31T23:59:59.999999Z",
         "9999-12-31T23:59:59.999999Z"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        instant at = {0};
        ck_assert_ok(instant_parse(str_from(cases[i].text), &at));
        ck_assert_int_eq(at.us, cases[i].us);
        ck_assert_str_eq(str_to_c(&arena, instant_print(&arena, at)), cases[i].printed);
        ck_assert_str_eq(str_to_c(&arena, instant_print_canonical(&arena, at)), cases[i].canonical);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_what_is_no_instant)
{
    static const char *const cases[] = {
        "",
        "2026-11-01",
        "2026-11-01T00:00:00",
        "2026-11-01 00:00:00Z",
        "2026-11-01T00:00Z",
        "2026-11-01T24:00:00Z",
        "2026-11-01T23:60:00Z",
        "2016-12-31T23:59:60Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-11-00T00:00:00Z",
        "2026-11-31T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "2026-11-01T00:00:00.Z",
        "2026-11-01T00:00:00,5Z",
        "2026-11-01T00:00:00.1234567890Z",
        "2026-11-01T00:00:00+24:00",
        "2026-11-01T00:00:00+05:60",
        "2026-11-01T00:00:00+0500",
        "2026-11-01T00:00:00+05",
        "2026-11-01T00:00:00Zulu",
        "2026-11-01T00:00:00 Z",
        " 2026-11-01T00:00:00Z",
        "+2026-11-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "2026-11-0-T00:00:00Z",
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        instant at = {7};
        ck_assert_fails(INVALID, instant_parse(str_from(cases[i]), &at));
        ck_assert_int_eq(at.us, 7);
    }
}
END_TEST

START_TEST(reads_durations)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } cases[] = {
        {"PT0S", 0},         {"PT1S", 1},
        {"PT15M", 900},      {"PT24H", 86400},
        {"P1D", 86400},      {"P2W", 1209600},
        {"P1M", 2592000},    {"P1Y", 31536000},
        {"P1DT12H", 129600}, {"P1Y2M3W4DT5H6M7S", 31536000 + 5184000 + 1814400 + 345600 + 18367},
        {"PT100H", 360000},  {"P0D", 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t us = -1;
        ck_assert_ok(duration_parse(str_from(cases[i].text), &us));
        ck_assert_int_eq(us, cases[i].seconds * 1000000);
    }
    static const char *const endless[] = {"P99999999999999999999D", "P300000Y",
                                          "PT9223372036854775807S"};
    int64_t us = 0;
    for (size_t i = 0; i < sizeof endless / sizeof endless[0]; i++) {
        ck_assert_ok(duration_parse(str_from(endless[i]), &us));
        ck_assert_int_eq(us, INT64_MAX);
    }
    ck_assert_ok(duration_parse(STR("PT0.25S"), &us));
    ck_assert_int_eq(us, 250000);
}
END_TEST

START_TEST(refuses_what_is_no_duration)
{
    static const char *const cases[] = {
        "",      "P",     "PT",           "P1",      "1D",   "p1D",  "P1DT", "PT1D",  "P1H",
        "P1S",   "P1M1Y", "PT1S1M",       "P1D1D",   "P-1D", "-P1D", "P+1D", "P1.5D", "PT1.0M",
        "PT1.S", "PT.5S", "PT0.1234567S", "P1DTT1H", "P 1D", "P1D ", "P1X",
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t us = 7;
        ck_assert_fails(INVALID, duration_parse(str_from(cases[i]), &us));
        ck_assert_int_eq(us, 7);
    }
}
END_TEST

TEST_MAIN("instant", reads_and_prints_instants, refuses_what_is_no_instant, reads_durations,
          refuses_what_is_no_duration)
