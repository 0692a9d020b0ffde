// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/json/json.h"
#include "phial/util/file.h"

#include <string.h>

START_TEST(prints_members_in_the_order_given)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *root = NULL;
    ck_assert_ok(
        json_parse(STR("{\"b\": 1, \"a\": [true, null, \"h\xc3\xa9\\n\"], \"c\": {}}"), &root));
    ck_assert_str_eq(str_to_c(&arena, json_print(&arena, root)),
                     "{\"b\":1,\"a\":[true,null,\"h\xc3\xa9\\n\"],\"c\":{}}");
    ck_assert_str_eq(str_to_c(&arena, json_print(&arena, json_null())), "null");
    arena_reset(&arena);
}
END_TEST

START_TEST(quotes_as_rfc_8785_has_it)
{
    static const struct {
        str text;
        const char *quoted;
    } cases[] = {
        {{"", 0}, "\"\""},
        {{"plain /text", 11}, "\"plain /text\""},
        {{"\b\t\n\f\r", 5}, "\"\\b\\t\\n\\f\\r\""},
        {{"\"\\", 2}, "\"\\\"\\\\\""},
        {{"\x01\x0b\x1f\x7f", 4}, "\"\\u0001\\u000b\\u001f\x7f\""},
        {{"a\0b", 3}, "\"a\\u0000b\""},
        {{"\xe2\x82\xac\xe2\x80\xa8", 6}, "\"\xe2\x82\xac\xe2\x80\xa8\""},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf quoted = {.arena = &arena};
        json_quote(&quoted, cases[i].text);
        ck_assert_str_eq(str_to_c(&arena, buf_str(&quoted)), cases[i].quoted);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(makes_documents_canonical)
{
    static const struct {
        const char *text;
        const char *canonical;
    } cases[] = {
        {"null", "null"},
        {"\"x\"", "\"x\""},
        {" [ ] ", "[]"},
        {"{}", "{}"},
        {"{\"b\":1,\"a\":2}", "{\"a\":2,\"b\":1}"},
        {"{\"a\":1,\"B\":2,\"_\":3,\"-\":4,\".\":5,\"1\":6,\"10\":7}",
         "{\"-\":4,\".\":5,\"1\":6,\"10\":7,\"B\":2,\"_\":3,\"a\":1}"},
        {"{\"a\":null,\"b\":[null],\"c\":{\"d\":null}}", "{\"b\":[null],\"c\":{}}"},
        {"[{\"b\":[{\"d\":false,\"c\":true}]},-5]", "[{\"b\":[{\"c\":true,\"d\":false}]},-5]"},
        {"{\"aa\":1,\"a\":2}", "{\"a\":2,\"aa\":1}"},
        {"-0", "0"},
        {"\"\\u20ac\\/\\u000F\"", "\"\xe2\x82\xac/\\u000f\""},
        {"[9223372036854775807,-9223372036854775808]",
         "[9223372036854775807,-9223372036854775808]"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        OWNED(json_release) json_t *root = NULL;
        str text = {0};
        ck_assert_ok(json_parse(str_from(cases[i].text), &root));
        ck_assert_ok(json_canonical(&arena, root, &text));
        ck_assert_str_eq(str_to_c(&arena, text), cases[i].canonical);

        OWNED(json_release) json_t *again = NULL;
        str same = {0};
        ck_assert_ok(json_parse(text, &again));
        ck_assert_ok(json_canonical(&arena, again, &same));
        ck_assert(str_eq(text, same));
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_what_the_subset_does_not_have)
{
    static const char *const cases[] = {
        "1.5",         "[1e3]",
        "{\"a\":1.0}", "{\"\":1}",
        "{\"a b\":1}", "{\"\xc3\xa9\":1}",
        "{\"a/b\":1}", "{\"a\":[{\"b!\":null}]}",
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        OWNED(json_release) json_t *root = NULL;
        str text = STR("as it was");
        ck_assert_ok(json_parse(str_from(cases[i]), &root));
        ck_assert_fails(INVALID, json_canonical(&arena, root, &text));
        ck_assert(str_eq(text, STR("as it was")));
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_to_go_deeper_than_it_reads)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *root = json_array();
    for (int i = 1; i < JSON_DEPTH_MAX; i++) {
        json_t *outer = json_array();
        ck_assert_int_eq(json_array_append_new(outer, root), 0);
        root = outer;
    }
    str text = {0};
    ck_assert_ok(json_canonical(&arena, root, &text));
    json_t *outer = json_array();
    ck_assert_int_eq(json_array_append_new(outer, root), 0);
    root = outer;
    ck_assert_fails(INVALID, json_canonical(&arena, root, &text));
    arena_reset(&arena);
}
END_TEST

enum { VECTOR_MAX = 64 * 1024 };

static str read_vector(struct arena *arena, const char *folder, const char *name)
{
    str bytes = {0};
    str path = str_printf(arena, "%s/vectors/jcs/%s/%s", PHIAL_TEST_DATA, folder, name);
    ck_assert_ok(file_read(arena, path.ptr, VECTOR_MAX, &bytes));
    return bytes;
}

// The vectors of RFC 8785's author. Each holds something that the subset leaves out: a number with
// a fraction, a name of other characters, or, in arrays.json, a null member.
START_TEST(treats_the_published_vectors_as_its_subset_says)
{
    static const struct {
        const char *name;
        const char *canonical; // NULL where the document is refused
    } cases[] = {
        {"arrays.json", "[56,{\"1\":[],\"d\":true}]"}, // without "10":null
        {"french.json", NULL},
        {"structures.json", NULL},
        {"unicode.json", NULL},
        {"values.json", NULL},
        {"weird.json", NULL},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        OWNED(json_release) json_t *root = NULL;
        str text = {0};
        ck_assert_ok(json_parse(read_vector(&arena, "input", cases[i].name), &root));
        if (cases[i].canonical == NULL) {
            ck_assert_fails(INVALID, json_canonical(&arena, root, &text));
            continue;
        }
        ck_assert_ok(json_canonical(&arena, root, &text));
        ck_assert_str_eq(str_to_c(&arena, text), cases[i].canonical);
    }
    arena_reset(&arena);
}
END_TEST

// The members that the subset does have stand in the vectors' output byte for byte.
START_TEST(writes_the_members_of_the_published_vectors)
{
    static const struct {
        const char *name;
        size_t members; // that the subset has
    } cases[] = {{"french.json", 4},
                 {"structures.json", 5},
                 {"unicode.json", 1},
                 {"values.json", 2},
                 {"weird.json", 9}};
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *output = str_to_c(&arena, read_vector(&arena, "output", cases[i].name));
        OWNED(json_release) json_t *root = NULL;
        ck_assert_ok(json_parse(read_vector(&arena, "input", cases[i].name), &root));

        size_t written = 0;
        const char *name = NULL;
        json_t *value = NULL;
        json_object_foreach(root, name, value)
        {
            struct buf member = {.arena = &arena};
            str text = {0};
            if (failed(json_canonical(&arena, value, &text)))
                continue;
            json_quote(&member, str_from(name));
            buf_add_char(&member, ':');
            buf_add(&member, text);
            ck_assert_ptr_nonnull(strstr(output, str_to_c(&arena, buf_str(&member))));
            written++;
        }
        ck_assert_uint_eq(written, cases[i].members);
    }
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("write", prints_members_in_the_order_given, quotes_as_rfc_8785_has_it,
          makes_documents_canonical, refuses_what_the_subset_does_not_have,
          refuses_to_go_deeper_than_it_reads, treats_the_published_vectors_as_its_subset_says,
          writes_the_members_of_the_published_vectors)
