// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/json/json.h"

#include <string.h>

START_TEST(reads_documents)
{
    static const char *const cases[] = {
        "{}",
        " [1, 2] \n",
        "null",
        "\"text\"",
        "9223372036854775807",
        "-9223372036854775808",
        "1.5",
        "{\"a\":{\"a\":1}}",
        "\"\\ud83d\\ude02\"",
        "[\"]]]]\", \"\\\"[\"]",
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        OWNED(json_release) json_t *root = NULL;
        ck_assert_ok(json_parse(str_from(cases[i]), &root));
        ck_assert_ptr_nonnull(root);
    }
}
END_TEST

START_TEST(refuses_what_is_no_document)
{
    static const char *const cases[] = {
        "",
        " ",
        "{",
        "{}{}",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "nul",
        "NaN",
        "Infinity",
        "+1",
        "01",
        "1.",
        ".5",
        "// comment\n1",
        "\xef\xbb\xbf{}",
        "{\"a\":1,\"a\":2}",
        "[{\"a\":{\"b\":1,\"b\":1}}]",
        "{\"a\":1,\"\\u0061\":2}",
        "\"\\ud83d\"",
        "\"\\ude02\\ud83d\"",
        "\"\\ude02\"",
        "\"\\u0000\"",
        "{\"\\u0000\":1}",
        "\"\x01\"",
        "\"\n\"",
        "\"\\x41\"",
        "\"\xff\"",
        "\"\xc0\xaf\"",
        "\"\xed\xa0\x80\"",
        "\"\xf4\x90\x80\x80\"",
        "\"\xe2\x82\"",
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        json_t *root = NULL;
        ck_assert_fails(INVALID_JSON, json_parse(str_from(cases[i]), &root));
        ck_assert_ptr_null(root);
    }
    json_t *root = NULL;
    static const char *const large[] = {"9223372036854775808", "[-9223372036854775809]", "1e999"};
    for (size_t i = 0; i < COUNT_OF(large); i++)
        ck_assert_fails(INVALID, json_parse(str_from(large[i]), &root));
    ck_assert_fails(INVALID_JSON, json_parse(((str){NULL, 0}), &root));
    ck_assert_fails(INVALID_JSON, json_parse(((str){"1\0", 2}), &root));
    ck_assert_fails(INVALID_JSON, json_parse(((str){"\"a\0b\"", 5}), &root));
    ck_assert_ptr_null(root);
}
END_TEST

// So many arrays in each other.
static str nested(struct arena *arena, size_t depth)
{
    char *text = arena_array(arena, char, 2 * depth);
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    return (str){text, 2 * depth};
}

START_TEST(goes_no_deeper_than_its_limit)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *root = NULL;
    ck_assert_fails(INVALID_JSON, json_parse(nested(&arena, JSON_DEPTH_MAX + 1), &root));
    ck_assert_fails(INVALID_JSON, json_parse(nested(&arena, 1000000), &root));
    ck_assert_ptr_null(root);
    ck_assert_ok(json_parse(nested(&arena, JSON_DEPTH_MAX), &root));
    arena_reset(&arena);
}
END_TEST

struct everything {
    const json_t *any;
    const json_t *array;
    bool flag;
    decimal amount;
    int64_t count;
    instant at;
    const json_t *object;
    str text;
    str note;
    bool note_seen;
};

static bool read_everything(struct json_at at, struct everything *into)
{
    return json_read(at,
                     FIELDS(json_any("any", &into->any), json_items("array", &into->array),
                            json_flag("flag", &into->flag), json_decimal("amount", &into->amount),
                            json_i64("count", &into->count), json_instant("at", &into->at),
                            json_members("object", &into->object), json_text("text", &into->text),
                            json_optional_seen(json_text("note", &into->note), &into->note_seen)));
}

START_TEST(reads_every_kind_of_field)
{
    struct arena arena = {0};
    struct faults faults = {.arena = &arena};
    OWNED(json_release) json_t *root = NULL;
    struct everything read = {.note = STR("as it was")};
    ck_assert_ok(json_parse(STR("{\"any\":1.5,\"array\":[1],\"flag\":true,\"amount\":\"12.50\","
                                "\"count\":-3,\"at\":\"1970-01-01T00:00:01Z\",\"object\":{},"
                                "\"text\":\"h\xc3\xa9\",\"note\":null}"),
                            &root));
    ck_assert(read_everything((struct json_at){root, STR(""), &faults}, &read));
    ck_assert_uint_eq(faults.count, 0);
    ck_assert(json_is_real(read.any));
    ck_assert_uint_eq(json_array_size(read.array), 1);
    ck_assert(read.flag);
    ck_assert_str_eq(str_to_c(&arena, decimal_print(&arena, read.amount)), "12.5");
    ck_assert_int_eq(read.count, -3);
    ck_assert_int_eq(read.at.us, 1000000);
    ck_assert(json_is_object(read.object));
    ck_assert(str_eq(read.text, STR("h\xc3\xa9")));
    ck_assert(str_eq(read.note, STR("as it was")));
    ck_assert(!read.note_seen);
    arena_reset(&arena);
}
END_TEST

START_TEST(names_each_fault_with_its_place)
{
    static const struct {
        const char *text;
        const char *pointer;
        const char *code;
    } cases[] = {
        {"[]", "/at~1x", "invalid"},
        {"{\"count\":1}", "/at~1x/amount", "missing_member"},
        {"{\"amount\":null,\"count\":1}", "/at~1x/amount", "missing_member"},
        {"{\"amount\":1.5,\"count\":1}", "/at~1x/amount", "decimal_expected"},
        {"{\"amount\":1e2,\"count\":1}", "/at~1x/amount", "decimal_expected"},
        {"{\"amount\":\"1e2\",\"count\":1}", "/at~1x/amount", "decimal_expected"},
        {"{\"amount\":true,\"count\":1}", "/at~1x/amount", "decimal_expected"},
        {"{\"amount\":1000000000000000000,\"count\":1}", "/at~1x/amount", "decimal_expected"},
        {"{\"amount\":1,\"count\":\"1\"}", "/at~1x/count", "invalid"},
        {"{\"amount\":1,\"count\":1.0}", "/at~1x/count", "invalid"},
        {"{\"amount\":1,\"count\":1,\"time\":\"now\"}", "/at~1x/time", "invalid_time"},
        {"{\"amount\":1,\"count\":1,\"time\":5}", "/at~1x/time", "invalid_time"},
        {"{\"amount\":1,\"count\":1,\"flag\":0}", "/at~1x/flag", "invalid"},
        {"{\"amount\":1,\"count\":1,\"text\":1}", "/at~1x/text", "invalid"},
        {"{\"amount\":1,\"count\":1,\"array\":{}}", "/at~1x/array", "invalid"},
        {"{\"amount\":1,\"count\":1,\"object\":[]}", "/at~1x/object", "invalid"},
        {"{\"amount\":1,\"count\":1,\"Jane Doe\":2}", "/at~1x", "unknown_member"},
        {"{\"amount\":1,\"count\":1,\"Jane Doe\":null}", "/at~1x", "unknown_member"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct faults faults = {.arena = &arena};
        OWNED(json_release) json_t *root = NULL;
        struct everything read = {.count = 7};
        ck_assert_ok(json_parse(str_from(cases[i].text), &root));
        struct json_at at = {root, STR("/at~1x"), &faults};
        ck_assert(!json_read(at, FIELDS(json_decimal("amount", &read.amount),
                                        json_i64("count", &read.count),
                                        json_optional(json_instant("time", &read.at)),
                                        json_optional(json_flag("flag", &read.flag)),
                                        json_optional(json_text("text", &read.text)),
                                        json_optional(json_items("array", &read.array)),
                                        json_optional(json_members("object", &read.object)))));
        ck_assert_uint_eq(faults.count, 1);
        ck_assert_str_eq(str_to_c(&arena, faults.items[0].pointer), cases[i].pointer);
        ck_assert_str_eq(faults.items[0].code, cases[i].code);
        ck_assert_fails(INVALID, faults_result(&faults));
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(gathers_all_faults)
{
    struct arena arena = {0};
    struct faults faults = {.arena = &arena};
    OWNED(json_release) json_t *root = NULL;
    struct everything read = {0};
    ck_assert_ok(json_parse(STR("{\"x\":1,\"note\":5}"), &root));
    ck_assert(!read_everything((struct json_at){root, STR(""), &faults}, &read));
    ck_assert_uint_eq(faults.count, 8 + 1 + 1); // missing, of the wrong type, unknown
    ck_assert(!read.note_seen);                 // what cannot be read is as if it were not there

    struct faults none = {.arena = &arena};
    ck_assert(!read_everything((struct json_at){NULL, STR(""), &none}, &read));
    ck_assert_uint_eq(none.count, 1);
    arena_reset(&arena);
}
END_TEST

START_TEST(reads_decimals_of_both_spellings)
{
    static const struct {
        const char *text;
        const char *printed;
    } cases[] = {
        {"{\"amount\":\"-0.10\"}", "-0.1"},
        {"{\"amount\":7}", "7"},
        {"{\"amount\":-999999999999999999}", "-999999999999999999"},
        {"{\"amount\":999999999999999999}", "999999999999999999"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct faults faults = {.arena = &arena};
        OWNED(json_release) json_t *root = NULL;
        decimal amount = {0};
        ck_assert_ok(json_parse(str_from(cases[i].text), &root));
        ck_assert(json_read((struct json_at){root, STR(""), &faults},
                            FIELDS(json_decimal("amount", &amount))));
        ck_assert_str_eq(str_to_c(&arena, decimal_print(&arena, amount)), cases[i].printed);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(finds_members_and_items)
{
    struct arena arena = {0};
    struct faults faults = {.arena = &arena};
    OWNED(json_release) json_t *root = NULL;
    ck_assert_ok(json_parse(STR("{\"a/b\":[10,20]}"), &root));
    struct json_at at = {root, STR(""), &faults};
    struct json_at item = json_item(json_member(at, "a/b"), 1);
    ck_assert_int_eq(json_integer_value(item.value), 20);
    ck_assert_str_eq(str_to_c(&arena, item.pointer), "/a~1b/1");
    ck_assert_ptr_null(json_item(json_member(at, "a/b"), 2).value);
    ck_assert_ptr_null(json_member(json_member(at, "none"), "none").value);

    ck_assert(!json_wrong(item, "invalid", "This is wrong."));
    ck_assert_uint_eq(faults.count, 1);
    ck_assert_str_eq(str_to_c(&arena, faults.items[0].pointer), "/a~1b/1");
    arena_reset(&arena);
}
END_TEST

START_TEST(turns_text_into_strings_and_back)
{
    OWNED(json_release) json_t *text = json_from_str(STR("h\xc3\xa9"));
    OWNED(json_release) json_t *nothing = json_from_str((str){0});
    ck_assert(str_eq(json_str(text), STR("h\xc3\xa9")));
    ck_assert(json_is_string(nothing));
    ck_assert(str_eq(json_str(nothing), STR("")));
    ck_assert_ptr_null(json_from_str(STR("\xff")));
    ck_assert(str_eq(json_str(json_true()), STR("")));
    ck_assert(str_eq(json_str(NULL), STR("")));
}
END_TEST

TEST_MAIN("json", reads_documents, refuses_what_is_no_document, goes_no_deeper_than_its_limit,
          reads_every_kind_of_field, names_each_fault_with_its_place, gathers_all_faults,
          reads_decimals_of_both_spellings, finds_members_and_items,
          turns_text_into_strings_and_back)
