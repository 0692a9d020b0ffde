// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/util/buf.h"
#include "zone.h"

// What a file says besides its rule.
struct content {
    const char *rule;
    int64_t transitions[2]; // to the second type, and back
    int32_t offsets[2];
    char version;
    unsigned char type; // of the first transition
    uint32_t leaps;
};

static const struct content sound = {
    .rule = "EST5EDT,M3.2.0,M11.1.0",
    .transitions = {1000, 2000},
    .offsets = {-18000, -14400},
    .version = '2',
    .type = 1,
};

static void add_number(struct buf *bytes, uint64_t number, int width)
{
    for (int shift = (width - 1) * 8; shift >= 0; shift -= 8)
        buf_add_char(bytes, (char)(unsigned char)(number >> shift & 0xff));
}

static void add_header(struct buf *bytes, const struct content *content, uint32_t transitions,
                       uint32_t types)
{
    buf_add(bytes, STR("TZif"));
    buf_add_char(bytes, content->version);
    for (int i = 0; i < 15; i++)
        buf_add_char(bytes, '\0');
    const uint32_t counts[] = {0, 0, transitions == 0 ? 0 : content->leaps, transitions, types, 4};
    for (size_t i = 0; i < COUNT_OF(counts); i++)
        add_number(bytes, counts[i], 4);
}

static str make_file(struct arena *arena, const struct content *content)
{
    struct buf bytes = {.arena = arena};
    add_header(&bytes, content, 0, 1);
    add_number(&bytes, 0, 6);
    buf_add(&bytes, ((str){"LMT", 4}));

    add_header(&bytes, content, 2, 2);
    for (size_t i = 0; i < 2; i++)
        add_number(&bytes, (uint64_t)content->transitions[i], 8);
    buf_add_char(&bytes, (char)content->type);
    buf_add_char(&bytes, 0);
    for (size_t i = 0; i < 2; i++) {
        add_number(&bytes, (uint32_t)content->offsets[i], 4);
        add_number(&bytes, 0, 2);
    }
    buf_add(&bytes, ((str){"LMT", 4}));
    for (uint32_t i = 0; i < content->leaps; i++) {
        add_number(&bytes, 0, 8);
        add_number(&bytes, 0, 4);
    }
    buf_addf(&bytes, "\n%s\n", content->rule);
    return buf_str(&bytes);
}

START_TEST(reads_a_file)
{
    struct arena arena = {0};
    const struct zone *zone = NULL;
    ck_assert_ok(zone_parse(&arena, make_file(&arena, &sound), &zone));
    ck_assert_int_eq(zone_offset(zone, (instant){999999999}), -18000);
    ck_assert_int_eq(zone_offset(zone, (instant){1000000000}), -14400);
    ck_assert_int_eq(zone_offset(zone, (instant){2000000000}), -18000); // by the rule
    ck_assert_int_eq(zone_offset(zone, (instant){1784000000000000}), -14400);

    struct content without_rule = sound;
    without_rule.rule = "";
    ck_assert_ok(zone_parse(&arena, make_file(&arena, &without_rule), &zone));
    ck_assert_int_eq(zone_offset(zone, (instant){1784000000000000}), -18000);
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_a_file_that_is_not_sound)
{
    struct content cases[8];
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        cases[i] = sound;
    cases[0].version = '\0';
    cases[1].type = 2;
    cases[2].leaps = 1;
    cases[3].transitions[1] = 1000;
    cases[4].offsets[1] = 26 * 3600;
    cases[5].offsets[0] = -25 * 3600;
    cases[6].rule = "EST";
    cases[7].rule = "EST5EDT\n";
    struct arena arena = {0};
    const struct zone *zone = NULL;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        ck_assert_fails(INVALID, zone_parse(&arena, make_file(&arena, &cases[i]), &zone));
    ck_assert_ptr_null(zone);
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_a_file_that_ends_early)
{
    struct arena arena = {0};
    const struct zone *zone = NULL;
    str bytes = make_file(&arena, &sound);
    for (size_t len = 0; len < bytes.len; len++)
        ck_assert_fails(INVALID, zone_parse(&arena, str_slice(bytes, 0, len), &zone));
    ck_assert_fails(INVALID, zone_parse(&arena, STR("TZif2"), &zone));
    arena_reset(&arena);
}
END_TEST

static int32_t offset_at(const struct zone_rule *rule, const char *text)
{
    instant at = {0};
    ck_assert_ok(instant_parse(str_from(text), &at));
    int64_t second = at.us / 1000000;
    struct zone_stretch stretch = zone_rule_stretch(rule, second);
    ck_assert(stretch.from <= second && second < stretch.to);
    return stretch.offset;
}

START_TEST(follows_a_rule)
{
    static const struct {
        const char *rule;
        const char *at;
        int32_t offset;
    } cases[] = {
        {"UTC0", "2026-01-01T00:00:00Z", 0},
        {"<+0330>-3:30", "2026-01-01T00:00:00Z", 12600},
        {"<-03>3", "2026-01-01T00:00:00Z", -10800},
        {"AAA-1:02:03", "2026-01-01T00:00:00Z", 3723},
        {"AAA+1", "2026-01-01T00:00:00Z", -3600},
        {"EST5EDT,M3.2.0,M11.1.0", "2026-03-08T06:59:59Z", -18000},
        {"EST5EDT,M3.2.0,M11.1.0", "2026-03-08T07:00:00Z", -14400},
        {"EST5EDT,M3.2.0,M11.1.0", "2026-11-01T05:59:59Z", -14400},
        {"EST5EDT,M3.2.0,M11.1.0", "2026-11-01T06:00:00Z", -18000},
        // Across the new year, and half an hour only.
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-01-01T00:00:00Z", 39600},
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-04-04T15:00:00Z", 37800},
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-10-03T15:30:00Z", 39600},
        // The "summer" of Dublin is its winter.
        {"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-01T00:00:00Z", 3600},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-01T00:00:00Z", 0},
        // Before midnight, and days after the day that is named.
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z", -7200},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", -3600},
        {"EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-27T23:59:59Z", 7200},
        {"EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-28T00:00:00Z", 10800},
        // J60 is 1 March in every year; 59 is 29 February in a leap year.
        {"AAA0BBB,J60/0,J300/0", "2024-02-29T23:59:59Z", 0},
        {"AAA0BBB,J60/0,J300/0", "2024-03-01T00:00:00Z", 3600},
        {"AAA0BBB,J60/0,J300/0", "2025-03-01T00:00:00Z", 3600},
        {"AAA0BBB,59/0,300/0", "2024-02-29T00:00:00Z", 3600},
        {"AAA0BBB,59/0,300/0", "2025-02-28T23:59:59Z", 0},
        {"AAA0BBB,59/0,300/0", "2025-03-01T00:00:00Z", 3600},
        // Summer all year round.
        {"XXX3EDT4,0/0,J365/23", "2026-01-01T02:59:59Z", -14400},
        {"XXX3EDT4,0/0,J365/23", "2026-01-01T03:00:00Z", -14400},
        {"XXX3EDT4,0/0,J365/23", "2026-07-01T00:00:00Z", -14400},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct zone_rule rule = {0};
        ck_assert_ok(zone_rule_parse(str_from(cases[i].rule), &rule));
        ck_assert_int_eq(offset_at(&rule, cases[i].at), cases[i].offset);
    }
}
END_TEST

START_TEST(refuses_what_is_no_rule)
{
    static const char *const cases[] = {
        "",
        "EST",
        "ES5",
        "5",
        "<EST5",
        "<E!T>5",
        "EST25",
        "EST5:60",
        "EST5EDT",
        "EST5EDT,M3.2.0",
        "EST5EDT,M3.2.0,",
        "EST5EDT,M3.2.0,M11.1.0,",
        "EST5EDT,M13.2.0,M11.1.0",
        "EST5EDT,M0.2.0,M11.1.0",
        "EST5EDT,M3.6.0,M11.1.0",
        "EST5EDT,M3.0.0,M11.1.0",
        "EST5EDT,M3.2.7,M11.1.0",
        "EST5EDT,J0,J365",
        "EST5EDT,J366,J1",
        "EST5EDT,366,1",
        "EST5EDT,M3.2.0/168,M11.1.0",
        "EST5EDT,M3.2.0/,M11.1.0",
        "EST5EDT25,M3.2.0,M11.1.0",
        "EST5 ",
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct zone_rule rule = {.standard = 7};
        ck_assert_fails(INVALID, zone_rule_parse(str_from(cases[i]), &rule));
        ck_assert_int_eq(rule.standard, 7);
    }
}
END_TEST

TEST_MAIN("zone_file", reads_a_file, refuses_a_file_that_is_not_sound,
          refuses_a_file_that_ends_early, follows_a_rule, refuses_what_is_no_rule)
