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

TEST_MAIN("verify_leaf", takes_an_erasure_that_names_what_it_destroyed, refuses_one_that_does_not)
