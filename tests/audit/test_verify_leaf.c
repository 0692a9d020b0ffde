// SPDX-License-Identifier: Apache-2.0
// One leaf in itself, of the kind that says which token keys were destroyed.
#include "check_main.h"
#include "verify_parts.h"
#include "verify_report.h"

#include <string.h>

static struct arena arena;

static bool is_whole(const char *erasure, char said[200])
{
    OWNED(json_release) json_t *root = NULL;
    struct report report = {.out = fmemopen(said, 200, "w"), .about = ""};
    struct exported exported = {.arena = &arena, .report = &report};
    struct leaf_reading reading = {
        .exported = &exported,
        .arena = &arena,
        .index = 3,
        .bytes = str_printf(&arena,
                            "{\"actor\":\"key:a\",\"at\":\"2026-12-01T00:00:00.000000Z\","
                            "\"customer\":\"c\",\"erasure\":%s,\"kind\":\"erasure\",\"v\":1}",
                            erasure)};
    ck_assert_ptr_nonnull(report.out);
    leaf_read(&reading, &root);
    ck_assert_int_eq(fclose(report.out), 0);
    ck_assert_int_eq(report.faults == 0, reading.whole);
    return reading.whole;
}

START_TEST(takes_an_erasure_that_names_what_it_destroyed)
{
    static const char *const cases[] = {
        "{\"keys\":[],\"scope\":\"all\"}",
        "{\"keys\":[],\"reason\":\"asked for\",\"scope\":\"customer\"}",
        "{\"keys\":[{\"generation\":1,\"method\":\"hmac\",\"period\":\"2026-11\",\"scope\":"
        "\"period\"}],\"period\":\"2026-11\",\"scope\":\"period\"}",
        "{\"keys\":[{\"codes\":7,\"generation\":2,\"method\":\"surrogate\",\"scope\":\"event\"}],"
        "\"scope\":\"event\"}",
    };
    char said[200] = "";
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        ck_assert_msg(is_whole(cases[i], said), "%zu: %s", i, said);
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_one_that_does_not)
{
    static const char *const cases[] = {
        "{}",
        "{\"scope\":\"all\"}",
        "{\"keys\":{},\"scope\":\"all\"}",
        "{\"keys\":[]}",
        "{\"keys\":[],\"patient\":\"x\",\"scope\":\"all\"}",
        "{\"keys\":[{\"method\":\"hmac\",\"scope\":\"event\"}],\"scope\":\"all\"}",
        "{\"keys\":[{\"generation\":1,\"scope\":\"event\"}],\"scope\":\"all\"}",
        "{\"keys\":[7],\"scope\":\"all\"}",
        "[]",
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char said[200] = "";
        ck_assert_msg(!is_whole(cases[i], said), "%zu", i);
        ck_assert_msg(strstr(said, "Entry 3: its erasure does not name") != NULL, "%zu: %s", i,
                      said);
    }
    arena_reset(&arena);
}
END_TEST

// "T" stands for a time as entries write it.
static const struct {
    const char *event;
    bool plain;
    bool right;
} plain_events[] = {
    {"\"id\":\"a\",\"quantity\":\"1\",\"source\":\"\",\"time\":\"T\",\"type\":\"t\"", true, true},
    {"\"id\":\"a\",\"properties\":{},\"quantity\":\"1.5\",\"source\":\"s\",\"time\":\"T\",\"type\":\"t\"",
     true, true},
    {"\"id\":\"a\",\"properties\":{\"a\":\"x\",\"b\":true},\"quantity\":\"-2\",\"source\":\"\",\"time\":"
     "\"T\",\"type\":\"t\"",
     true, true},
    {"\"id\":\"a\",\"properties\":{\"b\":\"x\",\"a\":\"y\"},\"quantity\":\"1\",\"source\":\"\",\"time\":"
     "\"T\",\"type\":\"t\"",
     false, false},
    {"\"id\":\"a\",\"properties\":{\"a\":\"x\",\"a\":\"x\"},\"quantity\":\"1\",\"source\":\"\",\"time\":"
     "\"T\",\"type\":\"t\"",
     false, false},
    {"\"id\":\"a\",\"properties\":{\"a b\":\"x\"},\"quantity\":\"1\",\"source\":\"\",\"time\":\"T\","
     "\"type\":\"t\"",
     false, false},
    {"\"id\":\"a\",\"quantity\":\"1.50\",\"source\":\"\",\"time\":\"T\",\"type\":\"t\"", false,
     false},
    {"\"id\":\"a\",\"quantity\":\"-0\",\"source\":\"\",\"time\":\"T\",\"type\":\"t\"", false,
     false},
    {"\"id\":\"a\",\"quantity\":\"01\",\"source\":\"\",\"time\":\"T\",\"type\":\"t\"", false,
     false},
    {"\"id\":\"a\",\"quantity\":\"1\",\"source\":\"\",\"time\":\"2026-12-01T00:00:00Z\",\"type\":\"t\"",
     false, false},
    {"\"id\":\"a\",\"quantity\":\"1\",\"source\":\"\",\"time\":\"2026-13-01T00:00:00.000000Z\",\"type\":"
     "\"t\"",
     false, false},
    {"\"id\":\"a\",\"quantity\":\"1\",\"source\":\"\",\"time\":\"T\",\"type\":\"t\",\"x\":\"y\"",
     false, false},
    {"\"id\":\"\\u0001\",\"quantity\":\"1\",\"source\":\"\",\"time\":\"T\",\"type\":\"t\"", false,
     true},
    {"\"id\":\"a\",\"properties\":{\"a\":1},\"quantity\":\"1\",\"source\":\"\",\"time\":\"T\",\"type\":"
     "\"t\"",
     false, true},
};

// Nearly all entries are read without a parser: nothing that it would find may pass.
START_TEST(reads_a_plain_event_as_the_parser_does)
{
    static const str time = {"2026-12-01T00:00:00.000000Z", 27};
    struct report report = {.out = fopen("/dev/null", "we"), .about = ""};
    struct exported exported = {.arena = &arena, .report = &report};
    ck_assert_ptr_nonnull(report.out);
    for (size_t i = 0; i < COUNT_OF(plain_events); i++) {
        OWNED(json_release) json_t *root = NULL;
        str before = str_from(plain_events[i].event);
        str after = STR("");
        bool stamped = false;
        for (size_t at = 0; at + 3 <= before.len && !stamped; at++) {
            stamped = str_eq(str_slice(before, at, at + 3), STR("\"T\""));
            if (stamped) {
                after = str_slice(before, at + 2, before.len);
                before = str_slice(before, 0, at + 1);
            }
        }
        struct leaf_reading plain = {.exported = &exported, .arena = &arena};
        plain.bytes = str_printf(
            &arena,
            "{\"actor\":\"key:a\",\"at\":\"%" STR_FMT "\",\"customer\":\"c\",\"event\":{%" STR_FMT
            "%" STR_FMT "%" STR_FMT "},\"kind\":\"usage\",\"v\":1}",
            STR_ARG(time), STR_ARG(before), STR_ARG(str_slice(time, 0, stamped ? time.len : 0)),
            STR_ARG(after));
        struct leaf_reading parsed = plain;
        leaf_read_parsed(&parsed, &root);
        ck_assert_msg(parsed.whole == plain_events[i].right, "%zu", i);
        ck_assert_msg(leaf_read_plain(&plain) == plain_events[i].plain, "%zu", i);
        if (plain_events[i].plain)
            ck_assert(plain.time.us == parsed.time.us && plain.at.us == parsed.at.us &&
                      memcmp(plain.identity.bytes, parsed.identity.bytes, IDENTITY_BYTES) == 0);
    }
    ck_assert_int_eq(fclose(report.out), 0);
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("verify_leaf", reads_a_plain_event_as_the_parser_does,
          takes_an_erasure_that_names_what_it_destroyed, refuses_one_that_does_not)
