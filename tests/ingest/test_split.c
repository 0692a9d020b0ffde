// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/util/buf.h"
#include "split.h"

#define EVENT "{\"id\":\"a\",\"customer\":\"c\",\"type\":\"t\",\"time\":\"x\"}"
#define CLOUDEVENT                                                                             \
    "{\"specversion\":\"1.0\",\"id\":\"a\",\"source\":\"s\",\"type\":\"t\",\"subject\":\"c\"," \
    "\"time\":\"x\"}"

START_TEST(knows_the_four_media_types)
{
    static const struct {
        const char *type;
        bool known;
        enum event_format format;
    } cases[] = {
        {"application/json", true, FORMAT_JSON},
        {"Application/JSON; charset=utf-8", true, FORMAT_JSON},
        {"application/x-ndjson", true, FORMAT_NDJSON},
        {"application/cloudevents+json;charset=UTF-8", true, FORMAT_CLOUDEVENT},
        {"application/cloudevents-batch+json", true, FORMAT_CLOUDEVENT_BATCH},
        {"application/jsonx", false, FORMAT_JSON},
        {"text/json", false, FORMAT_JSON},
        {"", false, FORMAT_JSON},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        enum event_format format = FORMAT_JSON;
        ck_assert_int_eq(event_format_parse(str_from(cases[i].type), &format), cases[i].known);
        ck_assert_int_eq(format, cases[i].format);
    }
}
END_TEST

START_TEST(cuts_bodies_into_events)
{
    static const struct {
        enum event_format format;
        enum error_code code;
        const char *body;
        size_t count;
        bool is_single;
    } cases[] = {
        {FORMAT_JSON, ERR_NONE, EVENT, 1, true},
        {FORMAT_JSON, ERR_NONE, " \n" EVENT "\t", 1, true},
        {FORMAT_JSON, ERR_NONE, "[" EVENT "]", 1, false},
        {FORMAT_JSON, ERR_NONE, "[" EVENT "," EVENT " , " EVENT "]", 3, false},
        {FORMAT_JSON, ERR_NONE, "[1,\"x\"," EVENT "]", 3, false},
        {FORMAT_JSON, ERR_NO_EVENTS, "[]", 0, false},
        {FORMAT_JSON, ERR_NO_EVENTS, " [ ] ", 0, false},
        {FORMAT_JSON, ERR_INVALID_JSON, "", 0, false},
        {FORMAT_JSON, ERR_INVALID_JSON, "1", 0, false},
        {FORMAT_JSON, ERR_INVALID_JSON, "\"x\"", 0, false},
        {FORMAT_JSON, ERR_INVALID_JSON, "null", 0, false},
        {FORMAT_JSON, ERR_INVALID_JSON, EVENT EVENT, 0, false},
        {FORMAT_JSON, ERR_INVALID_JSON, EVENT "x", 0, false},
        {FORMAT_JSON, ERR_INVALID_JSON, "[" EVENT ",]", 0, false},
        {FORMAT_JSON, ERR_INVALID_JSON, "[" EVENT EVENT "]", 0, false},
        {FORMAT_JSON, ERR_INVALID_JSON, "[" EVENT, 0, false},
        {FORMAT_JSON, ERR_INVALID_JSON, "[" EVENT ",{\"id\":}]", 0, false},
        {FORMAT_JSON, ERR_INVALID_JSON, "[" EVENT "]]", 0, false},
        {FORMAT_JSON, ERR_INVALID_JSON, "{\"id\":\xFF}", 0, false},
        {FORMAT_CLOUDEVENT, ERR_NONE, CLOUDEVENT, 1, true},
        {FORMAT_CLOUDEVENT, ERR_INVALID_JSON, "[" CLOUDEVENT "]", 0, false},
        {FORMAT_CLOUDEVENT_BATCH, ERR_NONE, "[" CLOUDEVENT "," CLOUDEVENT "]", 2, false},
        {FORMAT_CLOUDEVENT_BATCH, ERR_INVALID_JSON, CLOUDEVENT, 0, false},
        {FORMAT_CLOUDEVENT_BATCH, ERR_NO_EVENTS, "[]", 0, false},
        {FORMAT_NDJSON, ERR_NONE, EVENT, 1, false},
        {FORMAT_NDJSON, ERR_NONE, EVENT "\n" EVENT "\r\n\n \t\r\n" EVENT "\n", 3, false},
        {FORMAT_NDJSON, ERR_NONE, "{\n" EVENT "\n" EVENT "x\n[" EVENT "]", 4, false},
        {FORMAT_NDJSON, ERR_NO_EVENTS, "", 0, false},
        {FORMAT_NDJSON, ERR_NO_EVENTS, "\n\n \n", 0, false},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct raw_events events = {0};
        result split = split_body(&arena, cases[i].format, str_from(cases[i].body), &events);
        ck_assert_msg(split.code == cases[i].code, "%s: %s", cases[i].body,
                      error_info(split.code)->slug);
        ck_assert_uint_eq(events.count, cases[i].count);
        ck_assert_int_eq(events.is_single, cases[i].is_single);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(a_broken_line_spoils_no_other)
{
    static const char *const codes[] = {"invalid_json", "", "invalid_json", "invalid_json", ""};
    struct arena arena = {0};
    struct raw_events events = {0};
    str body = STR("{\"id\":\n" EVENT "\n" EVENT "}\n7\n" EVENT);
    ck_assert_ok(split_body(&arena, FORMAT_NDJSON, body, &events));
    ck_assert_uint_eq(events.count, COUNT_OF(codes));
    for (size_t i = 0; i < events.count; i++)
        ck_assert_str_eq(str_from(events.items[i].verdict.code).ptr, codes[i]);
    arena_reset(&arena);
}
END_TEST

START_TEST(takes_ten_thousand_events_and_no_more)
{
    static const struct {
        enum event_format format;
        const char *begin, *between, *end;
    } formats[] = {{FORMAT_JSON, "[", ",", "]"}, {FORMAT_NDJSON, "", "\n", ""}};
    struct arena arena = {0};
    for (size_t f = 0; f < COUNT_OF(formats); f++) {
        for (size_t count = EVENTS_MAX; count <= EVENTS_MAX + 1; count++) {
            struct buf body = {.arena = &arena};
            buf_add(&body, str_from(formats[f].begin));
            for (size_t i = 0; i < count; i++) {
                if (i != 0)
                    buf_add(&body, str_from(formats[f].between));
                buf_add(&body, STR(EVENT));
            }
            buf_add(&body, str_from(formats[f].end));
            struct raw_events events = {0};
            result split = split_body(&arena, formats[f].format, buf_str(&body), &events);
            ck_assert_int_eq(split.code, count == EVENTS_MAX ? ERR_NONE : ERR_TOO_MANY_EVENTS);
        }
    }
    arena_reset(&arena);
}
END_TEST

// The rest of an event, where only one member matters.
#define REST "\"customer\":\"c\",\"type\":\"t\",\"time\":\"x\""

START_TEST(judges_the_structure_of_an_event)
{
    static const struct {
        enum event_format format;
        const char *body;
        const char *code; // "" for none
        const char *pointer;
    } cases[] = {
        {FORMAT_JSON, EVENT, "", ""},
        {FORMAT_JSON, "{}", "missing_member", "/id"},
        {FORMAT_JSON, "{" REST "}", "missing_member", "/id"},
        {FORMAT_JSON, "{\"id\":\"a\",\"type\":\"t\",\"time\":\"x\"}", "missing_member",
         "/customer"},
        {FORMAT_JSON, "{\"id\":\"a\",\"customer\":\"c\",\"time\":\"x\"}", "missing_member",
         "/type"},
        {FORMAT_JSON, "{\"id\":\"a\",\"customer\":\"c\",\"type\":\"t\"}", "missing_member",
         "/time"},
        {FORMAT_JSON, "{\"id\":\"a\"," REST ",\"data\":{}}", "unknown_member", ""},
        {FORMAT_JSON, "{\"id\":\"a\"," REST ",\"Id\":1}", "unknown_member", ""},
        {FORMAT_JSON, "{\"id\":\"a\"," REST ",\"id\":\"a\"}", "duplicate_member", "/id"},
        {FORMAT_JSON, "{\"id\":\"a\"," REST ",\"x\":1,\"x\":1}", "duplicate_member", ""},
        {FORMAT_JSON, "{\"id\":\"a\"," REST ",\"properties\":{\"p\":1,\"p\":1}}",
         "duplicate_member", "/properties"},
        {FORMAT_JSON, "{\"id\":\"a\"," REST ",\"properties\":{\"p\":{\"q\":[{\"r\":1,\"r\":2}]}}}",
         "duplicate_member", "/properties"},
        {FORMAT_JSON, "{\"id\":{\"a\":1,\"a\":1}," REST "}", "duplicate_member", "/id"},
        {FORMAT_CLOUDEVENT, CLOUDEVENT, "", ""},
        {FORMAT_CLOUDEVENT, "{\"id\":\"a\"}", "missing_member", "/specversion"},
        {FORMAT_CLOUDEVENT, "{\"specversion\":\"1.0\",\"id\":\"a\",\"type\":\"t\",\"time\":\"x\"}",
         "missing_member", "/subject"},
        {FORMAT_CLOUDEVENT,
         "{\"specversion\":\"0.3\",\"id\":\"a\",\"type\":\"t\",\"time\":\"x\",\"subject\":\"c\"}",
         "property_invalid", "/specversion"},
        {FORMAT_CLOUDEVENT,
         "{\"specversion\":\"1.0\",\"id\":\"a\",\"type\":\"t\",\"time\":\"x\",\"subject\":\"c\","
         "\"data_base64\":\"aaaa\"}",
         "property_invalid", "/data_base64"},
        {FORMAT_CLOUDEVENT,
         "{\"specversion\":\"1.0\",\"id\":\"a\",\"type\":\"t\",\"time\":\"x\",\"subject\":\"c\","
         "\"datacontenttype\":\"application/json\",\"comexample\":{\"deep\":[1]},\"customer\":7}",
         "", ""},
        {FORMAT_CLOUDEVENT,
         "{\"specversion\":\"1.0\",\"id\":\"a\",\"type\":\"t\",\"time\":\"x\",\"subject\":\"c\","
         "\"ext\":{\"a\":1,\"a\":1}}",
         "duplicate_member", ""},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct raw_events events = {0};
        ck_assert_ok(split_body(&arena, cases[i].format, str_from(cases[i].body), &events));
        const struct verdict *verdict = &events.items[0].verdict;
        ck_assert_str_eq(str_from(verdict->code).ptr, cases[i].code);
        ck_assert_msg(str_eq(verdict->pointer, str_from(cases[i].pointer)), "%s", cases[i].body);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(reads_members_and_properties)
{
    struct arena arena = {0};
    struct raw_events events = {0};
    str body = STR("[{\"properties\":{\"a\":\"x\",\"b\":[1,{}],\"c\":-1.50},\"id\":\"i\","
                   "\"quantity\":\"2\"},{\"properties\":{\"d\":true}},{\"properties\":7}]");
    ck_assert_ok(split_body(&arena, FORMAT_JSON, body, &events));
    const struct raw_event *first = &events.items[0];
    ck_assert_uint_eq(first->property_count, 3);
    ck_assert(str_eq(first->properties[0].name, STR("a")));
    ck_assert(str_eq(first->properties[0].value.text, STR("x")));
    ck_assert_int_eq(first->properties[1].value.kind, JSON_KIND_ARRAY);
    ck_assert(str_eq(first->properties[2].value.text, STR("-1.50")));
    ck_assert(str_eq(first->members[MEMBER_QUANTITY].text, STR("2")));
    ck_assert_uint_eq(events.items[1].property_count, 1);
    ck_assert_int_eq(events.items[1].properties[0].value.kind, JSON_KIND_TRUE);
    ck_assert_int_eq(events.items[2].members[MEMBER_PROPERTIES].kind, JSON_KIND_NUMBER);

    str cloud = STR("{\"subject\":\"c\",\"data\":{\"a\":1,\"quantity\":5}}");
    ck_assert_ok(split_body(&arena, FORMAT_CLOUDEVENT, cloud, &events));
    ck_assert_uint_eq(events.items[0].property_count, 1);
    ck_assert(str_eq(events.items[0].members[MEMBER_QUANTITY].text, STR("5")));
    ck_assert(str_eq(events.items[0].members[MEMBER_CUSTOMER].text, STR("c")));
    arena_reset(&arena);
}
END_TEST

START_TEST(keeps_the_properties_of_many_events_apart)
{
    struct arena arena = {0};
    struct buf body = {.arena = &arena};
    enum { EVENTS = 300 };
    for (int e = 0; e < EVENTS; e++) {
        buf_addf(&body, "{\"id\":\"%d\",\"properties\":{", e);
        for (int p = 0; p < e % 97; p++)
            buf_addf(&body, "%s\"p%d\":%d", p == 0 ? "" : ",", p, e);
        buf_add(&body, STR("}}\n"));
    }
    struct raw_events events = {0};
    ck_assert_ok(split_body(&arena, FORMAT_NDJSON, buf_str(&body), &events));
    for (int e = 0; e < EVENTS; e++) {
        const struct raw_event *event = &events.items[e];
        ck_assert_uint_eq(event->property_count, (size_t)(e % 97));
        for (size_t p = 0; p < event->property_count; p++) {
            ck_assert(str_eq(event->properties[p].name, str_printf(&arena, "p%zu", p)));
            ck_assert(str_eq(event->properties[p].value.text, str_printf(&arena, "%d", e)));
        }
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_more_properties_than_any_type_declares)
{
    struct arena arena = {0};
    for (int count = EVENT_PROPERTIES_MAX; count <= EVENT_PROPERTIES_MAX + 1; count++) {
        struct buf body = {.arena = &arena};
        buf_add(&body, STR("{\"id\":\"a\"," REST ",\"properties\":{"));
        for (int p = 0; p < count; p++)
            buf_addf(&body, "%s\"p%d\":1", p == 0 ? "" : ",", p);
        buf_add(&body, STR("}}"));
        struct raw_events events = {0};
        ck_assert_ok(split_body(&arena, FORMAT_JSON, buf_str(&body), &events));
        ck_assert_str_eq(str_from(events.items[0].verdict.code).ptr,
                         count == EVENT_PROPERTIES_MAX ? "" : "property_unknown");
    }
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("ingest split", knows_the_four_media_types, cuts_bodies_into_events,
          a_broken_line_spoils_no_other, takes_ten_thousand_events_and_no_more,
          judges_the_structure_of_an_event, reads_members_and_properties,
          keeps_the_properties_of_many_events_apart, refuses_more_properties_than_any_type_declares)
