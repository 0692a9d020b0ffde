// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "reason.h"

#include <string.h>

START_TEST(takes_printable_text_without_identifiers)
{
    static const struct {
        const char *json;
        const char *code; // NULL when taken
    } cases[] = {
        {"\"an outage of the collector\"", NULL},
        {"\" M\\u00fcnchen \"", NULL},
        {"\"\"", "invalid"},
        {"\"  \"", "invalid"},
        {"\"two\\nlines\"", "invalid"},
        {"\"a\\u0085b\"", "invalid"},
        {"\"for 219-09-9999\"", "phi_detected"},
        {"7", NULL}, // its type is a fault of whoever reads the member
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        OWNED(json_release) json_t *root = NULL;
        struct faults faults = {.arena = &arena};
        ck_assert_ok(json_parse(str_printf(&arena, "[%s]", cases[i].json), &root));
        reason_fault(json_item((struct json_at){root, STR(""), &faults}, 0));
        ck_assert_uint_eq(faults.count, cases[i].code == NULL ? 0 : 1);
        if (cases[i].code != NULL)
            ck_assert_str_eq(faults.items[0].code, cases[i].code);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(counts_characters_not_bytes)
{
    static const struct {
        size_t characters;
        size_t faults;
    } cases[] = {{500, 0}, {501, 1}};
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf text = {.arena = &arena};
        struct faults faults = {.arena = &arena};
        for (size_t k = 0; k < cases[i].characters; k++)
            buf_add(&text, STR("\xC3\xBC"));
        OWNED(json_release) json_t *reason = json_from_str(buf_str(&text));
        reason_fault((struct json_at){reason, STR("/reason"), &faults});
        ck_assert_uint_eq(faults.count, cases[i].faults);
    }
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("reason", takes_printable_text_without_identifiers, counts_characters_not_bytes)
