// SPDX-License-Identifier: Apache-2.0
#include "ingest.sql.h"
#include "phial/util/buf.h"
#include "shop.h"

#include <pthread.h>
#include <string.h>

START_TEST(answers_a_single_event_by_its_outcome)
{
    struct shop shop = shop_open();
    struct ingest ingest = ingest_of(&shop);
    expect(&ingest, FORMAT_JSON, IMAGE("single-1") CT, 201,
           "{\"accepted\":1,\"duplicates\":0,\"rejected\":0,\"results\":[]}");
    // The same content in another spelling.
    expect(&ingest, FORMAT_JSON,
           " {\"type\":\"image.analyzed\",\"quantity\":1,\"source\":\"\",\"properties\":"
           "{ \"modality\" : \"c\\u0074\" },\"time\":\"2026-11-03T09:05:00.000-05:00\","
           "\"customer\":\"clinic-1\",\"id\":\"single-1\"}",
           200,
           "{\"accepted\":0,\"duplicates\":1,\"rejected\":0,\"results\":[{\"position\":0,"
           "\"id\":\"single-1\",\"status\":\"duplicate\",\"index\":0}]}");
    expect(&ingest, FORMAT_JSON, IMAGE("single-1") "\"quantity\":\"2\"," CT, 409,
           "{\"accepted\":0,\"duplicates\":0,\"rejected\":1,\"results\":[{\"position\":0,"
           "\"id\":\"single-1\",\"status\":\"conflict\",\"code\":\"conflict\",\"pointer\":\"/id\","
           "\"index\":0}]}");
    expect(&ingest, FORMAT_JSON, IMAGE("single-2") "\"properties\":{}}", 422,
           "{\"accepted\":0,\"duplicates\":0,\"rejected\":1,\"results\":[{\"position\":0,"
           "\"id\":\"single-2\",\"status\":\"rejected\",\"code\":\"property_missing\","
           "\"pointer\":\"/properties/modality\"}]}");
    // Another source is another event.
    expect(&ingest, FORMAT_JSON, IMAGE("single-1") "\"source\":\"eu\"," CT, 201,
           "{\"accepted\":1,\"duplicates\":0,\"rejected\":0,\"results\":[]}");
    shop_close(&shop);
}
END_TEST

START_TEST(stores_the_canonical_event)
{
    struct shop shop = shop_open();
    struct ingest ingest = ingest_of(&shop);
    int64_t before = size_of(&shop, "clinic-3");
    expect(&ingest, FORMAT_JSON,
           "{\"id\":\"a \\\"quoted\\\" \\\\id\",\"customer\":\"clinic-3\","
           "\"type\":\"image.analyzed\",\"time\":\"2026-11-03T14:05:01.987654321+02:00\","
           "\"quantity\":\"10.00\",\"source\":\"s-1\",\"properties\":{\"urgent\":true,"
           "\"modality\":\"mri\",\"minutes\":\"1.50\"}}",
           201, "{\"accepted\":1,\"duplicates\":0,\"rejected\":0,\"results\":[]}");
    ck_assert_str_eq(event_at(&shop, "clinic-3", before),
                     "{\"id\":\"a \\\"quoted\\\" \\\\id\",\"properties\":{\"minutes\":\"1.5\","
                     "\"modality\":\"mri\",\"urgent\":true},\"quantity\":\"10\",\"source\":\"s-1\","
                     "\"time\":\"2026-11-03T12:05:01.000000Z\",\"type\":\"image.analyzed\"}");
    shop_close(&shop);
}
END_TEST

START_TEST(a_bad_neighbour_holds_nobody_up)
{
    struct shop shop = shop_open();
    struct ingest ingest = ingest_of(&shop);
    expect(&ingest, FORMAT_NDJSON,
           IMAGE("n-1") CT "\n\n{\"id\":\"n-\n" IMAGE("n-1") CT
           "\n" IMAGE("n-1") "\"quantity\":3," CT "\r\n" IMAGE("n-2") CT "\n[]\n",
           207,
           "{\"accepted\":2,\"duplicates\":1,\"rejected\":3,\"results\":["
           "{\"position\":1,\"status\":\"rejected\",\"code\":\"invalid_json\",\"pointer\":\"\"},"
           "{\"position\":2,\"id\":\"n-1\",\"status\":\"duplicate\",\"index\":2},"
           "{\"position\":3,\"id\":\"n-1\",\"status\":\"conflict\",\"code\":\"conflict\","
           "\"pointer\":\"/id\",\"index\":2},"
           "{\"position\":5,\"status\":\"rejected\",\"code\":\"invalid_json\",\"pointer\":\"\"}]}");
    ck_assert_int_eq(size_of(&shop, "clinic-1"), 4);
    expect(&ingest, FORMAT_JSON, "[" IMAGE("n-1") CT "]", 200,
           "{\"accepted\":0,\"duplicates\":1,\"rejected\":0,\"results\":["
           "{\"position\":0,\"id\":\"n-1\",\"status\":\"duplicate\",\"index\":2}]}");
    expect(&ingest, FORMAT_JSON, "[7]", 422,
           "{\"accepted\":0,\"duplicates\":0,\"rejected\":1,\"results\":["
           "{\"position\":0,\"status\":\"rejected\",\"code\":\"invalid_json\",\"pointer\":\"\"}]}");
    shop_close(&shop);
}
END_TEST

START_TEST(refuses_alone_what_can_be_cut_but_is_no_unicode_or_too_deep)
{
    static const char *const bad[] = {
        "{\"id\":\"\\ud800\"}",
        "{\"id\":\"x\",\"properties\":{\"p\":\"\xFF\"}}",
        "{\"\\udc00\":1}",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
        "[[[[[[[[[[[[[[[[[[[[[[[[[1"
        "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
        "]]]]]]]]]]]]]]]]]]]]]]]]]",
    };
    struct shop shop = shop_open();
    struct ingest ingest = ingest_of(&shop);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct ingest_answer answer = {0};
        str body = str_printf(&shop.arena, "[%s,%s]", bad[i], IMAGE("beside") CT);
        ck_assert_ok(ingest_events(&ingest, FORMAT_JSON, body, &answer));
        ck_assert_int_eq(answer.status, 207);
        ck_assert_int_eq(answer.rejected, 1);
        ck_assert_ptr_nonnull(memmem(answer.body.ptr, answer.body.len, "\"invalid_json\"", 14));
    }
    shop_close(&shop);
}
END_TEST

START_TEST(takes_nothing_of_a_body_that_is_not_json)
{
    struct shop shop = shop_open();
    struct ingest ingest = ingest_of(&shop);
    int64_t before = size_of(&shop, "clinic-1");
    struct ingest_answer answer = {.status = 7};
    ck_assert_fails(
        INVALID_JSON,
        ingest_events(&ingest, FORMAT_JSON, STR("[" IMAGE("whole-1") CT ",{\"id\":}]"), &answer));
    ck_assert_fails(NO_EVENTS, ingest_events(&ingest, FORMAT_JSON, STR("[]"), &answer));
    ck_assert_int_eq(answer.status, 7);
    ck_assert_int_eq(size_of(&shop, "clinic-1"), before);
    shop_close(&shop);
}
END_TEST

START_TEST(all_or_nothing_stores_nothing)
{
    struct shop shop = shop_open();
    struct ingest ingest = ingest_of(&shop);
    int64_t before = size_of(&shop, "clinic-1");
    ingest.atomic = true;
    // Refused by the ledger: a conflict within the request.
    expect(&ingest, FORMAT_JSON,
           "[" IMAGE("atom-1") CT "," IMAGE("atom-1") CT "," IMAGE("atom-1") "\"quantity\":2," CT
                                                                             "]",
           422,
           "{\"accepted\":0,\"duplicates\":0,\"rejected\":3,\"results\":["
           "{\"position\":0,\"id\":\"atom-1\",\"status\":\"rejected\",\"code\":\"held_back\","
           "\"pointer\":\"\"},"
           "{\"position\":1,\"id\":\"atom-1\",\"status\":\"rejected\",\"code\":\"held_back\","
           "\"pointer\":\"\"},"
           "{\"position\":2,\"id\":\"atom-1\",\"status\":\"conflict\",\"code\":\"conflict\","
           "\"pointer\":\"/id\"}]}");
    // Refused before it.
    expect(
        &ingest, FORMAT_JSON,
        "[" IMAGE("single-1") CT "," IMAGE("atom-1") CT "," IMAGE("atom-2") "\"quantity\":[]," CT
                                                                            "]",
        422,
        "{\"accepted\":0,\"duplicates\":1,\"rejected\":2,\"results\":["
        "{\"position\":0,\"id\":\"single-1\",\"status\":\"duplicate\",\"index\":0},"
        "{\"position\":1,\"id\":\"atom-1\",\"status\":\"rejected\",\"code\":\"held_back\","
        "\"pointer\":\"\"},"
        "{\"position\":2,\"id\":\"atom-2\",\"status\":\"rejected\",\"code\":\"decimal_expected\","
        "\"pointer\":\"/quantity\"}]}");
    ck_assert_int_eq(size_of(&shop, "clinic-1"), before);
    expect(&ingest, FORMAT_JSON, "[" IMAGE("single-1") CT "," IMAGE("atom-1") CT "]", 200,
           "{\"accepted\":1,\"duplicates\":1,\"rejected\":0,\"results\":["
           "{\"position\":0,\"id\":\"single-1\",\"status\":\"duplicate\",\"index\":0}]}");
    ck_assert_int_eq(size_of(&shop, "clinic-1"), before + 1);
    shop_close(&shop);
}
END_TEST

START_TEST(validates_without_storing)
{
    struct shop shop = shop_open();
    struct ingest ingest = ingest_of(&shop);
    int64_t before = size_of(&shop, "clinic-1");
    ingest.validate = true;
    ingest.represent_all = true;
    expect(&ingest, FORMAT_JSON, "[" IMAGE("single-1") CT "," IMAGE("dry-1") CT "]", 200,
           "{\"accepted\":1,\"duplicates\":1,\"rejected\":0,\"results\":["
           "{\"position\":0,\"id\":\"single-1\",\"status\":\"duplicate\",\"index\":0},"
           "{\"position\":1,\"id\":\"dry-1\",\"status\":\"accepted\"}]}");
    ck_assert_int_eq(size_of(&shop, "clinic-1"), before);
    shop_close(&shop);
}
END_TEST

START_TEST(represents_every_event_on_request)
{
    struct shop shop = shop_open();
    struct ingest ingest = ingest_of(&shop);
    long long next = size_of(&shop, "clinic-1");
    ingest.represent_all = true;
    str answer =
        str_printf(&shop.arena,
                   "{\"accepted\":2,\"duplicates\":0,\"rejected\":0,\"results\":["
                   "{\"position\":0,\"id\":\"all-1\",\"status\":\"accepted\",\"index\":%lld},"
                   "{\"position\":1,\"id\":\"all-2\",\"status\":\"accepted\",\"index\":%lld}]}",
                   next, next + 1);
    expect(&ingest, FORMAT_JSON, "[" IMAGE("all-1") CT "," IMAGE("all-2") CT "]", 200,
           str_to_c(&shop.arena, answer));
    shop_close(&shop);
}
END_TEST

static const struct db_stmt count_sql = {
    "test_count",
    "SELECT COALESCE(sum(refusals), 0)::bigint AS refusals FROM refusal_count "
    "WHERE hour >= '2026-11-03' AND hour < '2026-11-04' AND event_type = $1 AND pointer = $2 AND code = $3 "
    "AND detector = $4",
    4};

struct counting {
    const char *type;
    const char *pointer;
    const char *code;
    const char *detector;
    int64_t refusals;
};

static result read_count(struct db_tx *tx, void *context)
{
    struct counting *counting = context;
    return db_one(tx, &count_sql,
                  PARAMS(db_text(str_from(counting->type)), db_text(str_from(counting->pointer)),
                         db_text(str_from(counting->code)), db_text(str_from(counting->detector))),
                  COLUMNS(db_into_i64("refusals", &counting->refusals)));
}

START_TEST(counts_refusals_and_never_a_value)
{
    struct shop shop = shop_open();
    struct ingest ingest = ingest_of(&shop);
    struct counting cases[] = {
        {"image.analyzed", "/properties/ref", "phi_detected", "email", 0},
        {"", "", "invalid_json", "", 0},
        {"image.analyzed", "/id", "conflict", "", 0},
    };
    int64_t before[COUNT_OF(cases)];
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_ok(db_transact(shop.db, &shop.arena, read_count, &cases[i]));
        before[i] = cases[i].refusals;
    }
#define JANE IMAGE("count-1") "\"properties\":{\"modality\":\"ct\",\"ref\":\"jane@example.org\"}}\n"
    str body = STR(JANE JANE "x\n" JANE "y\n" IMAGE("count-2") CT
                   "\n" IMAGE("count-2") "\"quantity\":2," CT);
    static const int64_t counted[] = {3, 2, 1};
    struct ingest_answer answer;
    ingest.validate = true;
    ck_assert_ok(ingest_events(&ingest, FORMAT_NDJSON, body, &answer));
    ingest.validate = false;
    ck_assert_ok(ingest_events(&ingest, FORMAT_NDJSON, body, &answer));
    ck_assert_int_eq(answer.rejected, 6);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_ok(db_transact(shop.db, &shop.arena, read_count, &cases[i]));
        ck_assert_int_eq(cases[i].refusals - before[i], counted[i]);
    }
    shop_close(&shop);
}
END_TEST

enum { SENDERS = 2, SENT = 600 };

struct sender {
    int64_t accepted;
    int64_t duplicates;
    int64_t others;
};

static void *send_events(void *context)
{
    struct sender *sender = context;
    struct shop shop = shop_again();
    for (int round = 0; round < 4; round++) {
        struct ingest ingest = ingest_of(&shop);
        struct buf body = {.arena = &shop.arena};
        for (int i = 0; i < SENT; i++)
            buf_addf(
                &body,
                "{\"id\":\"race-%d\",\"customer\":\"clinic-%d\",\"type\":\"image.analyzed\"," TIME
                "," CT "\n",
                round * SENT / 2 + i, 2 + i % 2);
        struct ingest_answer answer = {0};
        if (failed(ingest_events(&ingest, FORMAT_NDJSON, buf_str(&body), &answer)))
            sender->others++;
        sender->accepted += answer.accepted;
        sender->duplicates += answer.duplicates;
        sender->others += answer.rejected;
        arena_reset(&shop.arena);
    }
    shop_close(&shop);
    return NULL;
}

START_TEST(two_senders_of_the_same_events_store_each_once)
{
    struct shop shop = shop_open();
    int64_t before = size_of(&shop, "clinic-2") + size_of(&shop, "clinic-3");
    struct sender senders[SENDERS] = {{0}};
    pthread_t threads[SENDERS];
    for (int i = 0; i < SENDERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, send_events, &senders[i]), 0);
    for (int i = 0; i < SENDERS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    enum { DISTINCT = 3 * SENT / 2 + SENT };
    int64_t stored = size_of(&shop, "clinic-2") + size_of(&shop, "clinic-3") - before;
    ck_assert_int_eq(stored, DISTINCT);
    ck_assert_int_eq(senders[0].accepted + senders[1].accepted, DISTINCT);
    ck_assert_int_eq(senders[0].others + senders[1].others, 0);
    shop_close(&shop);
}
END_TEST

START_TEST(every_statement_fits_the_schema)
{
    struct db *db = test_database();
    for (size_t i = 0; ingest_statements[i] != NULL; i++)
        ck_assert_ok(db_check(db, ingest_statements[i]));
    db_close(db);
}
END_TEST

TEST_MAIN("ingest", answers_a_single_event_by_its_outcome, stores_the_canonical_event,
          a_bad_neighbour_holds_nobody_up,
          refuses_alone_what_can_be_cut_but_is_no_unicode_or_too_deep,
          takes_nothing_of_a_body_that_is_not_json, all_or_nothing_stores_nothing,
          validates_without_storing, represents_every_event_on_request,
          counts_refusals_and_never_a_value, two_senders_of_the_same_events_store_each_once,
          every_statement_fits_the_schema)
