// SPDX-License-Identifier: Apache-2.0
// Batches that go by what their writer remembers of the logs.
#include "log.h"

static struct arena arena;

START_TEST(keeps_the_last_end_of_each_log)
{
    struct tips *tips = tips_new();
    struct tip found = {.size = 7};
    ck_assert(!tips_find(tips, &arena, 1, &found));
    ck_assert_int_eq(found.size, 7);
    for (int64_t id = 1; id <= 5000; id++) // several to a bucket
        tips_keep(tips, &(struct tip){id, id * 2, {id}, STR("nodes")});
    tips_keep(tips, &(struct tip){3, 9, {4}, STR("other")});
    ck_assert(tips_find(tips, &arena, 3, &found));
    ck_assert_int_eq(found.size, 9);
    ck_assert(str_eq(found.nodes, STR("other")));
    ck_assert(tips_find(tips, &arena, 4099, &found));
    ck_assert_int_eq(found.size, 8198);
    tips_drop(tips, 3);
    tips_drop(tips, 3);
    ck_assert(!tips_find(tips, &arena, 3, &found));
    tips_keep(tips, &(struct tip){.customer_id = 6, .nodes = STR("")});
    ck_assert(tips_find(tips, &arena, 6, &found));
    ck_assert_uint_eq(found.nodes.len, 0);
    for (int64_t id = 1; id <= 30000; id++) // beyond the bound
        tips_keep(tips, &(struct tip){.customer_id = id, .nodes = STR("")});
    ck_assert(tips_find(tips, &arena, 30000, &found));
    ck_assert(!tips_find(tips, &arena, 1, &found));
    tips_free(tips);
    arena_reset(&arena);
}
END_TEST

static result write_batch(struct db_tx *tx, void *context)
{
    return ledger_append_usage(tx, context);
}

static struct db *usage_database(void)
{
    return db_open(&(struct db_options){
        .url = test_database_url(), .role = "phial_daemon", .settings = ledger_settings});
}

static struct usage_batch batch_of(int64_t customer_id, str customer, int from, int to)
{
    struct usage_batch batch = {.now = {1767225600000000}, .count = (size_t)(to - from)};
    batch.entries = arena_array(&arena, struct append *, batch.count);
    for (int i = from; i < to; i++) {
        batch.entries[i - from] = arena_new(&arena, struct append);
        *batch.entries[i - from] = log_event(&arena, customer_id, customer, i, 1);
        batch.entries[i - from]->actor = STR("key:test");
    }
    return batch;
}

static void keep_grown(struct tips *tips, const struct usage_batch *batch)
{
    for (size_t i = 0; i < batch->grown_count; i++)
        tips_keep(tips, &batch->grown[i]);
}

START_TEST(appends_behind_a_known_end_and_not_behind_a_passed_one)
{
    struct db *db = usage_database();
    struct tips *tips = tips_new();
    int64_t id = log_make(db, STR("tips-1"));
    struct usage_batch first = batch_of(id, STR("tips-1"), 0, 300);
    ck_assert_ok(db_transact(db, &arena, write_batch, &first));
    ck_assert_uint_eq(first.grown_count, 1);
    keep_grown(tips, &first);
    // Known now: across a full subtree of 256, several times.
    for (int i = 300; i < 900; i += 100) {
        struct usage_batch next = batch_of(id, STR("tips-1"), i, i + 100);
        next.tips = tips;
        ck_assert_ok(db_transact(db, &arena, write_batch, &next));
        ck_assert_int_eq(next.entries[0]->index, i);
        keep_grown(tips, &next);
    }
    ck_assert_uint_eq(log_check(db, id), 900);
    // Somebody else writes: what is remembered is of the past.
    struct usage_batch other = batch_of(id, STR("tips-1"), 900, 901);
    ck_assert_ok(db_transact(db, &arena, write_batch, &other));
    struct usage_batch late = batch_of(id, STR("tips-1"), 901, 902);
    late.tips = tips;
    ck_assert_fails(HEAD_MOVED, db_transact(db, &arena, write_batch, &late));
    late.tips = NULL;
    ck_assert_ok(db_transact(db, &arena, write_batch, &late));
    ck_assert_int_eq(late.entries[0]->index, 901);
    keep_grown(tips, &late);
    // A repeat that nobody suspects.
    struct usage_batch again = batch_of(id, STR("tips-1"), 5, 6);
    again.tips = tips;
    ck_assert_fails(DB_DUPLICATE, db_transact(db, &arena, write_batch, &again));
    again.entries[0]->suspect = true;
    ck_assert_ok(db_transact(db, &arena, write_batch, &again));
    ck_assert_int_eq(again.entries[0]->outcome, APPEND_DUPLICATE);
    ck_assert_int_eq(again.entries[0]->index, 5);
    ck_assert_uint_eq(log_check(db, id), 902);
    tips_free(tips);
    arena_reset(&arena);
    db_close(db);
}
END_TEST

TEST_MAIN("ledger tips", keeps_the_last_end_of_each_log,
          appends_behind_a_known_end_and_not_behind_a_passed_one)
