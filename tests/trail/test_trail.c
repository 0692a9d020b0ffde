// SPDX-License-Identifier: Apache-2.0
#include "phial/crypto/crypto.h"
#include "phial/ledger/ledger.h"
#include "phial/trail/trail.h"
#include "phial/util/array.h"
#include "test_database.h"
#include "trail.sql.h"

#include <string.h>

static const struct db_stmt touch_sql = {
    "t_touch",
    "INSERT INTO customer (key, document, sha256, currency, time_zone, created_at, updated_at) "
    "VALUES ($1, '{}', '', 'USD', 'UTC', now(), now())",
    1};
static const struct db_stmt look_sql = {"t_look", "SELECT count(*) AS n FROM customer", 0};
static const struct db_stmt waiting_sql = {"t_waiting", "SELECT count(*) AS n FROM trail_staged",
                                           0};

static result count(struct db_tx *tx, const struct db_stmt *stmt, int64_t *n)
{
    return db_one(tx, stmt, NO_PARAMS, COLUMNS(db_into_i64("n", n)));
}

static result touch(struct db_tx *tx, void *context)
{
    const str *key = context;
    return db_exec(tx, &touch_sql, PARAMS(db_text(*key)));
}

static result touch_in_vain(struct db_tx *tx, void *context)
{
    TRY(touch(tx, context));
    TRY(trail_put(
        tx, &(struct trail_fact){.action = STR("never"), .object = STR(""), .customer = STR("")}));
    return FAIL(CONFLICT, "");
}

static result look(struct db_tx *tx, void *context)
{
    int64_t *n = context;
    return count(tx, &look_sql, n);
}

static result count_waiting(struct db_tx *tx, void *context)
{
    return count(tx, &waiting_sql, context);
}

static int64_t waiting(struct db *db)
{
    struct arena arena = {0};
    int64_t n = -1;
    ck_assert_ok(db_transact(db, &arena, count_waiting, &n));
    arena_reset(&arena);
    return n;
}

// How often the state was asked for is its document.
static result state(struct db_tx *tx, const struct trail_request *request, str *document)
{
    int *asked = request->context;
    *document = str_printf(db_arena(tx), "{\"asked\":%d}", ++*asked);
    return OK;
}

static struct trail_request request_of(bool reads, int *asked)
{
    return (struct trail_request){
        .at = {1000000},
        .actor = STR("key:a"),
        .address = STR("127.0.0.1"),
        .request_id = STR("r"),
        .action = reads ? STR("things.read") : STR("things.put"),
        .object = STR("things/x"),
        .customer = STR("clinic"),
        .reason = STR("why"),
        .reads = reads,
        .state = asked == NULL ? NULL : state,
        .context = asked,
    };
}

static void append_all(struct db *db)
{
    ck_assert_ok(trail_append_all(db, (instant){2000000}));
}

struct leaves {
    struct arena arena;
    str items[16];
    size_t count;
    struct trail_filter filter;
};

static result keep(void *context, const struct trail_entry *entry)
{
    struct leaves *leaves = context;
    ck_assert_uint_lt(leaves->count, COUNT_OF(leaves->items));
    leaves->items[leaves->count++] = str_copy(&leaves->arena, entry->leaf);
    return OK;
}

static result list(struct db_tx *tx, void *context)
{
    struct leaves *leaves = context;
    leaves->count = 0;
    return trail_each(tx, &leaves->filter, keep, leaves);
}

static void find(struct db *db, struct leaves *leaves, str action)
{
    *leaves = (struct leaves){
        .filter = {.actor = STR(""),
                   .action = action,
                   .object = STR(""),
                   .customer = STR(""),
                   .before = INT64_MAX,
                   .limit = 16},
    };
    ck_assert_ok(db_transact(db, &leaves->arena, list, leaves));
}

// Touches something under a watch: the one entry that this leaves.
static void check_recorded(struct trail_request *request, const char *leaf)
{
    struct db *db = test_database();
    struct arena arena = {0};
    struct leaves leaves;
    trail_watch(db, request);
    ck_assert_ok(db_transact(db, &arena, touch, &request->action));
    trail_unwatch(db);
    append_all(db);
    find(db, &leaves, request->action);
    ck_assert_uint_eq(leaves.count, 1);
    ck_assert_msg(str_eq(leaves.items[0], str_from(leaf)), "%.*s", (int)leaves.items[0].len,
                  leaves.items[0].ptr);
    arena_reset(&leaves.arena);
    arena_reset(&arena);
    db_close(db);
}

START_TEST(a_change_is_recorded_with_what_it_changed)
{
    int asked = 0;
    struct trail_request request = request_of(false, &asked);
    check_recorded(
        &request,
        "{\"actor\":\"key:a\",\"at\":\"1970-01-01T00:00:02.000000Z\",\"audit\":{\"action\":"
        "\"things.put\",\"address\":\"127.0.0.1\",\"after\":{\"asked\":2},\"before\":{"
        "\"asked\":1},\"customer\":\"clinic\",\"object\":\"things/x\",\"read\":false,"
        "\"reason\":\"why\",\"request_id\":\"r\",\"time\":\"1970-01-01T00:00:01.000000Z\"},"
        "\"customer\":\"\",\"kind\":\"audit\",\"v\":1}");
}
END_TEST

static result steady(struct db_tx *tx, const struct trail_request *request, str *document)
{
    (void)tx;
    (void)request;
    *document = STR("{\"as\":\"ever\"}");
    return OK;
}

// It wrote, if only a lock.
START_TEST(whose_document_stays_as_it_was_is_recorded_as_a_read)
{
    struct trail_request request = request_of(false, NULL);
    request.action = STR("things.again");
    request.state = steady;
    check_recorded(
        &request,
        "{\"actor\":\"key:a\",\"at\":\"1970-01-01T00:00:02.000000Z\",\"audit\":{\"action\":"
        "\"things.again\",\"address\":\"127.0.0.1\",\"customer\":\"clinic\",\"object\":"
        "\"things/x\",\"read\":true,\"reason\":\"why\",\"request_id\":\"r\",\"time\":"
        "\"1970-01-01T00:00:01.000000Z\"},\"customer\":\"\",\"kind\":\"audit\",\"v\":1}");
}
END_TEST

START_TEST(what_is_undone_or_changes_nothing_is_not_recorded)
{
    struct db *db = test_database();
    struct arena arena = {0};
    struct trail_request request = request_of(false, NULL);
    str key = STR("in-vain");
    int64_t n = 0;
    int64_t before = waiting(db);
    trail_watch(db, &request);
    ck_assert_fails(CONFLICT, db_transact(db, &arena, touch_in_vain, &key));
    ck_assert_ok(db_transact(db, &arena, look, &n)); // a change that only looked
    trail_unwatch(db);
    key = STR("unwatched");
    ck_assert_ok(db_transact(db, &arena, touch, &key));
    ck_assert_int_eq(waiting(db), before);
    arena_reset(&arena);
    db_close(db);
}
END_TEST

START_TEST(a_read_is_recorded_once)
{
    struct db *db = test_database();
    struct arena arena = {0};
    struct trail_request request = request_of(true, NULL);
    int64_t n = 0;
    int64_t before = waiting(db);
    trail_watch(db, &request);
    for (int i = 0; i < 3; i++)
        ck_assert_ok(db_transact(db, &arena, look, &n));
    trail_unwatch(db);
    ck_assert(request.recorded);
    ck_assert_int_eq(waiting(db), before + 1);
    arena_reset(&arena);
    db_close(db);
}
END_TEST

struct stretch {
    int from, to;
};

static result put_many(struct db_tx *tx, void *context)
{
    const struct stretch *stretch = context;
    for (int i = stretch->from; i < stretch->to; i++)
        TRY(trail_put(tx, &(struct trail_fact){
                              .at = {i},
                              .action = STR("fact.happened"),
                              .object = str_printf(db_arena(tx), "facts/%d", i),
                              .customer = STR(""),
                          }));
    return OK;
}

static result check_log(struct db_tx *tx, void *context)
{
    int64_t *size = context;
    struct head head = {0};
    sha256 root = {{0}};
    TRY(ledger_head(tx, TRAIL_LOG, &head));
    TRY(ledger_root(tx, TRAIL_LOG, head.size, &root));
    sha256 said = merkle_root(&head.range);
    ck_assert(sha256_eq(&root, &said));
    *size = head.size;
    return OK;
}

// More than one batch, and a fact of the system's own: nobody watches.
START_TEST(records_enter_the_log_in_their_order)
{
    struct db *db = test_database();
    struct arena arena = {0};
    struct leaves leaves;
    int64_t before = 0;
    int64_t after = 0;
    append_all(db);
    ck_assert_ok(db_transact(db, &arena, check_log, &before));
    struct stretch all = {0, 1500};
    ck_assert_ok(db_transact(db, &arena, put_many, &all));
    append_all(db);
    ck_assert_int_eq(waiting(db), 0);
    ck_assert_ok(db_transact(db, &arena, check_log, &after));
    ck_assert_int_eq(after, before + 1500);
    find(db, &leaves, STR("fact.happened"));
    ck_assert_uint_eq(leaves.count, 16);
    for (size_t i = 0; i < leaves.count; i++) {
        str object = str_printf(&arena, "\"object\":\"facts/%d\"", 1499 - (int)i);
        ck_assert_ptr_nonnull(
            memmem(leaves.items[i].ptr, leaves.items[i].len, object.ptr, object.len));
        ck_assert(str_starts_with(leaves.items[i], STR("{\"actor\":\"system\"")));
    }
    arena_reset(&leaves.arena);
    arena_reset(&arena);
    db_close(db);
}
END_TEST

static result run_statement(struct db_tx *tx, void *context)
{
    return db_exec(tx, context, NO_PARAMS);
}

START_TEST(the_trail_is_append_only)
{
    static const struct db_stmt attempts[] = {
        {"t1", "UPDATE trail_staged SET actor = 'x'", 0},
        {"t2", "DELETE FROM trail_staged", 0},
        {"t3", "TRUNCATE trail_staged", 0},
        {"t4", "UPDATE trail_entry SET actor = 'x'", 0},
        {"t5", "DELETE FROM trail_entry", 0},
        {"t6", "TRUNCATE trail_entry", 0},
        {"t7", "DELETE FROM ledger_entry WHERE customer_id = 0", 0},
        {"t8", "DELETE FROM ledger_head WHERE customer_id = 0", 0},
    };
    struct arena arena = {0};
    struct db *daemon = test_database();
    struct db *owner = test_database_owner();
    struct stretch one = {0, 1};
    ck_assert_ok(db_transact(daemon, &arena, put_many, &one));
    append_all(daemon);
    ck_assert_ok(db_transact(daemon, &arena, put_many, &one));
    for (size_t i = 0; i < COUNT_OF(attempts); i++) {
        struct db_stmt attempt = attempts[i];
        ck_assert_fails(DB_FAILED, db_transact(daemon, &arena, run_statement, &attempt));
        ck_assert_fails(DB_FAILED, db_transact(owner, &arena, run_statement, &attempt));
    }
    ck_assert_int_eq(waiting(daemon), 1);
    append_all(daemon);
    db_close(daemon);
    db_close(owner);
    arena_reset(&arena);
}
END_TEST

START_TEST(every_statement_fits_the_schema)
{
    struct db *db = test_database();
    for (size_t i = 0; trail_statements[i] != NULL; i++)
        ck_assert_ok(db_check(db, trail_statements[i]));
    db_close(db);
}
END_TEST

TEST_MAIN("trail", a_change_is_recorded_with_what_it_changed,
          whose_document_stays_as_it_was_is_recorded_as_a_read,
          what_is_undone_or_changes_nothing_is_not_recorded, a_read_is_recorded_once,
          records_enter_the_log_in_their_order, the_trail_is_append_only,
          every_statement_fits_the_schema)
