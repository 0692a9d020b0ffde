// SPDX-License-Identifier: Apache-2.0
#include "ledger.sql.h"
#include "log.h"

#include <pthread.h>

START_TEST(stores_an_event_once)
{
    struct arena arena = {0};
    struct db *db = test_database();
    int64_t id = log_make(db, STR("once"));
    struct append first = log_event(&arena, id, STR("once"), 1, 1);
    struct append again = first;
    struct append other = log_event(&arena, id, STR("once"), 1, 2);
    ck_assert_ok(log_append(db, &first, 1));
    ck_assert_ok(log_append(db, &again, 1));
    ck_assert_ok(log_append(db, &other, 1));
    ck_assert_int_eq(first.outcome, APPEND_ACCEPTED);
    ck_assert_int_eq(again.outcome, APPEND_DUPLICATE);
    ck_assert_int_eq(other.outcome, APPEND_CONFLICT);
    ck_assert_int_eq(other.index, 0);
    ck_assert(!other.first_is_new);
    ck_assert_uint_eq(log_check(db, id), 1);
    db_close(db);
    arena_reset(&arena);
}
END_TEST

// One batch, small and large (the two ways to find what is stored), over two customers: stored
// before, twice within, and both.
static void append_a_mixed_batch(struct db *db, str one, str two, int filler)
{
    struct arena arena = {0};
    int64_t a = log_make(db, one);
    int64_t b = log_make(db, two);
    struct append stored = log_event(&arena, a, one, 1, 1);
    ck_assert_ok(log_append(db, &stored, 1));

    struct append *batch = arena_array(&arena, struct append, (size_t)filler + 8);
    batch[0] = log_event(&arena, b, two, 1, 1); // new: another customer
    batch[1] = log_event(&arena, a, one, 1, 2); // conflict with the stored one
    batch[2] = log_event(&arena, a, one, 1, 1); // duplicate of the stored one, after a conflict
    batch[3] = log_event(&arena, a, one, 2, 5); // new
    batch[4] = log_event(&arena, a, one, 2, 5); // its duplicate
    batch[5] = log_event(&arena, a, one, 2, 6); // its conflict
    batch[6] = log_event(&arena, b, two, 2, 1); // new
    batch[7] = log_event(&arena, a, one, 3, 1); // new
    for (int i = 0; i < filler; i++)
        batch[8 + i] = log_event(&arena, b, two, 100 + i, 1);
    ck_assert_ok(log_append(db, batch, (size_t)filler + 8));

    static const struct {
        int64_t index;
        enum append_outcome outcome;
        bool first_is_new;
    } expected[] = {
        {0, APPEND_ACCEPTED, false}, {0, APPEND_CONFLICT, false}, {0, APPEND_DUPLICATE, false},
        {1, APPEND_ACCEPTED, false}, {1, APPEND_DUPLICATE, true}, {1, APPEND_CONFLICT, true},
        {1, APPEND_ACCEPTED, false}, {2, APPEND_ACCEPTED, false},
    };
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        ck_assert_int_eq(batch[i].outcome, expected[i].outcome);
        ck_assert_int_eq(batch[i].index, expected[i].index);
        ck_assert_int_eq(batch[i].first_is_new, expected[i].first_is_new);
    }
    ck_assert_uint_eq(log_check(db, a), 3);
    ck_assert_uint_eq(log_check(db, b), 2 + (size_t)filler);
    arena_reset(&arena);
}

START_TEST(tells_duplicates_from_conflicts)
{
    struct db *db = test_database();
    append_a_mixed_batch(db, STR("small-a"), STR("small-b"), 0);
    append_a_mixed_batch(db, STR("large-a"), STR("large-b"), 300);
    db_close(db);
}
END_TEST

static result probe(struct db_tx *tx, void *context)
{
    struct log_writing *writing = context;
    return ledger_probe(tx, writing->entries, writing->count);
}

START_TEST(a_probe_answers_the_same_and_writes_nothing)
{
    struct arena arena = {0};
    struct db *db = test_database();
    int64_t id = log_make(db, STR("probe"));
    log_fill(db, id, STR("probe"), 0, 3);
    struct append batch[] = {
        log_event(&arena, id, STR("probe"), 1, 1), log_event(&arena, id, STR("probe"), 2, 2),
        log_event(&arena, id, STR("probe"), 3, 1), log_event(&arena, id, STR("probe"), 3, 1)};
    struct log_writing writing = {.entries = batch, .count = COUNT_OF(batch)};
    ck_assert_ok(db_transact(db, &arena, probe, &writing));
    ck_assert_int_eq(batch[0].outcome, APPEND_DUPLICATE);
    ck_assert_int_eq(batch[1].outcome, APPEND_CONFLICT);
    ck_assert_int_eq(batch[2].outcome, APPEND_ACCEPTED);
    ck_assert_int_eq(batch[2].index, NO_INDEX);
    ck_assert_int_eq(batch[3].outcome, APPEND_DUPLICATE);
    ck_assert_uint_eq(log_check(db, id), 3);
    db_close(db);
    arena_reset(&arena);
}
END_TEST

static struct append void_of(int64_t id, str customer, int64_t reference)
{
    return (struct append){.customer_id = id,
                           .customer = customer,
                           .kind = ENTRY_void,
                           .has_reference = true,
                           .reference = reference,
                           .members = {{"reason", {"\"wrong\"", 7}}},
                           .member_count = 1};
}

START_TEST(voids_an_event_once)
{
    struct db *db = test_database();
    int64_t id = log_make(db, STR("void"));
    log_fill(db, id, STR("void"), 0, 3);
    struct append first = void_of(id, STR("void"), 1);
    struct append second = first;
    ck_assert_ok(log_append(db, &first, 1));
    ck_assert_int_eq(first.index, 3);
    ck_assert_fails(ALREADY_VOID, log_append(db, &second, 1));
    struct append twice[] = {void_of(id, STR("void"), 2), void_of(id, STR("void"), 2)};
    ck_assert_fails(ALREADY_VOID, log_append(db, twice, COUNT_OF(twice)));
    ck_assert_uint_eq(log_check(db, id), 4);
    db_close(db);
}
END_TEST

struct last_leaf {
    int64_t customer_id;
    int64_t index;
    struct entry entry;
};

static result read_entry(struct db_tx *tx, void *context)
{
    struct last_leaf *last = context;
    return ledger_entry(tx, last->customer_id, last->index, &last->entry);
}

START_TEST(time_never_runs_backwards_along_a_log)
{
    struct arena arena = {0};
    struct db *db = test_database();
    int64_t id = log_make(db, STR("time"));
    static const int64_t clock[] = {1767225600000002, 1767225600000001, 1767225600000003};
    static const char *const stored[] = {"\"2026-01-01T00:00:00.000002Z\"",
                                         "\"2026-01-01T00:00:00.000002Z\"",
                                         "\"2026-01-01T00:00:00.000003Z\""};
    for (int i = 0; i < 3; i++) {
        struct append entry = log_event(&arena, id, STR("time"), i, 1);
        struct log_writing writing = {{clock[i]}, &entry, 1};
        ck_assert_ok(db_transact(db, &arena, log_append_work, &writing));
        struct last_leaf last = {.customer_id = id, .index = i};
        ck_assert_ok(db_transact(db, &arena, read_entry, &last));
        ck_assert_str_eq(str_to_c(&arena, leaf_member(last.entry.leaf, "at")), stored[i]);
    }
    db_close(db);
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_a_customer_without_a_log)
{
    struct arena arena = {0};
    struct db *db = test_database();
    struct append entry = log_event(&arena, 999999, STR("nobody"), 1, 1);
    ck_assert_fails(NOT_FOUND, log_append(db, &entry, 1));
    db_close(db);
    arena_reset(&arena);
}
END_TEST

enum { RACE_CUSTOMERS = 3, RACE_EVENTS = 400, RACE_ROUNDS = 6 };

struct racer {
    int64_t ids[RACE_CUSTOMERS];
    bool backwards;
    int accepted;
    int failures;
};

static const str race_keys[RACE_CUSTOMERS] = {{"race-0", 6}, {"race-1", 6}, {"race-2", 6}};

static void *race(void *context)
{
    struct racer *racer = context;
    struct db *db = test_database();
    for (int round = 0; round < RACE_ROUNDS; round++) {
        struct arena arena = {0};
        struct append *batch = arena_array(&arena, struct append, RACE_EVENTS);
        for (int i = 0; i < RACE_EVENTS; i++) {
            int number = round * RACE_EVENTS / 2 + i; // half of the last round again
            int at = racer->backwards ? RACE_EVENTS - 1 - i : i;
            int customer = number % RACE_CUSTOMERS;
            batch[at] = log_event(&arena, racer->ids[customer], race_keys[customer], number, 1);
        }
        if (failed(log_append(db, batch, RACE_EVENTS)))
            racer->failures++;
        for (int i = 0; i < RACE_EVENTS; i++)
            racer->accepted += batch[i].outcome == APPEND_ACCEPTED;
        arena_reset(&arena);
    }
    db_close(db);
    return NULL;
}

START_TEST(two_writers_store_each_event_once)
{
    struct db *db = test_database();
    struct racer racers[2] = {{.backwards = false}, {.backwards = true}};
    for (int i = 0; i < RACE_CUSTOMERS; i++)
        racers[0].ids[i] = racers[1].ids[i] = log_make(db, race_keys[i]);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);

    enum { DISTINCT = (RACE_ROUNDS - 1) * RACE_EVENTS / 2 + RACE_EVENTS };
    ck_assert_int_eq(racers[0].failures + racers[1].failures, 0);
    ck_assert_int_eq(racers[0].accepted + racers[1].accepted, DISTINCT);
    size_t stored = 0;
    for (int i = 0; i < RACE_CUSTOMERS; i++)
        stored += log_check(db, racers[0].ids[i]);
    ck_assert_uint_eq(stored, DISTINCT);
    db_close(db);
}
END_TEST

static result run_statement(struct db_tx *tx, void *context)
{
    return db_exec(tx, context, NO_PARAMS);
}

START_TEST(the_tables_are_append_only)
{
    static struct db_stmt attempts[] = {
        {"t1", "UPDATE ledger_entry SET leaf = ''", 0},
        {"t2", "DELETE FROM ledger_entry", 0},
        {"t3", "TRUNCATE ledger_entry", 0},
        {"t4", "UPDATE ledger_entry_00 SET leaf = ''", 0},
        {"t5", "DELETE FROM ledger_entry_07", 0},
        {"t6", "TRUNCATE ledger_entry_15", 0},
        {"t7", "UPDATE ledger_node SET hash = ''", 0},
        {"t8", "DELETE FROM ledger_node", 0},
        {"t9", "TRUNCATE ledger_node", 0},
        {"t10", "DELETE FROM ledger_head", 0},
        {"t11", "TRUNCATE ledger_head", 0},
    };
    struct arena arena = {0};
    struct db *daemon = test_database();
    struct db *owner = test_database_owner();
    // Row triggers speak for rows only: enough customers that every partition holds one.
    for (int i = 0; i < 100; i++) {
        str key = str_printf(&arena, "guard-%d", i);
        int64_t id = log_make(daemon, key);
        log_fill(daemon, id, key, 0, i == 0 ? 256 : 1);
    }
    for (size_t i = 0; i < COUNT_OF(attempts); i++) {
        ck_assert_fails(DB_FAILED, db_transact(daemon, &arena, run_statement, &attempts[i]));
        ck_assert_fails(DB_FAILED, db_transact(owner, &arena, run_statement, &attempts[i]));
    }
    db_close(daemon);
    db_close(owner);
    arena_reset(&arena);
}
END_TEST

// Catches a column renamed by a migration, in every statement, used by a test or not.
START_TEST(every_statement_fits_the_schema)
{
    struct db *db = test_database();
    for (size_t i = 0; ledger_statements[i] != NULL; i++)
        ck_assert_ok(db_check(db, ledger_statements[i]));
    db_close(db);
}
END_TEST

// Two entries whose places are told before either is written.
static result foresee(struct db_tx *tx, void *context)
{
    int64_t id = *(int64_t *)context;
    struct append entries[2];
    struct head foreseen = {0};
    struct head head = {0};
    for (size_t i = 0; i < COUNT_OF(entries); i++)
        entries[i] = (struct append){
            .customer_id = id,
            .customer = STR("foreseen"),
            .kind = ENTRY_adjustment,
            .members = {{.name = "adjustment", .json = i == 0 ? STR("{}") : STR("{\"a\":1}")}},
            .member_count = 1,
        };
    instant now = {1767225600000000 - 1}; // the log's time does not go back
    TRY(ledger_head_lock(tx, id, &foreseen));
    for (size_t i = 0; i < COUNT_OF(entries); i++)
        TRY(ledger_grow(db_arena(tx), now, STR("key:test"), &entries[i], &foreseen));
    TRY(ledger_append(tx, now, STR("key:test"), entries, COUNT_OF(entries)));
    TRY(ledger_head(tx, id, &head));
    sha256 root = merkle_root(&head.range);
    sha256 wanted = merkle_root(&foreseen.range);
    ck_assert_int_eq(head.size, foreseen.size);
    ck_assert_int_eq(head.last_at.us, foreseen.last_at.us);
    ck_assert_mem_eq(root.bytes, wanted.bytes, SHA256_BYTES);
    return OK;
}

START_TEST(tells_where_a_log_will_end)
{
    struct arena arena = {0};
    struct db *db = test_database();
    int64_t id = log_make(db, STR("foreseen"));
    log_fill(db, id, STR("foreseen"), 0, 3);
    ck_assert_ok(db_transact(db, &arena, foresee, &id));
    ck_assert_uint_eq(log_check(db, id), 5);
    db_close(db);
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("ledger writer", stores_an_event_once, tells_duplicates_from_conflicts,
          a_probe_answers_the_same_and_writes_nothing, voids_an_event_once,
          time_never_runs_backwards_along_a_log, refuses_a_customer_without_a_log,
          two_writers_store_each_event_once, the_tables_are_append_only,
          every_statement_fits_the_schema, tells_where_a_log_will_end)
