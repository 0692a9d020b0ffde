// SPDX-License-Identifier: Apache-2.0
// Bodies go, and nothing else does: not the hash, not the identity, and no body that may not.
#include "log.h"
#include "phial/ledger/removed.h"
#include "phial/util/array.h"

// A log of 300 events of 1970, of which every third is amended, and one of 2025 at the end, index
// 400; the plan entry 401, the retention entry 402.
enum { OLD = 300, YOUNG = 400, PLAN, SAID, SIZE };

#define INSTANT_2025 INT64_C(1735689600000000)

static struct append typed_event(struct arena *arena, int64_t id, str customer, int number)
{
    struct append entry = log_event(arena, id, customer, number, 1);
    entry.members[0].json =
        str_printf(arena, "{\"id\":\"event-%d\",\"quantity\":\"1\",\"type\":\"visit\"}", number);
    return entry;
}

static struct append document(int64_t id, str customer, enum entry_kind kind, const char *json)
{
    return (struct append){.customer_id = id,
                           .customer = customer,
                           .kind = kind,
                           .members = {{entry_kind_name(kind).ptr, str_from(json)}},
                           .member_count = 1};
}

static int64_t make_log(struct db *db, str customer)
{
    struct arena arena = {0};
    int64_t id = log_make(db, customer);
    struct append entries[SIZE];
    size_t count = 0;
    for (int i = 0; i < OLD; i++)
        entries[count++] = typed_event(&arena, id, customer, i);
    for (int i = 0; i < OLD; i += 3) {
        struct append amend = document(id, customer, ENTRY_amend, "");
        amend.members[0].name = "set";
        amend.members[0].json = STR("{\"quantity\":\"2\"}");
        amend.has_reference = true;
        amend.reference = i;
        entries[count++] = amend;
    }
    ck_assert_uint_eq(count, YOUNG);
    entries[count] = typed_event(&arena, id, customer, YOUNG);
    entries[count++].time.us = INSTANT_2025;
    entries[count++] = document(id, customer, ENTRY_plan, "{\"key\":\"p\"}");
    entries[count++] = document(id, customer, ENTRY_retention, "{\"action\":\"removal\"}");
    ck_assert_ok(log_append(db, entries, count));
    arena_reset(&arena);
    return id;
}

struct attempt {
    struct removal removal;
    int64_t removed;
};

static result try_removal(struct db_tx *tx, void *context)
{
    struct attempt *attempt = context;
    return ledger_remove(tx, &attempt->removal, &attempt->removed);
}

static result remove_events(struct db *db, int64_t customer, const int64_t *events, size_t count,
                            int64_t *removed)
{
    struct arena arena = {0};
    struct attempt attempt = {.removal = {.customer_id = customer,
                                          .events = events,
                                          .event_count = count,
                                          .said_at = SAID,
                                          .before = {2000000}}};
    result done = db_transact(db, &arena, try_removal, &attempt);
    arena_reset(&arena);
    if (!failed(done))
        *removed = attempt.removed;
    return done;
}

struct look {
    int64_t customer_id;
    sha256 root;
    struct merkle_proof proof;
    struct seal seal;
    int64_t last;
    size_t removed; // positions
};

static result count_removed(void *context, const struct position *position)
{
    struct look *look = context;
    look->removed += position->removed;
    if (position->removed) {
        ck_assert_int_eq(position->retention_index, SAID);
        ck_assert_int_eq(position->made_at.us, INT64_C(1767225600000000));
    }
    return OK;
}

// The root over all positions, from what is stored there: its size is not the head's.
static result look_at(struct db_tx *tx, void *context)
{
    struct look *look = context;
    look->removed = 0;
    TRY(ledger_root(tx, look->customer_id, SIZE - 1, &look->root));
    TRY(ledger_inclusion(tx, look->customer_id, 5, SIZE - 1, &look->proof));
    TRY(ledger_each_position(tx, look->customer_id, 0, SIZE, count_removed, look));
    TRY(ledger_seal(tx, look->customer_id, &look->seal));
    return ledger_last_removed(tx, look->customer_id, SIZE, &look->last);
}

static struct look look_now(struct db *db, int64_t customer)
{
    struct arena arena = {0};
    struct look look = {.customer_id = customer};
    ck_assert_ok(db_transact(db, &arena, look_at, &look));
    arena_reset(&arena);
    return look;
}

static result read_entry(struct db_tx *tx, void *context)
{
    const int64_t *what = context; // customer, index
    struct entry entry = {0};
    return ledger_entry(tx, what[0], what[1], &entry);
}

static result read_all(struct db_tx *tx, void *context)
{
    const int64_t *customer = context;
    struct log_rows rows = {.customer_id = *customer, .size = SIZE};
    rows.leaves = arena_array(db_arena(tx), sha256, SIZE);
    return ledger_each(tx, *customer, 0, SIZE, log_take_leaf, &rows);
}

START_TEST(hashes_stay_and_bodies_go)
{
    struct arena arena = {0};
    struct db *db = test_database();
    int64_t customer = make_log(db, STR("removed"));
    const int64_t events[] = {3, 4, 5, 299};
    int64_t removed = 0;
    struct look before = look_now(db, customer);
    ck_assert(!before.seal.any);
    ck_assert_int_eq(before.last, NO_INDEX);
    ck_assert_ok(remove_events(db, customer, events, COUNT_OF(events), &removed));
    ck_assert_int_eq(removed, 5); // event 3 with its amendment
    struct look after = look_now(db, customer);
    ck_assert_mem_eq(before.root.bytes, after.root.bytes, SHA256_BYTES);
    ck_assert_uint_eq(before.proof.count, after.proof.count);
    ck_assert_mem_eq(before.proof.hashes, after.proof.hashes,
                     before.proof.count * sizeof before.proof.hashes[0]);
    ck_assert_uint_eq(after.removed, 5);
    ck_assert_int_eq(after.last, 301); // the amendment of event 3
    ck_assert(after.seal.any);
    ck_assert_int_eq(after.seal.before.us, 2000000);
    int64_t gone[] = {customer, 4};
    int64_t kept[] = {customer, 6};
    ck_assert_fails(ENTRY_REMOVED, db_transact(db, &arena, read_entry, gone));
    ck_assert_ok(db_transact(db, &arena, read_entry, kept));
    ck_assert_fails(ENTRY_REMOVED, db_transact(db, &arena, read_all, &customer));
    db_close(db);
    arena_reset(&arena);
}
END_TEST

START_TEST(an_identity_is_taken_for_good)
{
    struct arena arena = {0};
    struct db *db = test_database();
    int64_t customer = make_log(db, STR("repeated"));
    const int64_t events[] = {7};
    int64_t removed = 0;
    ck_assert_ok(remove_events(db, customer, events, 1, &removed));
    struct append again[] = {typed_event(&arena, customer, STR("repeated"), 7),
                             log_event(&arena, customer, STR("repeated"), 7, 99),
                             log_event(&arena, customer, STR("repeated"), 8, 99)};
    ck_assert_ok(log_append(db, again, COUNT_OF(again)));
    ck_assert_int_eq(again[0].outcome, APPEND_DUPLICATE);
    ck_assert_int_eq(again[1].outcome, APPEND_DUPLICATE); // nobody can say any more what it was
    ck_assert_int_eq(again[2].outcome, APPEND_CONFLICT);
    ck_assert_int_eq(again[0].index, 7);
    db_close(db);
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_what_may_not_go)
{
    struct db *db = test_database();
    struct db *owner = test_database_owner();
    int64_t customer = make_log(db, STR("guarded"));
    const int64_t young[] = {YOUNG};
    const int64_t plan[] = {PLAN};
    const int64_t old[] = {9};
    struct attempt wrongs[] = {
        {.removal = {customer, young, 1, SAID, {1}}}, {.removal = {customer, plan, 1, SAID, {1}}},
        {.removal = {customer, old, 1, PLAN, {1}}}, // no entry says so
        {.removal = {customer, old, 1, 8, {1}}},      {.removal = {customer, old, 1, SIZE, {1}}},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(wrongs); i++) {
        ck_assert_fails(DB_FAILED, db_transact(db, &arena, try_removal, &wrongs[i]));
        ck_assert_fails(DB_FAILED, db_transact(owner, &arena, try_removal, &wrongs[i]));
    }
    ck_assert_uint_eq(look_now(db, customer).removed, 0);
    db_close(db);
    db_close(owner);
    arena_reset(&arena);
}
END_TEST

static result run_statement(struct db_tx *tx, void *context)
{
    return db_exec(tx, context, NO_PARAMS);
}

START_TEST(refuses_what_is_held)
{
    static const struct db_stmt hold = {
        "t_hold",
        "INSERT INTO retention_hold (hold_id, customer_id, event_types, to_time, matter, "
        "made_index, created_at, created_by, reason) SELECT 'h', customer_id, '{visit}', "
        "'1980-01-01', 'm', 0, now(), 'x', 'x' FROM customer WHERE key = 'held'",
        0};
    static const struct db_stmt release = {
        "t_release",
        "UPDATE retention_hold SET released_index = 1, released_at = now(), released_by = 'x', "
        "release_reason = 'x' WHERE hold_id = 'h'",
        0};
    struct arena arena = {0};
    struct db *db = test_database();
    int64_t customer = make_log(db, STR("held"));
    const int64_t events[] = {9};
    int64_t removed = 0;
    struct db_stmt statement = hold;
    ck_assert_ok(db_transact(db, &arena, run_statement, &statement));
    ck_assert_fails(DB_FAILED, remove_events(db, customer, events, 1, &removed));
    statement = release;
    ck_assert_ok(db_transact(db, &arena, run_statement, &statement));
    ck_assert_ok(remove_events(db, customer, events, 1, &removed));
    db_close(db);
    arena_reset(&arena);
}
END_TEST

START_TEST(nobody_removes_by_hand)
{
    static struct db_stmt attempts[] = {
        {"r1", "UPDATE ledger_entry SET leaf = '' WHERE entry_index = 20", 0},
        {"r2", "UPDATE ledger_entry SET leaf = 'x' WHERE leaf = ''", 0}, // and none comes back
        {"r3", "DELETE FROM ledger_removed", 0},
        {"r4", "TRUNCATE ledger_removed", 0},
        {"r5", "UPDATE ledger_removed SET retention_index = 0", 0},
        {"r6",
         "INSERT INTO ledger_removed SELECT customer_id, 20, sha256(''), now(), 'visit', 402 "
         "FROM customer WHERE key = 'hands'",
         0},
        {"r7",
         "INSERT INTO ledger_removed SELECT customer_id, 400, sha256('\\x00'::bytea || leaf), "
         "now(), 'visit', 402 FROM ledger_entry WHERE entry_index = 400",
         0},
    };
    struct arena arena = {0};
    struct db *db = test_database();
    struct db *owner = test_database_owner();
    int64_t customer = make_log(db, STR("hands"));
    const int64_t events[] = {9};
    int64_t removed = 0;
    ck_assert_ok(remove_events(db, customer, events, 1, &removed));
    for (size_t i = 0; i < COUNT_OF(attempts); i++) {
        ck_assert_fails(DB_FAILED, db_transact(db, &arena, run_statement, &attempts[i]));
        ck_assert_fails(DB_FAILED, db_transact(owner, &arena, run_statement, &attempts[i]));
    }
    db_close(db);
    db_close(owner);
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("ledger removed", hashes_stay_and_bodies_go, an_identity_is_taken_for_good,
          refuses_what_may_not_go, refuses_what_is_held, nobody_removes_by_hand)
