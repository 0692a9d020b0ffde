// SPDX-License-Identifier: Apache-2.0
// log.h - a customer's log for tests: made by hand, filled with numbered events, and rebuilt from
// its rows to be compared with what the ledger says of it.
#pragma once

#include "phial/ledger/ledger.h"
#include "test_database.h"

#include <string.h>

enum { LOG_SIZE_MAX = 10000 }; // of any log of these tests

static const struct db_stmt log_customer_sql = {
    "test_customer",
    "INSERT INTO customer (key, document, sha256, currency, time_zone, created_at, updated_at) "
    "VALUES ($1, '{}', '', 'USD', 'UTC', now(), now()) RETURNING customer_id",
    1};

struct log_making {
    str key;
    int64_t id;
};

static inline result log_make_work(struct db_tx *tx, void *context)
{
    struct log_making *making = context;
    TRY(db_one(tx, &log_customer_sql, PARAMS(db_text(making->key)),
               COLUMNS(db_into_i64("customer_id", &making->id))));
    return ledger_open(tx, making->id);
}

static inline int64_t log_make(struct db *db, str key)
{
    struct arena arena = {0};
    struct log_making making = {.key = key};
    ck_assert_ok(db_transact(db, &arena, log_make_work, &making));
    arena_reset(&arena);
    return making.id;
}

// An event whose identity and content follow from two numbers.
static inline struct append log_event(struct arena *arena, int64_t customer_id, str customer,
                                      int number, int quantity)
{
    str id = str_printf(arena, "event-%d", number);
    return (struct append){
        .customer_id = customer_id,
        .customer = customer,
        .kind = ENTRY_usage,
        .has_identity = true,
        .identity = identity_of(STR(""), id),
        .has_time = true,
        .time = {1000000},
        .members = {{"event", str_printf(arena, "{\"id\":\"event-%d\",\"quantity\":\"%d\"}", number,
                                         quantity)}},
        .member_count = 1};
}

struct log_writing {
    instant now;
    struct append *entries;
    size_t count;
};

static inline result log_append_work(struct db_tx *tx, void *context)
{
    struct log_writing *writing = context;
    return ledger_append(tx, writing->now, STR("key:test"), writing->entries, writing->count);
}

static inline result log_append(struct db *db, struct append *entries, size_t count)
{
    struct arena arena = {0};
    struct log_writing writing = {{1767225600000000}, entries, count};
    result done = db_transact(db, &arena, log_append_work, &writing);
    arena_reset(&arena);
    return done;
}

// Events [from, to) into one log, which has none of them.
static inline void log_fill(struct db *db, int64_t customer_id, str customer, int from, int to)
{
    struct arena arena = {0};
    size_t count = (size_t)(to - from);
    struct append *entries = arena_array(&arena, struct append, count);
    for (int i = from; i < to; i++)
        entries[i - from] = log_event(&arena, customer_id, customer, i, 1);
    ck_assert_ok(log_append(db, entries, count));
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(entries[i].outcome, APPEND_ACCEPTED);
    arena_reset(&arena);
}

struct log_rows {
    int64_t customer_id;
    sha256 *leaves;
    size_t count;
    size_t size;
};

static inline result log_take_leaf(void *context, const struct entry *entry)
{
    struct log_rows *rows = context;
    ck_assert_int_eq(entry->index, (int64_t)rows->count);
    ck_assert_uint_lt(rows->count, rows->size);
    rows->leaves[rows->count++] = merkle_leaf(entry->leaf);
    return OK;
}

// The tree by its definition, from every leaf.
// NOLINTNEXTLINE(misc-no-recursion): the definition of RFC 6962, as deep as the tree
static inline sha256 log_naive_root(const sha256 *leaves, size_t count)
{
    if (count == 0)
        return merkle_empty();
    if (count == 1)
        return leaves[0];
    size_t half = 1;
    while (half * 2 < count)
        half *= 2;
    sha256 left = log_naive_root(leaves, half);
    sha256 right = log_naive_root(leaves + half, count - half);
    return merkle_node(&left, &right);
}

static inline result log_check_work(struct db_tx *tx, void *context)
{
    struct log_rows *rows = context;
    struct head head;
    TRY(ledger_head(tx, rows->customer_id, &head));
    rows->size = (size_t)head.size;
    rows->leaves = arena_array(db_arena(tx), sha256, rows->size);
    TRY(ledger_each(tx, rows->customer_id, 0, LOG_SIZE_MAX, log_take_leaf, rows));
    ck_assert_uint_eq(rows->count, rows->size);
    sha256 root = log_naive_root(rows->leaves, rows->count);
    sha256 of_head = merkle_root(&head.range);
    ck_assert_mem_eq(root.bytes, of_head.bytes, SHA256_BYTES);
    return OK;
}

// That the head is the root of the rows; yields how many there are.
static inline size_t log_check(struct db *db, int64_t customer_id)
{
    struct arena arena = {0};
    struct log_rows rows = {.customer_id = customer_id};
    ck_assert_ok(db_transact(db, &arena, log_check_work, &rows));
    arena_reset(&arena);
    return rows.count;
}
