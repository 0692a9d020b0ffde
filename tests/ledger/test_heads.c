// SPDX-License-Identifier: Apache-2.0
#include "folder.h"
#include "log.h"
#include "phial/json/json.h"
#include "phial/ledger/keys.h"
#include "phial/merkle/note.h"
#include "phial/util/encode.h"

static const struct epoch first = {1, {"phial.test", sizeof "phial.test" - 1}};
static const instant noon = {1767225600000000};

static result enter(struct db_tx *tx, void *context)
{
    return heads_enter(tx, &first, noon, context);
}

// Everything there is to enter; how many heads that was.
static int64_t enter_all(struct db *db)
{
    struct arena arena = {0};
    int64_t some = HEADS_A_TURN;
    int64_t all = 0;
    while (some == HEADS_A_TURN) {
        ck_assert_ok(db_transact(db, &arena, enter, &some));
        all += some;
        arena_reset(&arena);
    }
    return all;
}

struct reading {
    struct head head;
    sha256 leaves[64];
    size_t count;
    str last;
    struct arena *arena;
};

static result take(void *context, const struct heads_leaf *leaf)
{
    struct reading *reading = context;
    ck_assert_int_eq(leaf->index, (int64_t)reading->count);
    ck_assert_uint_lt(reading->count, COUNT_OF(reading->leaves));
    reading->leaves[reading->count++] = merkle_leaf(leaf->leaf);
    reading->last = str_copy(reading->arena, leaf->leaf);
    return OK;
}

static result read_log(struct db_tx *tx, void *context)
{
    struct reading *reading = context;
    TRY(heads_head(tx, 1, &reading->head));
    return heads_each(tx, 1, 0, INT64_MAX, take, reading);
}

static struct reading read_heads(struct db *db, struct arena *arena)
{
    struct reading reading = {.arena = arena};
    ck_assert_ok(db_transact(db, arena, read_log, &reading));
    sha256 root = log_naive_root(reading.leaves, reading.count);
    sha256 of_head = merkle_root(&reading.head.range);
    ck_assert_uint_eq(reading.count, (size_t)reading.head.size);
    ck_assert_mem_eq(root.bytes, of_head.bytes, SHA256_BYTES);
    return reading;
}

START_TEST(enters_each_change_of_a_head_once)
{
    struct arena arena = {0};
    struct db *db = test_database();
    str key = STR("entered");
    int64_t customer = log_make(db, key);
    (void)enter_all(db);
    size_t before = read_heads(db, &arena).count;
    ck_assert_int_eq(enter_all(db), 0); // an empty log has nothing to say
    log_fill(db, customer, key, 0, 3);
    ck_assert_int_eq(enter_all(db), 1);
    ck_assert_int_eq(enter_all(db), 0);
    log_fill(db, customer, key, 3, 4);
    log_fill(db, customer, key, 4, 5);
    ck_assert_int_eq(enter_all(db), 1);

    struct reading reading = read_heads(db, &arena);
    ck_assert_uint_eq(reading.count, before + 2);
    OWNED(json_release) json_t *leaf = NULL;
    str canonical = {0};
    ck_assert_ok(json_parse(reading.last, &leaf));
    ck_assert_ok(json_canonical(&arena, leaf, &canonical));
    ck_assert(str_eq(canonical, reading.last));
    ck_assert(str_eq(json_str(json_object_get(leaf, "origin")), STR("phial.test/ledger/entered")));
    ck_assert_int_eq(json_integer_value(json_object_get(leaf, "size")), 5);
    ck_assert_uint_eq(json_object_size(leaf), 3);
    db_close(db);
    arena_reset(&arena);
}
END_TEST

struct signing {
    struct signer *signer;
    str note;
    int64_t size;
};

static result sign(struct db_tx *tx, void *context)
{
    struct signing *signing = context;
    return signer_heads_checkpoint(signing->signer, tx, &signing->note, &signing->size);
}

static result check(struct db_tx *tx, void *context)
{
    return signer_check(context, tx);
}

static result run(struct db_tx *tx, void *context)
{
    return db_exec(tx, context, NO_PARAMS);
}

// As a superuser who switches the guards off first.
static void tamper(const char *sql)
{
    struct arena arena = {0};
    struct db *owner = test_database_owner();
    struct db_stmt stmts[] = {
        {"allow", "SELECT set_config('phial.migrating', 'on', false)", 0},
        {"off", "ALTER TABLE heads_entry DISABLE TRIGGER heads_entry_guard", 0},
        {"tamper", sql, 0},
    };
    for (size_t i = 0; i < COUNT_OF(stmts); i++)
        ck_assert_ok(db_transact(owner, &arena, run, &stmts[i]));
    db_close(owner);
    arena_reset(&arena);
}

START_TEST(signs_the_heads_and_refuses_other_ones)
{
    struct arena arena = {0};
    struct folder folder = folder_make();
    struct db *db = test_database();
    struct signing signing = {.signer = open_signer(&folder)};
    str body = {0};
    str signature = {0};
    struct checkpoint checkpoint = {{0}, 0, {{0}}};
    log_fill(db, log_make(db, STR("quoted")), STR("quoted"), 0, 3);
    (void)enter_all(db);
    struct reading reading = read_heads(db, &arena);
    ck_assert_ok(db_transact(db, &arena, sign, &signing));
    ck_assert_ok(note_open(&arena, signing.note, STR("phial.test/heads"),
                           signer_public(signing.signer), &body, &signature));
    ck_assert_ok(checkpoint_parse(&arena, body, &checkpoint));
    ck_assert_uint_eq(checkpoint.size, reading.count);
    sha256 root = merkle_root(&reading.head.range);
    ck_assert_mem_eq(checkpoint.root.bytes, root.bytes, SHA256_BYTES);
    ck_assert_ok(db_transact(db, &arena, check, signing.signer));

    // A leaf that was stored otherwise than it was hashed is not signed.
    log_fill(db, log_make(db, STR("flipped")), STR("flipped"), 0, 1);
    (void)enter_all(db);
    tamper("UPDATE heads_entry SET leaf = set_byte(leaf, 3, 65) "
           "WHERE entry_index = (SELECT max(entry_index) FROM heads_entry)");
    ck_assert_fails(HEAD_REFUSED, db_transact(db, &arena, sign, &signing));
    // One that was signed is missed at the start.
    tamper("UPDATE heads_entry SET leaf = set_byte(leaf, 3, 65) WHERE entry_index = 0");
    ck_assert_fails(HEAD_REFUSED, db_transact(db, &arena, check, signing.signer));
    signer_close(signing.signer);
    db_close(db);
    folder_remove(&folder);
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("ledger heads", enters_each_change_of_a_head_once, signs_the_heads_and_refuses_other_ones)
