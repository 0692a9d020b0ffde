// SPDX-License-Identifier: Apache-2.0
#include "phial/ingest/backfill.h"
#include "shop.h"

#include <pthread.h>

// A backfill of clinic-2: a year that every window of image.analyzed has left behind.
#define FROM ((instant){1735689600000000}) // 2025-01-01T00:00:00Z
#define TO ((instant){1767225600000000})   // 2026-01-01T00:00:00Z

#define OLD(id, time)                                                                           \
    "{\"id\":\"" id "\",\"customer\":\"clinic-2\",\"type\":\"image.analyzed\",\"time\":\"" time \
    "\","
#define MAY "2025-05-01T10:00:00Z"

struct loading {
    const char *customer;
    int64_t only_customer;
    struct change change;
    str id;
    struct backfill backfill;
};

static struct loading loading_of(const char *customer)
{
    return (struct loading){
        .customer = customer,
        .change = {.actor = STR("key:load"), .reason = STR("a test"), .now = NOW}};
}

static result open_it(struct db_tx *tx, void *context)
{
    struct loading *loading = context;
    struct customer customer = {0};
    TRY(customer_get(tx, str_from(loading->customer), &customer));
    struct backfill wanted = {
        .customer_id = customer.id, .from = FROM, .to = TO, .reason = STR("an outage")};
    TRY(backfill_open(tx, &wanted, &loading->change, &loading->backfill));
    loading->id = loading->backfill.id;
    return OK;
}

static result commit_it(struct db_tx *tx, void *context)
{
    struct loading *loading = context;
    return backfill_commit(tx, loading->id, loading->only_customer, &loading->change,
                           &loading->backfill);
}

static result abandon_it(struct db_tx *tx, void *context)
{
    struct loading *loading = context;
    return backfill_abandon(tx, loading->id, loading->only_customer, &loading->change,
                            &loading->backfill);
}

static result get_it(struct db_tx *tx, void *context)
{
    struct loading *loading = context;
    return backfill_get(tx, loading->id, loading->only_customer, &loading->backfill);
}

static result run(struct shop *shop, result (*work)(struct db_tx *, void *),
                  struct loading *loading)
{
    return db_transact(shop->db, &shop->arena, work, loading);
}

static struct ingest into(struct shop *shop, const struct loading *loading)
{
    struct ingest ingest = ingest_of(shop);
    ingest.backfill = &loading->backfill;
    ingest.only_customer = loading->backfill.customer_id;
    return ingest;
}

static void send_many(const struct ingest *ingest, const char *name, size_t count)
{
    struct buf body = {.arena = ingest->arena};
    struct ingest_answer answer = {0};
    for (size_t i = 0; i < count; i++)
        buf_addf(&body,
                 "{\"id\":\"%s-%zu\",\"customer\":\"clinic-2\",\"type\":\"image.analyzed\","
                 "\"time\":\"" MAY "\"," CT "\n",
                 name, i);
    ck_assert_ok(ingest_events(ingest, FORMAT_NDJSON, buf_str(&body), &answer));
    ck_assert_int_eq(answer.accepted, (int64_t)count);
}

START_TEST(stages_what_the_window_refuses)
{
    struct shop shop = shop_open();
    struct loading loading = loading_of("clinic-2");
    struct ingest direct = ingest_of(&shop);
    int64_t before = size_of(&shop, "clinic-2");
    ck_assert_ok(run(&shop, open_it, &loading));
    ck_assert_str_eq(str_to_c(&shop.arena, loading.backfill.status), "open");
    struct ingest ingest = into(&shop, &loading);
    expect(&direct, FORMAT_JSON, OLD("w-1", MAY) CT, 422,
           "{\"accepted\":0,\"duplicates\":0,\"rejected\":1,\"results\":[{\"position\":0,"
           "\"id\":\"w-1\",\"status\":\"rejected\",\"code\":\"time_too_old\",\"pointer\":"
           "\"/time\"}]}");
    expect(&ingest, FORMAT_JSON, OLD("w-1", MAY) CT, 201,
           "{\"accepted\":1,\"duplicates\":0,\"rejected\":0,\"results\":[]}");
    expect(&ingest, FORMAT_JSON, OLD("w-1", MAY) CT, 200,
           "{\"accepted\":0,\"duplicates\":1,\"rejected\":0,\"results\":[{\"position\":0,"
           "\"id\":\"w-1\",\"status\":\"duplicate\"}]}");
    expect(&ingest, FORMAT_JSON, OLD("w-1", MAY) "\"quantity\":7," CT, 409,
           "{\"accepted\":0,\"duplicates\":0,\"rejected\":1,\"results\":[{\"position\":0,"
           "\"id\":\"w-1\",\"status\":\"conflict\",\"code\":\"conflict\",\"pointer\":\"/id\"}]}");
    ck_assert_int_eq(size_of(&shop, "clinic-2"), before);
    ck_assert_ok(run(&shop, abandon_it, &loading));
    shop_close(&shop);
}
END_TEST

START_TEST(bounds_stand_for_the_past_of_the_window)
{
    static const struct {
        const char *time;
        const char *code; // "" when taken
    } cases[] = {
        {"2024-12-31T23:59:59.999999Z", "\"time_too_old\""},
        {"2025-01-01T00:00:00Z", ""},
        {"2025-12-31T23:59:59.999999Z", ""},
        {"2026-01-01T00:00:00Z", "\"time_in_future\""},
        {"2026-11-03T14:05:00Z", "\"time_in_future\""},
    };
    struct shop shop = shop_open();
    struct loading loading = loading_of("clinic-2");
    ck_assert_ok(run(&shop, open_it, &loading));
    struct ingest ingest = into(&shop, &loading);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct ingest_answer answer = {0};
        str body = str_printf(&shop.arena, OLD("bound-%zu", "%s") CT, i, cases[i].time);
        ck_assert_ok(ingest_events(&ingest, FORMAT_JSON, body, &answer));
        ck_assert_int_eq(answer.status, cases[i].code[0] == '\0' ? 201 : 422);
        ck_assert_ptr_nonnull(strstr(str_to_c(&shop.arena, answer.body), cases[i].code));
    }
    // A backfill that reaches into the future does not take events from there.
    loading.backfill.to = (instant){NOW.us + INT64_C(86400000000)};
    struct ingest_answer answer = {0};
    ck_assert_ok(ingest_events(&ingest, FORMAT_JSON,
                               STR(OLD("bound-now", "2026-11-03T14:15:01Z") CT), &answer));
    ck_assert_ptr_nonnull(strstr(str_to_c(&shop.arena, answer.body), "\"time_in_future\""));
    ck_assert_ok(run(&shop, abandon_it, &loading));
    shop_close(&shop);
}
END_TEST

START_TEST(judges_within_a_request_against_what_is_staged_and_against_the_ledger)
{
    struct shop shop = shop_open();
    struct loading loading = loading_of("clinic-2");
    struct ingest direct = ingest_of(&shop);
    ck_assert_ok(run(&shop, open_it, &loading));
    struct ingest ingest = into(&shop, &loading);
    long long index = size_of(&shop, "clinic-2");
    expect(&direct, FORMAT_JSON, OLD("j-old", "2026-11-03T14:05:00Z") CT, 201,
           "{\"accepted\":1,\"duplicates\":0,\"rejected\":0,\"results\":[]}");
    expect(&ingest, FORMAT_JSON, OLD("j-1", MAY) CT, 201,
           "{\"accepted\":1,\"duplicates\":0,\"rejected\":0,\"results\":[]}");
    str answer =
        str_printf(&shop.arena,
                   "{\"accepted\":1,\"duplicates\":2,\"rejected\":3,\"results\":["
                   "{\"position\":0,\"id\":\"j-1\",\"status\":\"conflict\",\"code\":\"conflict\","
                   "\"pointer\":\"/id\"},"
                   "{\"position\":1,\"id\":\"j-1\",\"status\":\"duplicate\"},"
                   "{\"position\":3,\"id\":\"j-2\",\"status\":\"duplicate\"},"
                   "{\"position\":4,\"id\":\"j-2\",\"status\":\"conflict\",\"code\":\"conflict\","
                   "\"pointer\":\"/id\"},"
                   "{\"position\":5,\"id\":\"j-old\",\"status\":\"conflict\",\"code\":\"conflict\","
                   "\"pointer\":\"/id\",\"index\":%lld}]}",
                   index);
    expect(&ingest, FORMAT_JSON,
           "[" OLD("j-1", MAY) "\"quantity\":2," CT "," OLD("j-1", MAY) CT "," OLD("j-2", MAY) CT
           "," OLD("j-2", MAY) CT "," OLD("j-2", MAY) "\"quantity\":2," CT "," OLD("j-old", MAY) CT
           "]",
           207, str_to_c(&shop.arena, answer));
    ck_assert_ok(run(&shop, get_it, &loading));
    ck_assert_int_eq(loading.backfill.events, 2);
    ck_assert_ok(run(&shop, abandon_it, &loading));
    shop_close(&shop);
}
END_TEST

START_TEST(all_or_nothing_and_validation_stage_nothing)
{
    struct shop shop = shop_open();
    struct loading loading = loading_of("clinic-2");
    ck_assert_ok(run(&shop, open_it, &loading));
    struct ingest ingest = into(&shop, &loading);
    ingest.atomic = true;
    expect(&ingest, FORMAT_JSON,
           "[" OLD("a-1", MAY) CT "," OLD("a-1", MAY) "\"quantity\":2," CT "]", 422,
           "{\"accepted\":0,\"duplicates\":0,\"rejected\":2,\"results\":["
           "{\"position\":0,\"id\":\"a-1\",\"status\":\"rejected\",\"code\":\"held_back\","
           "\"pointer\":\"\"},"
           "{\"position\":1,\"id\":\"a-1\",\"status\":\"conflict\",\"code\":\"conflict\","
           "\"pointer\":\"/id\"}]}");
    expect(&ingest, FORMAT_JSON, "[" OLD("a-1", MAY) CT "," IMAGE("a-2") CT "]", 422,
           "{\"accepted\":0,\"duplicates\":0,\"rejected\":2,\"results\":["
           "{\"position\":0,\"id\":\"a-1\",\"status\":\"rejected\",\"code\":\"held_back\","
           "\"pointer\":\"\"},"
           "{\"position\":1,\"id\":\"a-2\",\"status\":\"rejected\",\"code\":\"unknown_customer\","
           "\"pointer\":\"/customer\"}]}");
    ingest.atomic = false;
    ingest.validate = true;
    expect(&ingest, FORMAT_JSON, "[" OLD("a-1", MAY) CT "]", 200,
           "{\"accepted\":1,\"duplicates\":0,\"rejected\":0,\"results\":[]}");
    ck_assert_ok(run(&shop, get_it, &loading));
    ck_assert_int_eq(loading.backfill.events, 0);
    ck_assert_ok(run(&shop, abandon_it, &loading));
    shop_close(&shop);
}
END_TEST

START_TEST(commits_once_and_in_order)
{
    struct shop shop = shop_open();
    struct loading loading = loading_of("clinic-2");
    struct loading other = loading_of("clinic-2");
    ck_assert_ok(run(&shop, open_it, &loading));
    ck_assert_ok(run(&shop, open_it, &other));
    struct ingest ingest = into(&shop, &loading);
    struct ingest second = into(&shop, &other);
    send_many(&ingest, "c", 300);
    send_many(&second, "c", 1); // the same identity waits in two
    int64_t before = size_of(&shop, "clinic-2");
    ck_assert_ok(run(&shop, commit_it, &loading));
    ck_assert_int_eq(size_of(&shop, "clinic-2"), before + 300);
    ck_assert_int_eq(loading.backfill.accepted, 300);
    ck_assert_int_eq(loading.backfill.from_index, before);
    ck_assert_int_eq(loading.backfill.to_index, before + 300);
    ck_assert_ptr_nonnull(strstr(event_at(&shop, "clinic-2", before), "\"c-0\""));
    ck_assert_ptr_nonnull(strstr(event_at(&shop, "clinic-2", before + 299), "\"c-299\""));
    // Again, and too late.
    ck_assert_ok(run(&shop, commit_it, &loading));
    ck_assert_int_eq(size_of(&shop, "clinic-2"), before + 300);
    ck_assert_fails(BACKFILL_CLOSED, run(&shop, abandon_it, &loading));
    struct ingest_answer answer = {.status = 7};
    ck_assert_fails(BACKFILL_CLOSED,
                    ingest_events(&ingest, FORMAT_JSON, STR(OLD("late", MAY) CT), &answer));
    ck_assert_int_eq(answer.status, 7);
    ck_assert_ok(run(&shop, commit_it, &other));
    ck_assert_int_eq(other.backfill.accepted, 0);
    ck_assert_int_eq(other.backfill.duplicates, 1);
    ck_assert_int_eq(other.backfill.from_index, other.backfill.to_index);
    shop_close(&shop);
}
END_TEST

START_TEST(abandons_for_good)
{
    struct shop shop = shop_open();
    struct loading loading = loading_of("clinic-2");
    ck_assert_ok(run(&shop, open_it, &loading));
    struct ingest ingest = into(&shop, &loading);
    int64_t before = size_of(&shop, "clinic-2");
    send_many(&ingest, "gone", 3);
    ck_assert_ok(run(&shop, abandon_it, &loading));
    ck_assert_ok(run(&shop, abandon_it, &loading));
    ck_assert_int_eq(loading.backfill.events, 3);
    ck_assert_str_eq(str_to_c(&shop.arena, loading.backfill.closing_reason), "a test");
    ck_assert_fails(BACKFILL_CLOSED, run(&shop, commit_it, &loading));
    ck_assert_int_eq(size_of(&shop, "clinic-2"), before);
    shop_close(&shop);
}
END_TEST

START_TEST(is_not_there_for_another_customers_key)
{
    struct shop shop = shop_open();
    struct loading loading = loading_of("clinic-2");
    ck_assert_ok(run(&shop, open_it, &loading));
    loading.only_customer = loading.backfill.customer_id + 1;
    ck_assert_fails(NOT_FOUND, run(&shop, get_it, &loading));
    ck_assert_fails(NOT_FOUND, run(&shop, commit_it, &loading));
    ck_assert_fails(NOT_FOUND, run(&shop, abandon_it, &loading));
    loading.only_customer = loading.backfill.customer_id;
    ck_assert_ok(run(&shop, abandon_it, &loading));
    shop_close(&shop);
}
END_TEST

static const struct db_stmt fill_sql = {
    "test_fill", "UPDATE backfill SET events = $2 WHERE backfill_id = $1", 2};

static result fill(struct db_tx *tx, void *context)
{
    const struct loading *loading = context;
    return db_exec(tx, &fill_sql, PARAMS(db_text(loading->id), db_i64(BACKFILL_EVENTS_MAX - 1)));
}

START_TEST(holds_so_many_events_and_no_more)
{
    struct shop shop = shop_open();
    struct loading loading = loading_of("clinic-2");
    ck_assert_ok(run(&shop, open_it, &loading));
    ck_assert_ok(run(&shop, fill, &loading));
    struct ingest ingest = into(&shop, &loading);
    struct ingest_answer answer = {0};
    ck_assert_fails(BACKFILL_FULL,
                    ingest_events(&ingest, FORMAT_JSON,
                                  STR("[" OLD("f-1", MAY) CT "," OLD("f-2", MAY) CT "]"), &answer));
    expect(&ingest, FORMAT_JSON, OLD("f-1", MAY) CT, 201,
           "{\"accepted\":1,\"duplicates\":0,\"rejected\":0,\"results\":[]}");
    ck_assert_fails(BACKFILL_FULL,
                    ingest_events(&ingest, FORMAT_JSON, STR(OLD("f-2", MAY) CT), &answer));
    expect(&ingest, FORMAT_JSON, OLD("f-1", MAY) CT, 200, // a repeat needs no room
           "{\"accepted\":0,\"duplicates\":1,\"rejected\":0,\"results\":[{\"position\":0,"
           "\"id\":\"f-1\",\"status\":\"duplicate\"}]}");
    ck_assert_ok(run(&shop, abandon_it, &loading));
    shop_close(&shop);
}
END_TEST

struct racer {
    struct loading loading;
    result (*work)(struct db_tx *, void *);
    result outcome;
};

static void *race(void *context)
{
    struct racer *racer = context;
    struct shop shop = shop_again();
    racer->outcome = run(&shop, racer->work, &racer->loading);
    shop_close(&shop);
    return NULL;
}

START_TEST(ends_once_whoever_is_first)
{
    enum { RACERS = 6 };
    struct shop shop = shop_open();
    struct loading loading = loading_of("clinic-2");
    struct racer racers[RACERS];
    pthread_t threads[RACERS];
    size_t committed = 0;
    size_t abandoned = 0;
    ck_assert_ok(run(&shop, open_it, &loading));
    struct ingest ingest = into(&shop, &loading);
    send_many(&ingest, "race", 200);
    int64_t before = size_of(&shop, "clinic-2");
    for (size_t i = 0; i < RACERS; i++) {
        racers[i] = (struct racer){loading, i % 2 == 0 ? commit_it : abandon_it, OK};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (size_t i = 0; i < RACERS; i++) {
        (void)pthread_join(threads[i], NULL);
        if (failed(racers[i].outcome))
            ck_assert_fails(BACKFILL_CLOSED, racers[i].outcome);
        else if (racers[i].work == commit_it)
            committed++;
        else
            abandoned++;
    }
    ck_assert(committed + abandoned == RACERS / 2 && (committed == 0 || abandoned == 0));
    ck_assert_int_eq(size_of(&shop, "clinic-2"), before + (committed == 0 ? 0 : 200));
    shop_close(&shop);
}
END_TEST

START_TEST(stages_tokens_and_nothing_else)
{
    struct shop shop = shop_open();
    struct loading loading = loading_of("clinic-2");
    ck_assert_ok(run(&shop, open_it, &loading));
    struct ingest ingest = into(&shop, &loading);
    int64_t at = size_of(&shop, "clinic-2");
    expect(&ingest, FORMAT_JSON,
           "{\"id\":\"token-1\",\"customer\":\"clinic-2\",\"type\":\"visit.held\",\"time\":\"" MAY
           "\",\"properties\":{\"patient\":\"MRN 00123456\"}}",
           201, "{\"accepted\":1,\"duplicates\":0,\"rejected\":0,\"results\":[]}");
    ck_assert_ok(run(&shop, commit_it, &loading));
    ck_assert_ptr_nonnull(strstr(event_at(&shop, "clinic-2", at), "\"patient\":\"tok_"));
    shop_close(&shop);
}
END_TEST

static const struct db_stmt rewrite_sql = {"test_rewrite", "UPDATE staged_event SET event = ''", 0};

static result rewrite(struct db_tx *tx, void *context)
{
    (void)context;
    return db_exec(tx, &rewrite_sql, NO_PARAMS);
}

START_TEST(the_daemon_may_not_change_what_is_staged)
{
    struct shop shop = shop_open();
    ck_assert_fails(DB_FAILED, db_transact(shop.db, &shop.arena, rewrite, NULL));
    shop_close(&shop);
}
END_TEST

TEST_MAIN("backfill", stages_what_the_window_refuses, bounds_stand_for_the_past_of_the_window,
          judges_within_a_request_against_what_is_staged_and_against_the_ledger,
          all_or_nothing_and_validation_stage_nothing, commits_once_and_in_order, abandons_for_good,
          is_not_there_for_another_customers_key, holds_so_many_events_and_no_more,
          ends_once_whoever_is_first, stages_tokens_and_nothing_else,
          the_daemon_may_not_change_what_is_staged)
