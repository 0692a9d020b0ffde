// SPDX-License-Identifier: Apache-2.0
#include "shop.h"

#define CASE(members, code, pointer)           \
    {                                          \
        members, code, "\"" pointer "\"", true \
    }
#define NAMELESS(members, code, pointer)        \
    {                                           \
        members, code, "\"" pointer "\"", false \
    }
#define WHO "\"customer\":\"clinic-1\",\"type\":\"image.analyzed\","
#define BAD "\"id\":\"bad\","

static const struct {
    const char *members;
    const char *code; // and detector
    const char *pointer;
    bool with_id;
} wrong_events[] = {
    CASE(BAD WHO TIME ",\"note\":1," CT, "unknown_member\"", ""),
    CASE(BAD WHO TIME ",\"id\":\"bad\"," CT, "duplicate_member\"", "/id"),
    CASE(BAD WHO CT, "missing_member\"", "/time"),
    NAMELESS(WHO TIME "," CT, "missing_member\"", "/id"),
    NAMELESS("\"id\":\"\"," WHO TIME "," CT, "invalid_id\"", "/id"),
    NAMELESS("\"id\":7," WHO TIME "," CT, "invalid_id\"", "/id"),
    NAMELESS("\"id\":null," WHO TIME "," CT, "invalid_id\"", "/id"),
    NAMELESS("\"id\":\"caf\xC3\xA9\"," WHO TIME "," CT, "invalid_id\"", "/id"),
    NAMELESS("\"id\":\"a\\u0000b\"," WHO TIME "," CT, "invalid_id\"", "/id"),
    NAMELESS("\"id\":\"a\\nb\"," WHO TIME "," CT, "invalid_id\"", "/id"),
    NAMELESS("\"id\":\"ssn 219-09-9999\"," WHO TIME "," CT,
             "phi_detected\",\"detector\":\"us_ssn\"", "/id"),
    NAMELESS("\"id\":\"ssn 219-09-9999\"," WHO TIME ",\"note\":1," CT, "unknown_member\"", ""),
    NAMELESS("\"id\":\"12345678\"," WHO TIME "," CT, "phi_ambiguous_number\"", "/id"),
    NAMELESS("\"id\":\"12345678\",\"customer\":\"nobody\",\"type\":\"image.analyzed\"," TIME "," CT,
             "unknown_customer\"", "/customer"),
    CASE(BAD WHO TIME ",\"source\":\"\xC3\xA9\"," CT, "invalid_id\"", "/source"),
    CASE(BAD WHO TIME ",\"source\":7," CT, "invalid_id\"", "/source"),
    CASE(BAD WHO TIME ",\"source\":\"jane@example.org\"," CT,
         "phi_detected\",\"detector\":\"email\"", "/source"),
    CASE(BAD "\"customer\":\"nobody\",\"type\":\"image.analyzed\"," TIME "," CT,
         "unknown_customer\"", "/customer"),
    CASE(BAD "\"customer\":7,\"type\":\"image.analyzed\"," TIME "," CT, "unknown_customer\"",
         "/customer"),
    CASE(BAD "\"customer\":\"John Doe\",\"type\":\"image.analyzed\"," TIME "," CT,
         "unknown_customer\"", "/customer"),
    CASE(BAD "\"customer\":\"clinic-1\",\"type\":\"no.such\"," TIME "," CT, "unknown_type\"",
         "/type"),
    CASE(BAD "\"customer\":\"clinic-1\",\"type\":[]," TIME "," CT, "unknown_type\"", "/type"),
    CASE(BAD WHO "\"time\":\"yesterday\"," CT, "invalid_time\"", "/time"),
    CASE(BAD WHO "\"time\":1793715000," CT, "invalid_time\"", "/time"),
    CASE(BAD WHO "\"time\":\"2026-11-03T14:05:00\"," CT, "invalid_time\"", "/time"),
    CASE(BAD WHO "\"time\":\"2026-09-29T14:09:59Z\"," CT, "time_too_old\"", "/time"),
    CASE(BAD WHO "\"time\":\"0001-01-01T00:00:00Z\"," CT, "time_too_old\"", "/time"),
    CASE(BAD WHO "\"time\":\"2026-11-03T14:15:01Z\"," CT, "time_in_future\"", "/time"),
    CASE(BAD WHO "\"time\":\"9999-12-31T23:59:59Z\"," CT, "time_in_future\"", "/time"),
    CASE(BAD WHO TIME ",\"quantity\":1.5," CT, "decimal_expected\"", "/quantity"),
    CASE(BAD WHO TIME ",\"quantity\":1e2," CT, "decimal_expected\"", "/quantity"),
    CASE(BAD WHO TIME ",\"quantity\":{}," CT, "decimal_expected\"", "/quantity"),
    CASE(BAD WHO TIME ",\"quantity\":\"1.5\"," CT, "quantity_out_of_range\"", "/quantity"),
    CASE(BAD WHO TIME ",\"quantity\":\"-1\"," CT, "quantity_out_of_range\"", "/quantity"),
    CASE(BAD WHO TIME ",\"quantity\":1001," CT, "quantity_out_of_range\"", "/quantity"),
    CASE(BAD WHO TIME "}", "property_missing\"", "/properties/modality"),
    CASE(BAD WHO TIME ",\"properties\":[]}", "property_invalid\"", "/properties"),
    CASE(BAD WHO TIME ",\"properties\":{\"modality\":\"pet\"}}", "property_invalid\"",
         "/properties/modality"),
    CASE(BAD WHO TIME ",\"properties\":{\"modality\":{\"a\":[]}}}", "property_invalid\"",
         "/properties/modality"),
    CASE(BAD WHO TIME ",\"properties\":{\"modality\":\"ct\",\"minutes\":1.5}}",
         "decimal_expected\"", "/properties/minutes"),
    CASE(BAD WHO TIME ",\"properties\":{\"modality\":\"ct\",\"patient_name\":\"Doe\"}}",
         "property_unknown\"", "/properties"),
    CASE(BAD WHO TIME ",\"properties\":{\"modality\":\"ct\",\"ref\":\"219-09-9999\"}}",
         "phi_detected\",\"detector\":\"us_ssn\"", "/properties/ref"),
    CASE(BAD WHO TIME ",\"properties\":{\"modality\":\"ct\",\"ref\":\"12345678\"}}",
         "phi_ambiguous_number\"", "/properties/ref"),
};

START_TEST(refuses_each_wrong_event_with_its_code)
{
    struct shop shop = shop_open();
    struct ingest ingest = ingest_of(&shop);
    int64_t before = size_of(&shop, "clinic-1");
    for (size_t i = 0; i < COUNT_OF(wrong_events); i++) {
        const char *detector = strstr(wrong_events[i].code, ",\"detector\"");
        str code = str_from(wrong_events[i].code);
        if (detector != NULL)
            code.len = (size_t)(detector - wrong_events[i].code);
        str answer = str_printf(
            &shop.arena,
            "{\"accepted\":0,\"duplicates\":0,\"rejected\":1,\"results\":[{\"position\":0,"
            "%s\"status\":\"rejected\",\"code\":\"%" STR_FMT ",\"pointer\":%s%s}]}",
            wrong_events[i].with_id ? "\"id\":\"bad\"," : "", STR_ARG(code),
            wrong_events[i].pointer, str_from(detector).ptr);
        str body = str_printf(&shop.arena, "{%s", wrong_events[i].members);
        expect(&ingest, FORMAT_JSON, str_to_c(&shop.arena, body), 422,
               str_to_c(&shop.arena, answer));
    }
    ck_assert_int_eq(size_of(&shop, "clinic-1"), before);
    shop_close(&shop);
}
END_TEST

static int64_t customer_id_of(struct shop *shop, const char *key)
{
    struct reading reading = {.customer = key, .index = -1};
    ck_assert_ok(db_transact(shop->db, &shop->arena, read_entry, &reading));
    return reading.head.customer_id;
}

START_TEST(a_bound_key_knows_one_customer)
{
    struct shop shop = shop_open();
    struct ingest ingest = ingest_of(&shop);
    ingest.only_customer = customer_id_of(&shop, "clinic-2");
    expect(&ingest, FORMAT_JSON, IMAGE("bound-1") CT, 422,
           "{\"accepted\":0,\"duplicates\":0,\"rejected\":1,\"results\":[{\"position\":0,"
           "\"id\":\"bound-1\",\"status\":\"rejected\",\"code\":\"unknown_customer\","
           "\"pointer\":\"/customer\"}]}");
    ingest.only_customer = customer_id_of(&shop, "clinic-1");
    expect(&ingest, FORMAT_JSON, IMAGE("bound-1") CT, 201,
           "{\"accepted\":1,\"duplicates\":0,\"rejected\":0,\"results\":[]}");
    shop_close(&shop);
}
END_TEST

START_TEST(takes_cloudevents)
{
    struct shop shop = shop_open();
    struct ingest ingest = ingest_of(&shop);
    int64_t before = size_of(&shop, "clinic-3");
#define CLOUD(id, data)                                                                       \
    "{\"specversion\":\"1.0\",\"id\":\"" id "\",\"source\":\"/eu\",\"subject\":\"clinic-3\"," \
    "\"type\":\"image.analyzed\",\"datacontenttype\":\"application/json\","                   \
    "\"traceparent\":\"219-09-9999\"," TIME ",\"data\":" data "}"
    expect(&ingest, FORMAT_CLOUDEVENT, CLOUD("c-1", "{\"modality\":\"ct\",\"quantity\":3}"), 201,
           "{\"accepted\":1,\"duplicates\":0,\"rejected\":0,\"results\":[]}");
    ck_assert_str_eq(event_at(&shop, "clinic-3", before),
                     "{\"id\":\"c-1\",\"properties\":{\"modality\":\"ct\"},\"quantity\":\"3\","
                     "\"source\":\"/eu\",\"time\":\"2026-11-03T14:05:00.000000Z\","
                     "\"type\":\"image.analyzed\"}");
    expect(
        &ingest, FORMAT_CLOUDEVENT_BATCH,
        "[" CLOUD("c-1", "{\"quantity\":\"3\",\"modality\":\"ct\"}") "," CLOUD(
            "c-2", "{\"quantity\":0.5,\"modality\":\"ct\"}") "," CLOUD("c-3",
                                                                       "{\"modality\":\"x\"}") "]",
        207,
        "{\"accepted\":0,\"duplicates\":1,\"rejected\":2,\"results\":["
        "{\"position\":0,\"id\":\"c-1\",\"status\":\"duplicate\",\"index\":0},"
        "{\"position\":1,\"id\":\"c-2\",\"status\":\"rejected\",\"code\":\"decimal_expected\","
        "\"pointer\":\"/data/quantity\"},"
        "{\"position\":2,\"id\":\"c-3\",\"status\":\"rejected\",\"code\":\"property_invalid\","
        "\"pointer\":\"/data/modality\"}]}");
    shop_close(&shop);
}
END_TEST

static const char *visit_token(struct shop *shop, const char *id, const char *time,
                               const char *property)
{
    struct ingest ingest = ingest_of(shop);
    int64_t index = size_of(shop, "clinic-1");
    str body = str_printf(&shop->arena,
                          "{\"id\":\"%s\",\"customer\":\"clinic-1\",\"type\":\"visit.held\","
                          "\"time\":\"%s\",\"properties\":{\"%s\":\"MRN 00123456\","
                          "\"note\":{\"dropped\":[\"unread\"]}}}",
                          id, time, property);
    expect(&ingest, FORMAT_JSON, str_to_c(&shop->arena, body), 201,
           "{\"accepted\":1,\"duplicates\":0,\"rejected\":0,\"results\":[]}");
    expect(&ingest, FORMAT_JSON, str_to_c(&shop->arena, body), 200,
           str_to_c(&shop->arena,
                    str_printf(&shop->arena,
                               "{\"accepted\":0,\"duplicates\":1,\"rejected\":0,\"results\":["
                               "{\"position\":0,\"id\":\"%s\",\"status\":\"duplicate\","
                               "\"index\":%lld}]}",
                               id, (long long)index)));
    const char *event = event_at(shop, "clinic-1", index);
    ck_assert_ptr_null(strstr(event, "00123456"));
    ck_assert_ptr_null(strstr(event, "note"));
    const char *token = strstr(event, "\"tok_");
    ck_assert_ptr_nonnull(token);
    return str_to_c(&shop->arena, str_slice(str_from(token), 0, 32));
}

START_TEST(replaces_tokens_by_their_scope)
{
    struct shop shop = shop_open();
    // 2026-11-01T03:59Z is still October in New York.
    const char *october = visit_token(&shop, "v-1", "2026-11-01T03:59:59Z", "patient");
    const char *november = visit_token(&shop, "12345678", "2026-11-01T04:00:00Z", "patient");
    const char *again = visit_token(&shop, "v-3", "2026-11-03T00:00:00Z", "patient");
    ck_assert_str_ne(october, november);
    ck_assert_str_eq(november, again);
    const char *study = visit_token(&shop, "v-4", "2026-11-01T03:59:59Z", "study");
    ck_assert_str_eq(study, visit_token(&shop, "v-5", "2026-11-02T03:59:59Z", "study"));
    ck_assert_str_ne(study, november);
    const char *once = visit_token(&shop, "v-6", "2026-11-02T00:00:00Z", "once");
    ck_assert_str_ne(once, visit_token(&shop, "v-7", "2026-11-02T00:00:00Z", "once"));

    // A token makes the stored time that of the customer's day.
    ck_assert_ptr_nonnull(strstr(event_at(&shop, "clinic-1", size_of(&shop, "clinic-1") - 1),
                                 "\"time\":\"2026-11-01T04:00:00.000000Z\""));

    // A second worker reads the keys that the first one made.
    struct shop other = shop_again();
    ck_assert_str_eq(visit_token(&other, "v-8", "2026-11-03T00:00:00Z", "patient"), november);
    shop_close(&other);
    shop_close(&shop);
}
END_TEST

START_TEST(a_window_may_be_of_any_length)
{
    struct shop shop = shop_open();
    struct ingest ingest = ingest_of(&shop);
    expect(&ingest, FORMAT_JSON,
           "[{\"id\":\"w-1\",\"customer\":\"clinic-2\",\"type\":\"old.import\","
           "\"time\":\"0001-01-01T00:00:00Z\"},"
           "{\"id\":\"w-2\",\"customer\":\"clinic-2\",\"type\":\"old.import\","
           "\"time\":\"2026-11-03T14:10:00Z\"},"
           "{\"id\":\"w-3\",\"customer\":\"clinic-2\",\"type\":\"old.import\","
           "\"time\":\"2026-11-03T14:10:00.000001Z\"}]",
           207,
           "{\"accepted\":2,\"duplicates\":0,\"rejected\":1,\"results\":["
           "{\"position\":2,\"id\":\"w-3\",\"status\":\"rejected\",\"code\":\"time_in_future\","
           "\"pointer\":\"/time\"}]}");
    shop_close(&shop);
}
END_TEST

TEST_MAIN("ingest admit", refuses_each_wrong_event_with_its_code, a_bound_key_knows_one_customer,
          takes_cloudevents, replaces_tokens_by_their_scope, a_window_may_be_of_any_length)
