// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "leaf.h"

static const struct leaf_frame frame = {
    {"\"key:7f2a\"", 10}, {"\"2026-11-03T14:05:01.123456Z\"", 29}, {"\"clinic-042\"", 12}};

#define ck_assert_text(text, expected) ck_assert_str_eq(str_to_c(&arena, (text)), (expected))

START_TEST(composes_members_in_byte_order)
{
    struct arena arena = {0};
    str leaf = {0};
    struct append usage = {
        .kind = ENTRY_usage, .members = {{"event", {"{\"id\":\"a\"}", 10}}}, .member_count = 1};
    ck_assert_ok(leaf_compose(&arena, &frame, &usage, &leaf));
    ck_assert_text(leaf, "{\"actor\":\"key:7f2a\",\"at\":\"2026-11-03T14:05:01.123456Z\","
                         "\"customer\":\"clinic-042\",\"event\":{\"id\":\"a\"},"
                         "\"kind\":\"usage\",\"v\":1}");

    struct append amend = {
        .kind = ENTRY_amend,
        .members = {{"set", {"{}", 2}}, {"reason", {"\"r\"", 3}}, {"ref", {"{}", 2}}},
        .member_count = 3};
    ck_assert_ok(leaf_compose(&arena, &frame, &amend, &leaf));
    ck_assert_text(leaf, "{\"actor\":\"key:7f2a\",\"at\":\"2026-11-03T14:05:01.123456Z\","
                         "\"customer\":\"clinic-042\",\"kind\":\"amend\",\"reason\":\"r\","
                         "\"ref\":{},\"set\":{},\"v\":1}");
    arena_reset(&arena);
}
END_TEST

START_TEST(finds_members_without_parsing_the_rest)
{
    static const struct {
        const char *leaf;
        const char *name;
        const char *value;
    } cases[] = {
        {"{\"a\":1}", "a", "1"},
        {"{\"a\":1}", "b", ""},
        {"{}", "a", ""},
        {"{\"a\":\"},\\\"b\\\":2\",\"b\":[{\"c\":\"]\"},3]}", "b", "[{\"c\":\"]\"},3]"},
        {"{\"a\":\"},\\\"b\\\":2\",\"b\":[{\"c\":\"]\"},3]}", "c", ""},
        {"{\"a\":\"x\\\\\",\"b\":true}", "b", "true"},
        {"{\"event\":{\"kind\":\"no\"},\"kind\":\"usage\"}", "kind", "\"usage\""},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        ck_assert_text(leaf_member(str_from(cases[i].leaf), cases[i].name), cases[i].value);
    arena_reset(&arena);
}
END_TEST

START_TEST(an_identity_is_the_uuid_or_a_hash)
{
    static const unsigned char uuid[IDENTITY_BYTES] = {0x01, 0x8f, 0x3c, 0x1e, 0x7f, 0x2a,
                                                       0x7c, 0x3b, 0x9a, 0x55, 0x2f, 0x0d,
                                                       0x6c, 0x1b, 0x7e, 0x11};
    str id = STR("018f3c1e-7f2a-7c3b-9a55-2f0d6c1b7e11");
    identity found = identity_of(STR(""), id);
    ck_assert_mem_eq(found.bytes, uuid, IDENTITY_BYTES);

    static const struct {
        const char *source;
        const char *id;
    } others[] = {
        {"", "018F3C1E-7F2A-7C3B-9A55-2F0D6C1B7E11"},
        {"s", "018f3c1e-7f2a-7c3b-9a55-2f0d6c1b7e11"},
        {"", "018f3c1e-7f2a-7c3b-9a55-2f0d6c1b7e1g"},
        {"", "018f3c1e07f2a07c3b09a5502f0d6c1b7e11"},
        {"", "018f3c1e7f2a7c3b9a552f0d6c1b7e11"},
        {"a", "bc"},
        {"ab", "c"},
        {"", "abc"},
    };
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        identity one = identity_of(str_from(others[i].source), str_from(others[i].id));
        ck_assert_mem_ne(one.bytes, uuid, IDENTITY_BYTES);
        for (size_t k = 0; k < i; k++) {
            identity two = identity_of(str_from(others[k].source), str_from(others[k].id));
            ck_assert_mem_ne(one.bytes, two.bytes, IDENTITY_BYTES);
        }
    }
}
END_TEST

START_TEST(refuses_a_leaf_beyond_the_limit)
{
    struct arena arena = {0};
    str leaf = STR("untouched");
    char *bytes = arena_array(&arena, char, LEAF_BYTES_MAX);
    struct append usage = {
        .kind = ENTRY_usage, .members = {{"event", {bytes, LEAF_BYTES_MAX}}}, .member_count = 1};
    ck_assert_fails(INVALID, leaf_compose(&arena, &frame, &usage, &leaf));
    ck_assert_text(leaf, "untouched");
    arena_reset(&arena);
}
END_TEST

START_TEST(tells_a_content_by_the_end_of_its_leaf)
{
    struct arena arena = {0};
    str event = STR("{\"id\":\"a\",\"properties\":{\"event\":\"x\"},\"quantity\":\"1\"}");
    struct append usage = {.kind = ENTRY_usage, .members = {{"event", event}}, .member_count = 1};
    str head = leaf_head(&arena, &frame);
    size_t len = leaf_plain_len(head, &usage);
    char *text = arena_array(&arena, char, len);
    ck_assert(leaf_is_plain(&usage));
    leaf_plain_write(text, head, &usage);
    str leaf = {text, len};
    str composed = {0};
    ck_assert_ok(leaf_compose(&arena, &frame, &usage, &composed));
    ck_assert(str_eq(leaf, composed)); // the short way makes the same bytes
    ck_assert(leaf_ends_with(leaf, event));
    ck_assert(str_eq(leaf_member(leaf, "event"), event));
    ck_assert(!leaf_ends_with(leaf, STR("{\"id\":\"b\"}")));
    ck_assert(!leaf_ends_with(leaf, STR("\"x\"},\"quantity\":\"1\"}")));
    ck_assert(!leaf_ends_with(STR("{}"), event));
    usage.kind = ENTRY_void;
    ck_assert(!leaf_is_plain(&usage));
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("ledger leaf", tells_a_content_by_the_end_of_its_leaf, composes_members_in_byte_order,
          finds_members_without_parsing_the_rest, an_identity_is_the_uuid_or_a_hash,
          refuses_a_leaf_beyond_the_limit)
