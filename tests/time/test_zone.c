// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/time/time.h"

static instant at(const char *text)
{
    instant parsed = {0};
    ck_assert_ok(instant_parse(str_from(text), &parsed));
    return parsed;
}

static const struct zone *load(struct arena *arena, const char *name)
{
    const struct zone *zone = NULL;
    ck_assert_ok(zone_load(arena, str_from(name), &zone));
    return zone;
}

static void prints(struct arena *arena, instant moment, const char *text)
{
    ck_assert_str_eq(str_to_c(arena, instant_print(arena, moment)), text);
}

START_TEST(knows_offsets)
{
    static const struct {
        const char *zone;
        const char *at;
        int32_t offset;
    } cases[] = {
        {"America/New_York", "2026-03-08T06:59:59Z", -18000},
        {"America/New_York", "2026-03-08T07:00:00Z", -14400},
        {"America/New_York", "2026-11-01T05:59:59.999999Z", -14400},
        {"America/New_York", "2026-11-01T06:00:00Z", -18000},
        {"America/New_York", "2100-07-01T00:00:00Z", -14400}, // beyond the file: by its rule
        {"America/New_York", "2100-12-01T00:00:00Z", -18000},
        {"America/New_York", "1850-01-01T00:00:00Z", -17762}, // local mean time
        {"Asia/Kathmandu", "2026-01-01T00:00:00Z", 20700},
        {"Europe/Dublin", "2026-07-01T00:00:00Z", 3600}, // its winter is the exception
        {"Europe/Dublin", "2100-07-01T00:00:00Z", 3600},
        {"Europe/Dublin", "2100-01-01T00:00:00Z", 0},
        {"Australia/Lord_Howe", "2026-04-04T14:59:59Z", 39600},
        {"Australia/Lord_Howe", "2026-04-04T15:00:00Z", 37800},
        {"Australia/Sydney", "2099-12-31T23:59:59Z", 39600},
        {"Australia/Sydney", "2100-07-01T00:00:00Z", 36000},
        {"Pacific/Apia", "2011-12-30T09:59:59Z", -36000},
        {"Pacific/Apia", "2011-12-30T10:00:00Z", 50400},
        {"Etc/GMT+5", "2026-01-01T00:00:00Z", -18000},
        {"UTC", "2026-01-01T00:00:00Z", 0},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct zone *zone = load(&arena, cases[i].zone);
        ck_assert_int_eq(zone_offset(zone, at(cases[i].at)), cases[i].offset);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(finds_the_beginning_of_a_day)
{
    static const struct {
        const char *zone;
        int year, month, day_of_month;
        const char *midnight;
    } cases[] = {
        {"America/New_York", 2026, 3, 8, "2026-03-08T05:00:00Z"},
        {"America/New_York", 2026, 3, 9, "2026-03-09T04:00:00Z"},
        {"America/New_York", 2026, 11, 1, "2026-11-01T04:00:00Z"},
        {"America/New_York", 2026, 11, 2, "2026-11-02T05:00:00Z"},
        {"America/New_York", 2026, 12, 1, "2026-12-01T05:00:00Z"},
        {"America/New_York", 2100, 7, 1, "2100-07-01T04:00:00Z"},
        // No midnight: the clock goes from 24:00 to 01:00.
        {"America/Sao_Paulo", 2018, 11, 4, "2018-11-04T03:00:00Z"},
        {"Africa/Cairo", 2024, 4, 26, "2024-04-25T22:00:00Z"},
        {"America/Havana", 2018, 3, 11, "2018-03-11T05:00:00Z"},
        // Midnight twice: from 01:00 back to 00:00.
        {"America/Havana", 2018, 11, 4, "2018-11-04T04:00:00Z"},
        {"America/Havana", 2018, 11, 5, "2018-11-05T05:00:00Z"},
        // From 00:01 back to 23:01, so that the day begins, ends and begins again.
        {"America/St_Johns", 2010, 11, 7, "2010-11-07T02:30:00Z"},
        // From 24:00 back to 23:00: the day before has 25 hours, midnight comes once.
        {"America/Sao_Paulo", 2018, 2, 18, "2018-02-18T03:00:00Z"},
        {"Africa/Cairo", 2024, 11, 1, "2024-10-31T22:00:00Z"},
        // A day that was skipped begins where the next one does.
        {"Pacific/Apia", 2011, 12, 29, "2011-12-29T10:00:00Z"},
        {"Pacific/Apia", 2011, 12, 30, "2011-12-30T10:00:00Z"},
        {"Pacific/Apia", 2011, 12, 31, "2011-12-30T10:00:00Z"},
        {"Pacific/Kwajalein", 1993, 8, 21, "1993-08-21T12:00:00Z"},
        {"Australia/Lord_Howe", 2026, 4, 5, "2026-04-04T13:00:00Z"},
        {"Australia/Lord_Howe", 2026, 4, 6, "2026-04-05T13:30:00Z"},
        {"Australia/Lord_Howe", 2026, 10, 4, "2026-10-03T13:30:00Z"},
        {"Asia/Kathmandu", 2026, 1, 1, "2025-12-31T18:15:00Z"},
        {"America/Nuuk", 2100, 3, 28, "2100-03-28T01:00:00Z"},
        {"UTC", 2026, 1, 1, "2026-01-01T00:00:00Z"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct zone *zone = load(&arena, cases[i].zone);
        day d = day_from_civil(cases[i].year, cases[i].month, cases[i].day_of_month);
        prints(&arena, zone_midnight(zone, d), cases[i].midnight);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(knows_the_local_day)
{
    struct arena arena = {0};
    const struct zone *york = load(&arena, "America/New_York");
    day first = day_from_civil(2026, 11, 1);
    ck_assert_int_eq(zone_day(york, at("2026-11-01T03:59:59.999999Z")).number, first.number - 1);
    ck_assert_int_eq(zone_day(york, at("2026-11-01T04:00:00Z")).number, first.number);
    ck_assert_int_eq(zone_day(york, at("2026-11-02T04:59:59Z")).number, first.number);
    ck_assert_int_eq(zone_day(york, at("1969-12-31T23:59:59.5Z")).number, -1);
    ck_assert_int_eq(zone_day(zone_utc(), at("1969-12-31T23:59:59.5Z")).number, -1);
    ck_assert_int_eq(zone_day(zone_utc(), at("1970-01-01T00:00:00Z")).number, 0);
    arena_reset(&arena);
}
END_TEST

START_TEST(finds_the_beginning_of_an_hour)
{
    static const struct {
        const char *zone;
        const char *at;
        const char *hour;
    } cases[] = {
        {"UTC", "2026-01-01T12:34:56.789Z", "2026-01-01T12:00:00Z"},
        {"UTC", "1969-12-31T23:59:59.5Z", "1969-12-31T23:00:00Z"},
        {"Asia/Kathmandu", "2026-01-01T12:10:00Z", "2026-01-01T11:15:00Z"},
        {"America/New_York", "2026-11-01T05:30:00Z", "2026-11-01T05:00:00Z"},
        {"America/New_York", "2026-11-01T06:30:00Z", "2026-11-01T06:00:00Z"},
        // 02:00 back to 01:30: the second 01:45 belongs to an hour that began with the change.
        {"Australia/Lord_Howe", "2026-04-04T14:45:00Z", "2026-04-04T14:00:00Z"},
        {"Australia/Lord_Howe", "2026-04-04T15:15:00Z", "2026-04-04T15:00:00Z"},
        {"Australia/Lord_Howe", "2026-04-04T15:45:00Z", "2026-04-04T15:30:00Z"},
        // 02:00 on to 02:30.
        {"Australia/Lord_Howe", "2026-10-03T15:40:00Z", "2026-10-03T15:30:00Z"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct zone *zone = load(&arena, cases[i].zone);
        instant hour = zone_hour(zone, at(cases[i].at));
        prints(&arena, hour, cases[i].hour);
        ck_assert_int_eq(zone_hour(zone, hour).us, hour.us);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(knows_no_other_names)
{
    static const char *const invalid[] = {
        "",
        ".",
        "..",
        "../UTC",
        "America/../UTC",
        "/UTC",
        "UTC/",
        "Etc//UTC",
        "utc",
        "posix/UTC",
        "right/UTC",
        "localtime",
        "zone.tab",
        "UTC ",
        "America/New York",
        "+01",
        "UTC\n",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    };
    static const char *const missing[] = {"America", "America/Nowhere", "UTC/UTC", "Mars/Phobos"};
    struct arena arena = {0};
    const struct zone *zone = NULL;
    for (size_t i = 0; i < COUNT_OF(invalid); i++)
        ck_assert_fails(INVALID, zone_load(&arena, str_from(invalid[i]), &zone));
    for (size_t i = 0; i < COUNT_OF(missing); i++)
        ck_assert_fails(NOT_FOUND, zone_load(&arena, str_from(missing[i]), &zone));
    ck_assert_fails(INVALID, zone_load(&arena, ((str){"UTC\0x", 5}), &zone));
    ck_assert_ptr_null(zone);
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("zone", knows_offsets, finds_the_beginning_of_a_day, knows_the_local_day,
          finds_the_beginning_of_an_hour, knows_no_other_names)
