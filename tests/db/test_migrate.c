// SPDX-License-Identifier: Apache-2.0
#include "test_database.h"

#include <pthread.h>

static result count_tables(struct db_tx *tx, void *context)
{
    static const struct db_stmt sql = {
        "t_tables",
        "SELECT count(*) AS n FROM pg_tables WHERE tablename IN ('ledger_entry', 'customer')", 0};
    return db_one(tx, &sql, NO_PARAMS, COLUMNS(db_into_i64("n", context)));
}

START_TEST(applies_everything_once)
{
    struct arena arena = {0};
    struct db *db = test_database_owner(); // migrated when it was made
    struct migration *list = NULL;
    size_t count = 0;
    size_t applied = 9;
    int64_t tables = 0;
    ck_assert_ok(migrate_status(db, &arena, &list, &count));
    ck_assert_uint_ge(count, 4);
    for (size_t i = 0; i < count; i++) {
        ck_assert_int_gt(list[i].version, i == 0 ? 0 : list[i - 1].version);
        ck_assert(list[i].applied);
    }
    ck_assert_str_eq(list[0].name, "catalog");
    ck_assert_ok(migrate_up(db, &arena, &applied));
    ck_assert_uint_eq(applied, 0);
    ck_assert_ok(db_transact(db, &arena, count_tables, &tables));
    ck_assert_int_eq(tables, 2);
    db_close(db);
    arena_reset(&arena);
}
END_TEST

static result run(struct db_tx *tx, void *context)
{
    return db_exec(tx, context, NO_PARAMS);
}

// The stored version back, whatever the test made of it.
START_TEST(refuses_a_history_that_is_not_its_own)
{
    static struct db_stmt deeds[] = {
        {"t_newer", "INSERT INTO schema_migration (version, name, sha256) VALUES (9999, 'x', '')",
         0},
        {"t_older", "DELETE FROM schema_migration WHERE version = 9999", 0},
        {"t_other", "UPDATE schema_migration SET sha256 = sha256 || '\\x00' WHERE version = 1", 0},
        {"t_same",
         "UPDATE schema_migration SET sha256 = substring(sha256 for 32) WHERE version = 1", 0},
    };
    struct arena arena = {0};
    struct db *db = test_database_owner();
    struct migration *list = NULL;
    size_t count = 7;
    size_t applied = 7;
    for (size_t i = 0; i < COUNT_OF(deeds); i += 2) {
        ck_assert_ok(db_transact(db, &arena, run, &deeds[i]));
        ck_assert_fails(CONFLICT, migrate_status(db, &arena, &list, &count));
        ck_assert_fails(CONFLICT, migrate_up(db, &arena, &applied));
        ck_assert_uint_eq(count + applied, 14);
        ck_assert_ok(db_transact(db, &arena, run, &deeds[i + 1]));
    }
    ck_assert_ok(migrate_status(db, &arena, &list, &count));
    db_close(db);
    arena_reset(&arena);
}
END_TEST

struct runner {
    const char *url;
    size_t applied;
    enum error_code code;
};

static void *migrate(void *context)
{
    struct runner *runner = context;
    struct arena arena = {0};
    struct db *db = db_open(&(struct db_options){.url = runner->url});
    runner->code = migrate_up(db, &arena, &runner->applied).code;
    db_close(db);
    arena_reset(&arena);
    return NULL;
}

START_TEST(two_programs_at_once_apply_everything_once)
{
    enum { RUNNERS = 4 };
    struct arena arena = {0};
    struct db *db = test_database_owner();
    struct migration *list = NULL;
    size_t count = 0;
    ck_assert_ok(migrate_status(db, &arena, &list, &count));
    db_close(db);

    const char *server = getenv("PHIAL_TEST_DATABASE");
    str name = str_printf(&arena, "phial_test_%ld_race", (long)getpid());
    str command = str_printf(&arena, "psql -qX -d '%s' -c 'CREATE DATABASE %s'", server, name.ptr);
    ck_assert_int_eq(system(command.ptr), 0); // NOLINT(cert-env33-c): a test's own command
    str url = str_printf(&arena, "%s dbname=%s", server, name.ptr);

    pthread_t threads[RUNNERS];
    struct runner runners[RUNNERS] = {0};
    for (size_t i = 0; i < RUNNERS; i++) {
        runners[i].url = url.ptr;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, migrate, &runners[i]), 0);
    }
    size_t applied = 0;
    for (size_t i = 0; i < RUNNERS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert_int_eq(runners[i].code, ERR_NONE);
        applied += runners[i].applied;
    }
    ck_assert_uint_eq(applied, count);

    command = str_printf(&arena, "psql -qX -d '%s' -c 'DROP DATABASE %s'", server, name.ptr);
    ck_assert_int_eq(system(command.ptr), 0); // NOLINT(cert-env33-c): a test's own command
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("migrate", applies_everything_once, refuses_a_history_that_is_not_its_own,
          two_programs_at_once_apply_everything_once)
