// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/util/buf.h"
#include "reader.h"

#include <string.h>

// Whether the text is one JSON value and nothing else.
static bool reads(struct arena *arena, str text, struct raw_value *value, bool *duplicate)
{
    struct reader reader = {.arena = arena, .at = text.ptr, .end = text.ptr + text.len};
    if (!reader_value(&reader, 0, value))
        return false;
    reader_blank(&reader);
    *duplicate = reader.duplicate;
    return reader.at == reader.end && !reader.unfit;
}

static bool is_json(const char *text)
{
    struct arena arena = {0};
    struct raw_value value;
    bool duplicate = false;
    bool right = reads(&arena, str_from(text), &value, &duplicate);
    arena_reset(&arena);
    return right;
}

START_TEST(takes_what_rfc_8259_takes)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "12",
        "-1.5",
        "1e5",
        "1E+05",
        "0.10e-3",
        "true",
        "false",
        "null",
        "\"\"",
        "\"a\"",
        "\"\\u0041\\n\\/\\\\\\\"\"",
        "\"\\ud83d\\ude00\"",
        "\"\xC3\xA9\"",
        "\"\xE2\x82\xAC\"",
        "\"\xF0\x9F\x98\x80\"",
        "\"\xEF\xBF\xBF\"",
        "\"\x7F\"",
        "\"long enough to be taken eight at a time, and then \xC3\xA9 some\"",
        "[]",
        "{}",
        "[1]",
        " [ 1 , 2 ] ",
        "{\"a\":1}",
        "\t{ \"a\" : [ { } , [ ] ] , \"b\" : null }\r\n",
        "[[],{},\"\",{\"a\":{\"b\":[1,2,{\"c\":[]}]}}]",
        "\"\\u0000\"",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        ck_assert_msg(is_json(texts[i]), "refused: %s", texts[i]);
}
END_TEST

static const char *const not_json[] = {
    "",
    " ",
    "01",
    "-",
    "+1",
    "1.",
    ".5",
    "1e",
    "1e+",
    "0x10",
    "1_0",
    "NaN",
    "Infinity",
    "True",
    "tru",
    "nul",
    "truex",
    "'a'",
    "\"",
    "\"a",
    "\"\\\"",
    "\"\\x41\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\t\"",
    "\"\n\"",
    "\"a long line of text \x01 and more of it\"",
    // lone or reversed surrogates
    "\"\\ud800\"",
    "\"\\udc00\"",
    "\"\\ud800\\u0041\"",
    "\"\\ud800x\"",
    "\"\\ude00\\ud83d\"",
    "\"\\ud800\\ud800\"",
    // bytes that are not UTF-8: tails, overlong forms, surrogates, beyond U+10FFFF, cut short
    "\"\x80\"",
    "\"\xC0\xAF\"",
    "\"\xC1\x81\"",
    "\"\xE0\x80\x80\"",
    "\"\xE0\x9F\xBF\"",
    "\"\xED\xA0\x80\"",
    "\"\xF0\x80\x80\x80\"",
    "\"\xF4\x90\x80\x80\"",
    "\"\xF5\x80\x80\x80\"",
    "\"\xFF\"",
    "\"\xC3\"",
    "\"\xE2\x82\"",
    "\"\xF0\x9F\x98\"",
    "\"\xC3\x28\"",
    "\xEF\xBB\xBF{}",
    "\xC2\xA0{}",
    "[",
    "]",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1}",
    "{",
    "}",
    "{\"a\"",
    "{\"a\":",
    "{\"a\":1",
    "{\"a\":1,",
    "{\"a\":1,}",
    "{,}",
    "{a:1}",
    "{1:1}",
    "{\"a\" 1}",
    "{\"a\":}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1]",
    "{\"a\":1}}",
    "{}{}",
    "1 2",
    "[1]]",
    "/*c*/1",
    "1//",
};

START_TEST(refuses_everything_else)
{
    for (size_t i = 0; i < COUNT_OF(not_json); i++)
        ck_assert_msg(!is_json(not_json[i]), "taken: %s", not_json[i]);
    char nul[] = "{\"a\":\"x\"}";
    nul[6] = '\0';
    struct arena arena = {0};
    struct raw_value value;
    bool duplicate = false;
    ck_assert(!reads(&arena, (str){nul, sizeof nul - 1}, &value, &duplicate));
    ck_assert(!reads(&arena, (str){"1\0", 2}, &value, &duplicate));
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_what_ends_too_early)
{
    static const char whole[] =
        "{\"a\":[1,-2.5e3,\"\\u00e9\\ud83d\\ude00 x\",{\"b\":true}],\"c\":null}";
    ck_assert(is_json(whole));
    struct arena arena = {0};
    for (size_t len = 1; len + 1 < sizeof whole; len++) {
        char *cut = malloc(len); // so that a sanitizer sees a look behind the end
        ck_assert_ptr_nonnull(cut);
        memcpy(cut, whole, len);
        struct raw_value value;
        bool duplicate = false;
        ck_assert(!reads(&arena, (str){cut, len}, &value, &duplicate));
        free(cut);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(yields_texts_and_lexemes)
{
    static const struct {
        const char *text;
        enum json_kind kind;
        const char *value;
    } cases[] = {
        {"\"plain\"", JSON_KIND_STRING, "plain"},
        {"\"\"", JSON_KIND_STRING, ""},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", JSON_KIND_STRING, "\"\\/\b\f\n\r\t"},
        {"\"\\u0041\\u00e9\\u20AC\\uD83D\\uDE00\"", JSON_KIND_STRING,
         "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"},
        {"\"\xC3\xA9\\n\"", JSON_KIND_STRING, "\xC3\xA9\n"},
        {"-12.50E+3 ", JSON_KIND_NUMBER, "-12.50E+3"},
        {"true", JSON_KIND_TRUE, ""},
        {"false", JSON_KIND_FALSE, ""},
        {"null", JSON_KIND_NULL, ""},
        {"[1]", JSON_KIND_ARRAY, ""},
        {"{\"a\":\"b\"}", JSON_KIND_OBJECT, ""},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct raw_value value = {0};
        bool duplicate = false;
        ck_assert(reads(&arena, str_from(cases[i].text), &value, &duplicate));
        ck_assert_int_eq(value.kind, cases[i].kind);
        ck_assert_str_eq(str_to_c(&arena, value.text), cases[i].value);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(notes_a_name_that_comes_twice)
{
    static const struct {
        const char *text;
        bool duplicate;
    } cases[] = {
        {"{\"a\":1,\"b\":2}", false},
        {"{\"a\":1,\"a\":1}", true},
        {"{\"a\":{\"a\":{\"a\":1}}}", false},
        {"[{\"a\":1},{\"a\":1}]", false},
        {"[{\"x\":[{\"a\":1,\"b\":2,\"a\":3}]}]", true},
        {"{\"a\":1,\"\\u0061\":1}", true},
        {"{\"\":1,\"\":1}", true},
        {"{\"a\":{\"b\":1},\"b\":1}", false},
        {"{\"1\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1,\"6\":1,\"7\":1,\"8\":1,\"9\":1,\"10\":1,"
         "\"11\":1,\"12\":1,\"13\":1,\"14\":1,\"15\":1,\"16\":1,\"17\":1,\"18\":1}",
         false},
        {"{\"1\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1,\"6\":1,\"7\":1,\"8\":1,\"9\":1,\"10\":1,"
         "\"11\":1,\"12\":1,\"13\":1,\"14\":1,\"15\":1,\"16\":1,\"17\":1,\"3\":1}",
         true},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct raw_value value;
        bool duplicate = false;
        ck_assert(reads(&arena, str_from(cases[i].text), &value, &duplicate));
        ck_assert_msg(duplicate == cases[i].duplicate, "%s", cases[i].text);
    }
    arena_reset(&arena);
}
END_TEST

static bool nested_reads(size_t levels, char open, char close)
{
    struct arena arena = {0};
    struct buf text = {.arena = &arena};
    for (size_t i = 0; i < levels; i++) {
        buf_add_char(&text, open);
        if (open == '{' && i + 1 < levels)
            buf_add(&text, STR("\"a\":"));
    }
    for (size_t i = 0; i < levels; i++)
        buf_add_char(&text, close);
    struct raw_value value;
    bool duplicate = false;
    bool right = reads(&arena, buf_str(&text), &value, &duplicate);
    arena_reset(&arena);
    return right;
}

START_TEST(nests_64_deep_and_no_deeper)
{
    ck_assert(nested_reads(16, '[', ']'));
    ck_assert(nested_reads(64, '[', ']'));
    ck_assert(nested_reads(64, '{', '}'));
    ck_assert(!nested_reads(65, '[', ']'));
    ck_assert(!nested_reads(65, '{', '}'));
    ck_assert(!nested_reads(100000, '[', ']'));
}
END_TEST

TEST_MAIN("ingest reader", takes_what_rfc_8259_takes, refuses_everything_else,
          refuses_what_ends_too_early, yields_texts_and_lexemes, notes_a_name_that_comes_twice,
          nests_64_deep_and_no_deeper)
