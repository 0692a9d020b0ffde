// SPDX-License-Identifier: Apache-2.0
// Entries of many threads through the lanes into real logs.
#include "phial/util/buf.h"
#include "shop.h"

#include <pthread.h>

static struct lanes *open_lanes(int writers, size_t waiting_max)
{
    struct lanes *lanes = NULL;
    struct lanes_options options = {
        .database = {.url = test_database_url(), .role = "phial_daemon"},
        .writers = writers,
        .waiting_max = waiting_max};
    ck_assert_ok(lanes_start(&options, &lanes));
    return lanes;
}

struct waiting {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int done;
};

static void on_done(void *context)
{
    struct waiting *waiting = context;
    (void)pthread_mutex_lock(&waiting->lock);
    waiting->done++;
    (void)pthread_cond_signal(&waiting->changed);
    (void)pthread_mutex_unlock(&waiting->lock);
}

static void wait_for(struct waiting *waiting, int done)
{
    (void)pthread_mutex_lock(&waiting->lock);
    while (waiting->done < done)
        (void)pthread_cond_wait(&waiting->changed, &waiting->lock);
    (void)pthread_mutex_unlock(&waiting->lock);
}

#define WAITING                                                \
    {                                                          \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 \
    }

// As a handler does it: a catalog that has changed is looked at again.
static struct ingest_answer send(struct shop *shop, struct lanes *lanes, str body)
{
    struct waiting waiting = WAITING;
    struct ingest ingest = ingest_of(shop);
    struct ingest_run *run = NULL;
    struct ingest_answer answer = {0};
    int64_t revision = 0;
    ingest.lanes = lanes;
    ck_assert_ok(ingest_open(&ingest, FORMAT_NDJSON, body, &run));
    for (int turn = 1;; turn++) {
        ck_assert_int_lt(turn, 20);
        ck_assert_ok(ingest_admit(run, &ingest, &revision));
        bool waits = false;
        ck_assert_ok(ingest_submit(run, on_done, &waiting, &waits));
        if (!waits) {
            ck_assert_ok(ingest_store(run));
            break;
        }
        wait_for(&waiting, turn);
        result stored = ingest_submitted(run);
        if (stored.code != ERR_CATALOG_CHANGED) {
            ck_assert_ok(stored);
            ck_assert_ok(ingest_count(run, &ingest));
            break;
        }
        cache_free(shop->cache);
        ingest.cache = shop->cache = shop_cache();
    }
    ingest_answer(run, &answer);
    return answer;
}

static str events(struct shop *shop, const char *prefix, int from, int to, const char *rest)
{
    struct buf body = {.arena = &shop->arena};
    for (int i = from; i < to; i++)
        buf_addf(&body,
                 "{\"id\":\"%s-%d\",\"customer\":\"clinic-%d\",\"type\":\"image.analyzed\"," TIME
                 ",%s\n",
                 prefix, i, 1 + i % 3, rest);
    return buf_str(&body);
}

static void expect_counts(struct ingest_answer answer, int64_t accepted, int64_t duplicates,
                          int64_t rejected)
{
    ck_assert_int_eq(answer.accepted, accepted);
    ck_assert_int_eq(answer.duplicates, duplicates);
    ck_assert_int_eq(answer.rejected, rejected);
}

START_TEST(tells_new_from_repeated_and_conflicting)
{
    struct shop shop = shop_open();
    struct lanes *lanes = open_lanes(2, 1000);
    expect_counts(send(&shop, lanes, events(&shop, "lane", 0, 100, CT)), 100, 0, 0);
    expect_counts(send(&shop, lanes, events(&shop, "lane", 50, 150, CT)), 50, 50, 0);
    expect_counts(send(&shop, lanes, events(&shop, "lane", 140, 160, "\"quantity\":2," CT)), 10, 0,
                  10);
    struct ingest_answer answer = send(&shop, lanes, events(&shop, "lane", 3, 4, CT));
    ck_assert_ptr_nonnull(memmem(answer.body.ptr, answer.body.len, "\"index\":1}", 10));
    struct lanes_figures figures;
    lanes_figures_read(lanes, &figures);
    ck_assert_int_eq((int64_t)figures.entries, 221);
    ck_assert_int_eq((int64_t)figures.repeated, 0); // it remembered what it had written
    ck_assert_int_eq((int64_t)figures.waiting, 0);
    lanes_stop(lanes);

    lanes = open_lanes(1, 1000); // this one remembers nothing, and the index tells it
    expect_counts(send(&shop, lanes, events(&shop, "lane", 155, 165, CT)), 5, 0, 5);
    lanes_figures_read(lanes, &figures);
    ck_assert_int_ge((int64_t)figures.repeated, 1);
    lanes_stop(lanes);
    shop_close(&shop);
}
END_TEST

struct sender {
    struct lanes *lanes;
    int64_t accepted;
    int64_t duplicates;
};

enum { SENDERS = 4, ROUNDS = 8, SENT = 300 };

static void *send_rounds(void *context)
{
    struct sender *sender = context;
    struct shop shop = shop_again();
    for (int round = 0; round < ROUNDS; round++) {
        int from = round * SENT / 2;
        struct ingest_answer answer =
            send(&shop, sender->lanes, events(&shop, "many", from, from + SENT, CT));
        ck_assert_int_eq(answer.rejected, 0);
        sender->accepted += answer.accepted;
        sender->duplicates += answer.duplicates;
        arena_reset(&shop.arena);
    }
    shop_close(&shop);
    return NULL;
}

static int64_t sizes(struct shop *shop)
{
    return size_of(shop, "clinic-1") + size_of(shop, "clinic-2") + size_of(shop, "clinic-3");
}

START_TEST(many_senders_over_two_sets_of_lanes_store_each_once)
{
    struct shop shop = shop_open();
    struct lanes *lanes[] = {open_lanes(2, 500), open_lanes(2, 500)}; // as two daemons would
    struct sender senders[SENDERS];
    pthread_t threads[SENDERS];
    int64_t before = sizes(&shop);
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){.lanes = lanes[i % 2]};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, send_rounds, &senders[i]), 0);
    }
    int64_t accepted = 0;
    int64_t duplicates = 0;
    for (int i = 0; i < SENDERS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        accepted += senders[i].accepted;
        duplicates += senders[i].duplicates;
    }
    enum { DISTINCT = (ROUNDS + 1) * SENT / 2 };
    ck_assert_int_eq(accepted, DISTINCT);
    ck_assert_int_eq(accepted + duplicates, SENDERS * ROUNDS * SENT);
    ck_assert_int_eq(sizes(&shop) - before, DISTINCT);
    lanes_stop(lanes[0]);
    lanes_stop(lanes[1]);
    shop_close(&shop);
}
END_TEST

static result put_type(struct db_tx *tx, const char *document, str if_match)
{
    OWNED(json_release) json_t *root = NULL;
    struct change change = {.actor = STR("key:test"), .reason = STR(""), .now = NOW};
    struct faults faults = {.arena = db_arena(tx)};
    struct catalog_item item;
    change.precondition.if_match = if_match;
    TRY(json_parse(str_from(document), &root));
    return catalog_put(tx, CATALOG_EVENT_TYPE, STR("changing"),
                       (struct json_at){root, STR(""), &faults}, &change, &item);
}

static result make_type(struct db_tx *tx, void *context)
{
    return put_type(tx, context, STR(""));
}

static result change_type(struct db_tx *tx, void *context)
{
    return put_type(tx, context, STR("*"));
}

#define CHANGING(id, more) \
    "{\"id\":\"" id "\",\"customer\":\"clinic-1\",\"type\":\"changing\"," TIME more "}\n"

START_TEST(nothing_is_stored_under_a_catalog_that_has_changed)
{
    static char narrow[] = "{\"quantity\":{\"max\":\"5\"}}";
    static char wide[] = "{\"quantity\":{\"max\":\"50\"}}";
    struct shop shop = shop_open();
    struct lanes *lanes = open_lanes(2, 1000);
    ck_assert_ok(db_transact(shop.db, &shop.arena, make_type, wide));
    expect_counts(send(&shop, lanes, STR(CHANGING("c-1", ",\"quantity\":20"))), 1, 0, 0);
    // The cache still says 50.
    ck_assert_ok(db_transact(shop.db, &shop.arena, change_type, narrow));
    expect_counts(send(&shop, lanes, STR(CHANGING("c-2", ",\"quantity\":20"))), 0, 0, 1);
    lanes_stop(lanes);
    shop_close(&shop);
}
END_TEST

START_TEST(what_waits_is_written_before_the_lanes_stop)
{
    enum { MANY = 50 };
    struct shop shop = shop_open();
    struct lanes *lanes = open_lanes(1, 100000);
    struct waiting waiting = WAITING;
    struct ingest ingest = ingest_of(&shop);
    int64_t before = sizes(&shop);
    ingest.lanes = lanes;
    for (int i = 0; i < MANY; i++) {
        struct ingest_run *run = NULL;
        int64_t revision = 0;
        str body = events(&shop, "last", i * 20, i * 20 + 20, CT);
        ck_assert_ok(ingest_open(&ingest, FORMAT_NDJSON, body, &run));
        ck_assert_ok(ingest_admit(run, &ingest, &revision));
        bool waits = false;
        ck_assert_ok(ingest_submit(run, on_done, &waiting, &waits));
        ck_assert(waits);
    }
    lanes_stop(lanes);
    ck_assert_int_eq(waiting.done, MANY);
    ck_assert_int_eq(sizes(&shop) - before, 20 * MANY);
    shop_close(&shop);
}
END_TEST

START_TEST(a_database_that_is_away_fails_and_nothing_waits_for_ever)
{
    struct shop shop = shop_open();
    struct lanes *lanes = NULL;
    struct lanes_options options = {
        .database = {.url = "host=/nowhere dbname=none"}, .writers = 1, .waiting_max = 10};
    ck_assert_ok(lanes_start(&options, &lanes));
    struct waiting waiting = WAITING;
    struct ingest ingest = ingest_of(&shop);
    struct ingest_run *run = NULL;
    int64_t revision = 0;
    ingest.lanes = lanes;
    ck_assert_ok(ingest_open(&ingest, FORMAT_NDJSON, events(&shop, "away", 0, 30, CT), &run));
    ck_assert_ok(ingest_admit(run, &ingest, &revision));
    bool waits = false;
    ck_assert_ok(ingest_submit(run, on_done, &waiting, &waits));
    wait_for(&waiting, 1);
    ck_assert_fails(DB_AWAY, ingest_submitted(run));
    lanes_stop(lanes);
    shop_close(&shop);
}
END_TEST

TEST_MAIN("lanes", tells_new_from_repeated_and_conflicting,
          many_senders_over_two_sets_of_lanes_store_each_once,
          nothing_is_stored_under_a_catalog_that_has_changed,
          what_waits_is_written_before_the_lanes_stop,
          a_database_that_is_away_fails_and_nothing_waits_for_ever)
