// SPDX-License-Identifier: Apache-2.0
// A superuser who has switched every guard off: whatever he does to the rows of a log is found, by
// the signer, by the log of heads, by the scrubber. T1 to T3, T6 and T13 of the study.
#include "folder.h"
#include "log.h"
#include "phial/ledger/scrub.h"
#include "phial/merkle/note.h"

enum { ENTRIES = 700 }; // two nodes of 256 and a rest
static const instant noon = {1767225600000000};

struct place {
    struct arena arena;
    struct folder folder;
    struct db *db;    // as the daemon
    struct db *owner; // without guards
    struct signer *signer;
    str customer;
    int64_t customer_id;
    struct epoch epoch;
    str note;
    sha256 root;
    int64_t size;
};

static result run(struct db_tx *tx, void *context)
{
    return db_exec(tx, context, NO_PARAMS);
}

static void attack(struct place *place, const char *sql)
{
    struct db_stmt stmt = {"attack", sql, 0};
    struct db *owner = test_database_owner(); // a statement's name stands for one text
    struct db_stmt allow = {"allow", "SELECT set_config('phial.migrating', 'on', false)", 0};
    ck_assert_ok(db_transact(owner, &place->arena, run, &allow));
    ck_assert_ok(db_transact(owner, &place->arena, run, &stmt));
    db_close(owner);
}

// The same of one customer, whose number stands where %lld does, at most four times.
#define ATTACK(place, ...) attack(place, str_printf(&(place)->arena, __VA_ARGS__).ptr)

static result publish(struct db_tx *tx, void *context)
{
    struct place *place = context;
    int64_t entered = 0;
    return heads_enter(tx, &place->epoch, noon, &entered);
}

static result sign(struct db_tx *tx, void *context)
{
    struct place *place = context;
    return signer_checkpoint(place->signer, tx, place->customer_id, place->customer, &place->note,
                             &place->size, &place->root);
}

static result check(struct db_tx *tx, void *context)
{
    const struct place *place = context;
    return signer_check(place->signer, tx);
}

static void place_make(struct place *place, str customer)
{
    *place = (struct place){.folder = folder_make(),
                            .db = test_database(),
                            .customer = customer,
                            .epoch = {1, STR("phial.test")}};
    attack(place, "ALTER TABLE ledger_entry DISABLE TRIGGER USER");
    attack(place, "ALTER TABLE ledger_head DISABLE TRIGGER USER");
    attack(place, "ALTER TABLE ledger_node DISABLE TRIGGER USER");
    place->signer = open_signer(&place->folder);
    place->customer_id = log_make(place->db, customer);
    log_fill(place->db, place->customer_id, customer, 0, ENTRIES);
}

static void place_remove(struct place *place)
{
    signer_close(place->signer);
    db_close(place->db);
    folder_remove(&place->folder);
    arena_reset(&place->arena);
}

struct scrubbing {
    int64_t customer_id;
    struct scrub scrub;
};

static result scrub_whole(struct db_tx *tx, void *context)
{
    struct scrubbing *scrubbing = context;
    struct head head;
    TRY(ledger_head(tx, scrubbing->customer_id, &head));
    scrubbing->scrub =
        (struct scrub){.customer_id = scrubbing->customer_id, .whole = true, .size = head.size};
    while (!scrub_is_done(&scrubbing->scrub))
        TRY(scrub_step(tx, 300, &scrubbing->scrub));
    return OK;
}

// What the scrubber says of the log; NULL for nothing.
static const char *scrub(struct place *place)
{
    struct scrubbing scrubbing = {.customer_id = place->customer_id};
    ck_assert_ok(db_transact(place->db, &place->arena, scrub_whole, &scrubbing));
    return scrubbing.scrub.fault;
}

START_TEST(a_sound_log_is_found_sound)
{
    struct place place;
    place_make(&place, STR("sound"));
    ck_assert_ptr_null(scrub(&place));
    ck_assert_ok(db_transact(place.db, &place.arena, publish, &place));
    ck_assert_ok(db_transact(place.db, &place.arena, sign, &place));
    ck_assert_ptr_null(scrub(&place));
    place_remove(&place);
}
END_TEST

START_TEST(a_deleted_entry_is_missed)
{
    struct place place;
    place_make(&place, STR("deleted"));
    ATTACK(&place, "DELETE FROM ledger_entry WHERE customer_id = %lld AND entry_index = 500",
           (long long)place.customer_id);
    ck_assert_str_eq(scrub(&place), "entry_missing");
    ck_assert_fails(HEAD_REFUSED, db_transact(place.db, &place.arena, sign, &place));
    place_remove(&place);
}
END_TEST

START_TEST(a_flipped_bit_is_not_signed)
{
    struct place place;
    place_make(&place, STR("flipped"));
    ATTACK(&place,
           "UPDATE ledger_entry SET leaf = set_bit(leaf, 99, 1 - get_bit(leaf, 99)) "
           "WHERE customer_id = %lld AND entry_index = 699",
           (long long)place.customer_id);
    ck_assert_fails(HEAD_REFUSED, db_transact(place.db, &place.arena, sign, &place));
    ck_assert_str_eq(scrub(&place), "other_than_its_head");
    ATTACK(&place,
           "UPDATE ledger_entry SET leaf = set_bit(leaf, 99, 1 - get_bit(leaf, 99)) "
           "WHERE customer_id = %lld AND entry_index = 3",
           (long long)place.customer_id);
    ck_assert_str_eq(scrub(&place), "other_than_its_node");
    place_remove(&place);
}
END_TEST

START_TEST(two_entries_swapped_are_found)
{
    struct place place;
    place_make(&place, STR("swapped"));
    ATTACK(&place,
           "UPDATE ledger_entry AS one SET leaf = other.leaf FROM ledger_entry AS other "
           "WHERE one.customer_id = %lld AND other.customer_id = one.customer_id "
           "AND (one.entry_index, other.entry_index) IN ((600, 601), (601, 600))",
           (long long)place.customer_id);
    ck_assert_str_eq(scrub(&place), "other_than_its_head");
    ck_assert_fails(HEAD_REFUSED, db_transact(place.db, &place.arena, sign, &place));
    place_remove(&place);
}
END_TEST

struct rebuilding {
    struct place *place;
    struct merkle_range range;
};

static result append_leaf(void *context, const struct entry *entry)
{
    struct rebuilding *rebuilding = context;
    sha256 hash = merkle_leaf(entry->leaf);
    return merkle_append(&rebuilding->range, &hash, NULL, NULL);
}

static const struct db_stmt set_head_sql = {
    "set_head", "UPDATE ledger_head SET size = $2, nodes = $3 WHERE customer_id = $1", 3};
static const struct db_stmt set_node_sql = {
    "set_node",
    "UPDATE ledger_node SET hash = $3 WHERE customer_id = $1 AND level = 8 AND number = $2", 3};

// What the rows come to now: the head is made theirs.
static result rebuild(struct db_tx *tx, void *context)
{
    struct rebuilding *rebuilding = context;
    int64_t customer_id = rebuilding->place->customer_id;
    TRY(ledger_each(tx, customer_id, 0, LOG_SIZE_MAX, append_leaf, rebuilding));
    return db_exec(tx, &set_head_sql,
                   PARAMS(db_i64(customer_id), db_i64((int64_t)rebuilding->range.size),
                          db_bytes(merkle_range_print(db_arena(tx), &rebuilding->range))));
}

// The node over the first 256 leaves as well.
static result rebuild_node(struct db_tx *tx, void *context)
{
    struct rebuilding *rebuilding = context;
    int64_t customer_id = rebuilding->place->customer_id;
    rebuilding->range = (struct merkle_range){0};
    TRY(ledger_each(tx, customer_id, 0, 256, append_leaf, rebuilding));
    return db_exec(
        tx, &set_node_sql,
        PARAMS(db_i64(customer_id), db_i64(0), db_bytes(sha256_str(&rebuilding->range.nodes[0]))));
}

static void make_consistent(struct place *place)
{
    struct rebuilding rebuilding = {.place = place};
    place->owner = test_database_owner();
    ck_assert_ok(db_transact(place->owner, &place->arena, rebuild, &rebuilding));
    ck_assert_ok(db_transact(place->owner, &place->arena, rebuild_node, &rebuilding));
    db_close(place->owner);
}

START_TEST(a_rewritten_log_is_refused_by_who_saw_it_before)
{
    struct place place;
    place_make(&place, STR("rewritten"));
    ck_assert_ok(db_transact(place.db, &place.arena, sign, &place));
    ck_assert_ok(db_transact(place.db, &place.arena, publish, &place));
    ATTACK(&place,
           "UPDATE ledger_entry SET leaf = convert_to(replace(convert_from(leaf, 'UTF8'), "
           "'\"quantity\":\"0\"', '\"quantity\":\"9\"'), 'UTF8') || ' ' "
           "WHERE customer_id = %lld AND entry_index = 7",
           (long long)place.customer_id);
    make_consistent(&place);
    ck_assert_str_eq(scrub(&place), "other_than_entered"); // else all fits
    ck_assert_fails(HEAD_REFUSED, db_transact(place.db, &place.arena, sign, &place));
    ck_assert_fails(HEAD_REFUSED, db_transact(place.db, &place.arena, check, &place));
    log_fill(place.db, place.customer_id, place.customer, ENTRIES, ENTRIES + 1);
    ck_assert_fails(HEAD_REFUSED, db_transact(place.db, &place.arena, sign, &place));
    place_remove(&place);
}
END_TEST

START_TEST(a_cut_tail_is_refused_by_who_saw_it_before)
{
    struct place place;
    place_make(&place, STR("cut"));
    ck_assert_ok(db_transact(place.db, &place.arena, sign, &place));
    ck_assert_ok(db_transact(place.db, &place.arena, publish, &place));
    ATTACK(&place, "DELETE FROM ledger_entry WHERE customer_id = %lld AND entry_index >= 690",
           (long long)place.customer_id);
    make_consistent(&place);
    ck_assert_fails(HEAD_REFUSED, db_transact(place.db, &place.arena, sign, &place));
    ck_assert_fails(HEAD_REFUSED, db_transact(place.db, &place.arena, check, &place));
    ck_assert_fails(HEAD_REFUSED, db_transact(place.db, &place.arena, publish, &place));
    // Others in their place are other ones.
    log_fill(place.db, place.customer_id, place.customer, 5000, 5020);
    ck_assert_fails(HEAD_REFUSED, db_transact(place.db, &place.arena, sign, &place));
    ck_assert_str_eq(scrub(&place), "other_than_entered");
    place_remove(&place);
}
END_TEST

struct claiming {
    struct scrub_terms terms;
    struct scrub scrub;
};

static result notice_all(struct db_tx *tx, void *context)
{
    const int64_t *due_s = context;
    return scrub_notice(tx, *due_s);
}

static result claim_one(struct db_tx *tx, void *context)
{
    struct claiming *claiming = context;
    return scrub_claim(tx, &claiming->terms, &claiming->scrub);
}

static result settle_one(struct db_tx *tx, void *context)
{
    struct claiming *claiming = context;
    while (!scrub_is_done(&claiming->scrub))
        TRY(scrub_step(tx, SCRUB_LEAVES_MAX, &claiming->scrub));
    return scrub_settle(tx, &claiming->scrub);
}

static result count_state(struct db_tx *tx, void *context)
{
    return scrub_state(tx, context);
}

// In a database of this program's own, where earlier tests left logs that are not sound.
START_TEST(every_log_has_its_turn)
{
    struct place place;
    struct claiming claiming = {.terms = {.whole_s = 3600, .recent_s = 0, .since = {0}}};
    struct scrub_state state = {0, 0};
    int64_t due_s = 0;
    place_make(&place, STR("turns"));
    ck_assert_fails(NOT_FOUND, db_transact(place.db, &place.arena, claim_one, &claiming));
    ck_assert_ok(db_transact(place.db, &place.arena, notice_all, &due_s));
    size_t looked = 0;
    result claimed = db_transact(place.db, &place.arena, claim_one, &claiming);
    while (!failed(claimed) && claiming.scrub.whole) {
        ck_assert_ok(db_transact(place.db, &place.arena, settle_one, &claiming));
        looked++;
        claimed = db_transact(place.db, &place.arena, claim_one, &claiming);
    }
    ck_assert_uint_eq(looked, 7); // one a test
    ck_assert_ok(claimed);        // then the last day of each
    ck_assert(!claiming.scrub.whole);
    ck_assert_ok(db_transact(place.db, &place.arena, settle_one, &claiming));
    ck_assert_ok(db_transact(place.db, &place.arena, count_state, &state));
    ck_assert_int_eq(state.unsound, 5);
    claiming.terms.recent_s = due_s = 3600;
    place_remove(&place);
    place_make(&place, STR("later"));
    ck_assert_ok(db_transact(place.db, &place.arena, notice_all, &due_s));
    ck_assert_fails(NOT_FOUND, db_transact(place.db, &place.arena, claim_one, &claiming));
    place_remove(&place);
}
END_TEST

TEST_MAIN("ledger attacks", a_sound_log_is_found_sound, a_deleted_entry_is_missed,
          a_flipped_bit_is_not_signed, two_entries_swapped_are_found,
          a_rewritten_log_is_refused_by_who_saw_it_before,
          a_cut_tail_is_refused_by_who_saw_it_before, every_log_has_its_turn)
