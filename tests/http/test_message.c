// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "message.h"

START_TEST(decodes_strictly)
{
    static const struct {
        str text;
        bool decodes;
        const char *decoded;
    } cases[] = {
        {{"", 0}, true, ""},
        {{"plain", 5}, true, "plain"},
        {{"a%2Fb%2fc", 9}, true, "a/b/c"},
        {{"%C3%A9", 6}, true, "\xc3\xa9"},
        {{"a+b", 3}, true, "a+b"},
        {{"%", 1}, false, NULL},
        {{"%4", 2}, false, NULL},
        {{"%4g", 3}, false, NULL},
        {{"%zz", 3}, false, NULL},
        {{"a%00b", 5}, false, NULL},
        {{"%C3", 3}, false, NULL},           // half a character
        {{"%C0%80", 6}, false, NULL},        // overlong NUL
        {{"%ED%A0%80", 9}, false, NULL},     // a surrogate
        {{"%F4%90%80%80", 12}, false, NULL}, // beyond Unicode
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        str decoded = STR("untouched");
        ck_assert_int_eq(message_decode(&arena, cases[i].text, false, &decoded), cases[i].decodes);
        const char *expected = cases[i].decodes ? cases[i].decoded : "untouched";
        ck_assert_msg(str_eq(decoded, str_from(expected)), "case %zu", i);
    }
    arena_reset(&arena);
}
END_TEST

static result read_target(struct arena *arena, struct http_message *message, const char *target,
                          struct request *request, str *path)
{
    *message = (struct http_message){0};
    *request = (struct request){.arena = arena, .message = message, .target = str_from(target)};
    return message_read_target(request, path);
}

START_TEST(takes_targets_apart)
{
    static const struct {
        const char *target;
        const char *path;
        const char *a; // NULL: not given
    } cases[] = {
        {"/x", "/x", NULL},
        {"/x?", "/x", NULL},
        {"/x?a", "/x", ""},
        {"/x?a=1&b=2", "/x", "1"},
        {"/x?&&b=2&a=%31+%2B", "/x", "1 +"},
        {"/x?a=b=c", "/x", "b=c"},
        {"/x?%61=1", "/x", "1"},
        {"http://host:80/x?a=1", "/x", "1"},
        {"HTTPS://host", "/", NULL},
        {"*", "*", NULL},
    };
    struct arena arena = {0};
    struct http_message message = {0};
    struct request request = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        str path = {0};
        str a = {0};
        ck_assert_ok(read_target(&arena, &message, cases[i].target, &request, &path));
        ck_assert(str_eq(path, str_from(cases[i].path)));
        ck_assert_int_eq(http_parameter(&request, "a", &a), cases[i].a != NULL);
        ck_assert(str_eq(a, str_from(cases[i].a)));
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_targets_that_are_not_clear)
{
    static const struct {
        const char *target;
        enum error_code code;
    } cases[] = {
        {"/x%00", ERR_BAD_REQUEST},
        {"/x%", ERR_BAD_REQUEST},
        {"/%ff", ERR_BAD_REQUEST},
        {"http:///x", ERR_BAD_REQUEST},
        {"ftp://a/x", ERR_BAD_REQUEST},
        {"h", ERR_BAD_REQUEST},
        {"http://a?b", ERR_BAD_REQUEST},
        {"/x?a=1&a=2", ERR_BAD_PARAMETER},
        {"/x?a=1&%61=2", ERR_BAD_PARAMETER},
        {"/x?a=%", ERR_BAD_PARAMETER},
        {"/x?a=%00", ERR_BAD_PARAMETER},
        {"/x?%00=a", ERR_BAD_PARAMETER},
        {"/x?1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16&17&18&19&20&21&22&23&24&25&26&27&28&29&30&31&32"
         "&33",
         ERR_BAD_PARAMETER},
    };
    struct arena arena = {0};
    struct http_message message = {0};
    struct request request = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        str path = {0};
        result read = read_target(&arena, &message, cases[i].target, &request, &path);
        ck_assert_msg(read.code == cases[i].code, "%s", cases[i].target);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(knows_its_parameters)
{
    struct arena arena = {0};
    struct http_message message = {0};
    struct request request = {0};
    str path = {0};
    ck_assert_ok(read_target(&arena, &message, "/x?from=1&to=2", &request, &path));
    ck_assert_ok(http_parameters_known(&request, "to limit from"));
    ck_assert_fails(BAD_PARAMETER, http_parameters_known(&request, "from fromto"));
    ck_assert_fails(BAD_PARAMETER, http_parameters_known(&request, ""));
    arena_reset(&arena);
}
END_TEST

START_TEST(finds_headers_in_any_case)
{
    struct arena arena = {0};
    struct http_message message = {0};
    struct request request = {.arena = &arena, .message = &message};
    message_add_header(&arena, &message, STR("content-TYPE"), STR(" Text/Plain; charset=x\t"));
    ck_assert(str_eq(http_header(&request, "Content-Type"), STR("Text/Plain; charset=x")));
    ck_assert(http_has_header(&request, "content-type"));
    ck_assert(!http_has_header(&request, "content"));
    ck_assert(str_eq(http_header(&request, "Accept"), STR("")));
    ck_assert(str_eq(message_media_type(&arena, http_header(&request, "Content-Type")),
                     STR("text/plain")));
    ck_assert_ok(message_check(&message));

    message_add_header(&arena, &message, STR("Content-Type"), STR("a/b"));
    ck_assert_fails(BAD_HEADER, message_check(&message));
    message.headers.count = 1;
    message_add_header(&arena, &message, STR("Phial-Reason"), STR("\xff"));
    ck_assert_fails(BAD_HEADER, message_check(&message));
    arena_reset(&arena);
}
END_TEST

START_TEST(takes_a_trace_that_is_no_number)
{
#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT "00f067aa0ba902b7"
    static const struct {
        const char *value;
        const char *trace;
    } cases[] = {
        {"00-" TRACE "-" PARENT "-01", TRACE},
        {"cc-" TRACE "-" PARENT "-01-what-comes-later", TRACE},
        {"", ""},
        {"00-" TRACE "-" PARENT, ""},
        {"00-" TRACE "-" PARENT "-01-", ""},
        {"cc-" TRACE "-" PARENT "-01.later", ""},
        {"ff-" TRACE "-" PARENT "-01", ""},
        {"00-" TRACE "-0000000000000000-01", ""},
        {"00-00000000000000000000000000000000-" PARENT "-01", ""},
        {"00-4BF92F3577B34DA6A3CE929D0E0E4736-" PARENT "-01", ""},
        {"00-4bf92f3577b34da6a3ce929d0e0e473g-" PARENT "-01", ""},
        {"00_" TRACE "-" PARENT "-01", ""},
        {"00-00000000000000000000078051120abc-" PARENT "-01", ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        ck_assert_msg(str_eq(message_trace_id(str_from(cases[i].value)), str_from(cases[i].trace)),
                      "case %zu", i);
}
END_TEST

TEST_MAIN("http/message", takes_a_trace_that_is_no_number, decodes_strictly, takes_targets_apart,
          refuses_targets_that_are_not_clear, knows_its_parameters, finds_headers_in_any_case)
