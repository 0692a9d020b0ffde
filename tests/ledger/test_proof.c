// SPDX-License-Identifier: Apache-2.0
// Proofs against a tree built naively from every leaf, at the sizes where the stored nodes begin.
#include "log.h"
#include "root_from_parts.h"

static const int sizes[] = {1, 2, 3, 127, 255, 256, 257, 258, 511, 512, 513, 700};
enum { SIZE_MAX_HERE = 700 };

struct fixture {
    struct db *db;
    int64_t customer_id;
    sha256 leaves[SIZE_MAX_HERE];
};

static result take_leaf(void *context, const struct entry *entry)
{
    struct fixture *fixture = context;
    fixture->leaves[entry->index] = merkle_leaf(entry->leaf);
    return OK;
}

static result read_leaves(struct db_tx *tx, void *context)
{
    struct fixture *fixture = context;
    return ledger_each(tx, fixture->customer_id, 0, SIZE_MAX_HERE, take_leaf, fixture);
}

// The log grows in batches of uneven size, so that nodes are completed within and across them.
static struct fixture fixture_make(str customer)
{
    struct fixture fixture = {.db = test_database()};
    struct arena arena = {0};
    fixture.customer_id = log_make(fixture.db, customer);
    static const int steps[] = {0, 1, 7, 100, 256, 300, 699, SIZE_MAX_HERE};
    for (size_t i = 0; i + 1 < COUNT_OF(steps); i++)
        log_fill(fixture.db, fixture.customer_id, customer, steps[i], steps[i + 1]);
    ck_assert_ok(db_transact(fixture.db, &arena, read_leaves, &fixture));
    arena_reset(&arena);
    return fixture;
}

static result check_roots(struct db_tx *tx, void *context)
{
    const struct fixture *fixture = context;
    sha256 root;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        TRY(ledger_root(tx, fixture->customer_id, sizes[i], &root));
        sha256 naive = log_naive_root(fixture->leaves, (size_t)sizes[i]);
        ck_assert_mem_eq(root.bytes, naive.bytes, SHA256_BYTES);
    }
    sha256 empty = merkle_empty();
    TRY(ledger_root(tx, fixture->customer_id, 0, &root));
    ck_assert_mem_eq(root.bytes, empty.bytes, SHA256_BYTES);
    ck_assert_fails(INVALID, ledger_root(tx, fixture->customer_id, SIZE_MAX_HERE + 1, &root));
    ck_assert_fails(INVALID, ledger_root(tx, fixture->customer_id, -1, &root));
    ck_assert_fails(NOT_FOUND, ledger_root(tx, 999999, 0, &root));
    return OK;
}

START_TEST(roots_of_every_size_equal_the_naive_tree)
{
    struct arena arena = {0};
    struct fixture fixture = fixture_make(STR("roots"));
    ck_assert_ok(db_transact(fixture.db, &arena, check_roots, &fixture));
    db_close(fixture.db);
    arena_reset(&arena);
}
END_TEST

static result check_inclusion(struct db_tx *tx, void *context)
{
    const struct fixture *fixture = context;
    struct merkle_proof proof;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        int size = sizes[i];
        sha256 root = log_naive_root(fixture->leaves, (size_t)size);
        const int indexes[] = {0, size / 3, size / 2, size - 1};
        for (size_t k = 0; k < COUNT_OF(indexes); k++) {
            TRY(ledger_inclusion(tx, fixture->customer_id, indexes[k], size, &proof));
            TRY(merkle_verify_inclusion(&fixture->leaves[indexes[k]], (uint64_t)indexes[k],
                                        (uint64_t)size, &proof, &root));
        }
    }
    ck_assert_fails(INVALID, ledger_inclusion(tx, fixture->customer_id, 256, 256, &proof));
    ck_assert_fails(INVALID, ledger_inclusion(tx, fixture->customer_id, -1, 256, &proof));
    ck_assert_fails(INVALID,
                    ledger_inclusion(tx, fixture->customer_id, 0, SIZE_MAX_HERE + 1, &proof));
    return OK;
}

static result check_consistency(struct db_tx *tx, void *context)
{
    const struct fixture *fixture = context;
    struct merkle_proof proof;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        for (size_t k = i; k < COUNT_OF(sizes); k++) {
            sha256 from = log_naive_root(fixture->leaves, (size_t)sizes[i]);
            sha256 to = log_naive_root(fixture->leaves, (size_t)sizes[k]);
            TRY(ledger_consistency(tx, fixture->customer_id, sizes[i], sizes[k], &proof));
            TRY(merkle_verify_consistency((uint64_t)sizes[i], (uint64_t)sizes[k], &proof, &from,
                                          &to));
        }
    }
    ck_assert_fails(INVALID, ledger_consistency(tx, fixture->customer_id, 3, 2, &proof));
    return OK;
}

START_TEST(proofs_verify_around_the_stored_nodes)
{
    struct arena arena = {0};
    struct fixture fixture = fixture_make(STR("proofs"));
    ck_assert_ok(db_transact(fixture.db, &arena, check_inclusion, &fixture));
    ck_assert_ok(db_transact(fixture.db, &arena, check_consistency, &fixture));
    db_close(fixture.db);
    arena_reset(&arena);
}
END_TEST

static result check_cover(struct db_tx *tx, void *context)
{
    const struct fixture *fixture = context;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        int64_t size = sizes[i];
        int64_t from = size / 4;
        int64_t to = size - size / 3;
        struct merkle_span spans[4 * MERKLE_LEVELS_MAX];
        size_t left = 0;
        size_t right = 0;
        TRY(ledger_cover(tx, fixture->customer_id, size, 0, from, spans, &left));
        TRY(ledger_cover(tx, fixture->customer_id, size, to, size, spans + left, &right));
        sha256 root;
        TRY(root_from_parts((uint64_t)size, (uint64_t)from,
                            (struct given_parts){fixture->leaves + from, (uint64_t)(to - from),
                                                 spans, left + right},
                            &root));
        sha256 naive = log_naive_root(fixture->leaves, (size_t)size);
        ck_assert_mem_eq(root.bytes, naive.bytes, SHA256_BYTES);
    }
    return OK;
}

START_TEST(covers_and_leaves_give_the_root)
{
    struct arena arena = {0};
    struct fixture fixture = fixture_make(STR("cover"));
    ck_assert_ok(db_transact(fixture.db, &arena, check_cover, &fixture));
    db_close(fixture.db);
    arena_reset(&arena);
}
END_TEST

struct seen {
    int64_t indexes[16];
    size_t count;
};

static result see(void *context, const struct entry *entry)
{
    struct seen *seen = context;
    ck_assert_uint_lt(seen->count, COUNT_OF(seen->indexes));
    seen->indexes[seen->count++] = entry->index;
    return OK;
}

struct usage_case {
    int64_t customer_id;
    int64_t size;
    struct seen seen;
};

static result read_usage(struct db_tx *tx, void *context)
{
    struct usage_case *asked = context;
    return ledger_each_usage(tx, asked->customer_id, asked->size, (instant){10}, (instant){20}, see,
                             &asked->seen);
}

START_TEST(measuring_reads_events_of_the_time_and_what_corrects_them)
{
    struct arena arena = {0};
    struct db *db = test_database();
    str customer = STR("usage");
    int64_t id = log_make(db, customer);
    struct append batch[7];
    static const int64_t times[] = {9, 10, 19, 20, 5};
    for (int i = 0; i < 5; i++) {
        batch[i] = log_event(&arena, id, customer, i, 1);
        batch[i].time = (instant){times[i]};
    }
    for (int i = 5; i < 7; i++)
        batch[i] = (struct append){.customer_id = id,
                                   .customer = customer,
                                   .kind = i == 5 ? ENTRY_void : ENTRY_amend,
                                   .has_reference = true,
                                   .reference = i == 5 ? 1 : 4};
    ck_assert_ok(log_append(db, batch, COUNT_OF(batch)));

    static const struct {
        int64_t size;
        int64_t indexes[5];
        size_t count;
    } cases[] = {
        {7, {1, 2, 4, 5, 6}, 5}, // 4 lies outside, but an amendment names it
        {6, {1, 2, 5}, 3},
        {2, {1}, 1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct usage_case asked = {.customer_id = id, .size = cases[i].size};
        ck_assert_ok(db_transact(db, &arena, read_usage, &asked));
        ck_assert_uint_eq(asked.seen.count, cases[i].count);
        ck_assert_mem_eq(asked.seen.indexes, cases[i].indexes, cases[i].count * sizeof(int64_t));
    }
    db_close(db);
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("ledger proof", roots_of_every_size_equal_the_naive_tree,
          proofs_verify_around_the_stored_nodes, covers_and_leaves_give_the_root,
          measuring_reads_events_of_the_time_and_what_corrects_them)
