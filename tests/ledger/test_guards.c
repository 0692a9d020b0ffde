// SPDX-License-Identifier: Apache-2.0
// What nobody may do to the ledger, tried by each who might: the daemon, who reads, the owner, one
// who may make roles, and a superuser who uses no way around. Everything is rolled back.
#include "log.h"
#include "phial/ledger/heads.h"

#include <unistd.h>

enum actor { DAEMON, READER, OWNER, CREATOR, SUPERUSER, ACTORS };
enum { D = 1 << DAEMON, R = 1 << READER, O = 1 << OWNER, C = 1 << CREATOR, S = 1 << SUPERUSER };
enum { ALL = D | R | O | C | S, LIMITED = D | R | O | C };

static const char *const actor_names[ACTORS] = {"daemon", "reader", "owner", "creator",
                                                "superuser"};

struct attempt {
    unsigned refused; // to whom
    const char *first;
    const char *second; // NULL for none
};

#define REPLICA "SET LOCAL session_replication_role = replica"

static const struct attempt attempts[] = {
    // rows
    {ALL, "UPDATE ledger_entry SET leaf = ''", NULL},
    {ALL, "UPDATE ledger_entry SET entry_index = entry_index + 1", NULL},
    {ALL, "UPDATE ledger_entry_00 SET leaf = ''", NULL},
    {ALL, "DELETE FROM ledger_entry", NULL},
    {ALL, "DELETE FROM ONLY ledger_entry_07", NULL},
    {ALL, "TRUNCATE ledger_entry", NULL},
    {ALL, "TRUNCATE ledger_entry CASCADE", NULL},
    {ALL, "TRUNCATE ledger_entry_15", NULL},
    {ALL, "TRUNCATE ONLY ledger_entry_03", NULL},
    {ALL,
     "INSERT INTO ledger_entry SELECT * FROM ledger_entry "
     "ON CONFLICT (customer_id, entry_index) DO UPDATE SET leaf = ''",
     NULL},
    {ALL,
     "MERGE INTO ledger_entry AS old USING (SELECT 1) AS one ON true "
     "WHEN MATCHED THEN UPDATE SET leaf = ''",
     NULL},
    {ALL, "MERGE INTO ledger_entry AS old USING (SELECT 1) AS one ON true WHEN MATCHED THEN DELETE",
     NULL},
    {ALL, "WITH gone AS (DELETE FROM ledger_entry RETURNING *) SELECT * FROM gone", NULL},
    {ALL, "UPDATE ledger_node SET hash = ''", NULL},
    {ALL, "DELETE FROM ledger_node", NULL},
    {ALL, "TRUNCATE ledger_node", NULL},
    {ALL, "DELETE FROM ledger_head", NULL},
    {ALL, "TRUNCATE ledger_head", NULL},
    {ALL, "UPDATE heads_entry SET leaf = ''", NULL},
    {ALL, "DELETE FROM heads_entry", NULL},
    {ALL, "TRUNCATE heads_entry", NULL},
    {ALL, "TRUNCATE heads_node", NULL},
    {ALL, "DELETE FROM heads_log", NULL},
    {ALL, "TRUNCATE heads_checkpoint, heads_cosignature, heads_timestamp", NULL},
    {ALL, "TRUNCATE ledger_key, ledger_epoch", NULL},
    // without the triggers
    {ALL, REPLICA, "DELETE FROM ledger_entry"},
    {ALL, REPLICA, "UPDATE ledger_entry SET leaf = ''"},
    {ALL, REPLICA, "TRUNCATE ledger_entry_00"},
    {ALL, REPLICA, "DELETE FROM heads_entry"},
    {ALL, "ALTER TABLE ledger_entry DISABLE TRIGGER ALL", NULL},
    {ALL, "ALTER TABLE ledger_entry DISABLE TRIGGER USER", NULL},
    {ALL, "ALTER TABLE ledger_entry_00 DISABLE TRIGGER ledger_entry_guard_truncate", NULL},
    {ALL, "ALTER TABLE ledger_entry ENABLE REPLICA TRIGGER ledger_entry_guard", NULL},
    {ALL, "DROP TRIGGER ledger_entry_guard ON ledger_entry", NULL},
    {ALL, "DROP TRIGGER ledger_entry_guard_truncate ON ledger_entry_00", NULL},
    {ALL, "ALTER TRIGGER ledger_entry_guard ON ledger_entry RENAME TO other", NULL},
    {ALL, "DROP FUNCTION ledger_is_append_only CASCADE", NULL},
    {ALL,
     "CREATE OR REPLACE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
     "'BEGIN RETURN OLD; END'",
     NULL},
    {ALL, "ALTER FUNCTION ledger_is_append_only RENAME TO other", NULL},
    {LIMITED,
     "CREATE OR REPLACE FUNCTION ledger_refuse_change() RETURNS void LANGUAGE plpgsql AS "
     "'BEGIN END'",
     NULL},
    {LIMITED, "ALTER EVENT TRIGGER phial_guard_ddl DISABLE", NULL},
    {LIMITED, "DROP EVENT TRIGGER phial_guard_drop", NULL},
    {LIMITED, "UPDATE pg_trigger SET tgenabled = 'D'", NULL},
    {LIMITED, "SET LOCAL phial.migrating = 'on'", "DROP TABLE ledger_entry_00"},
    // around the rows
    {ALL, "CREATE RULE keep AS ON INSERT TO ledger_entry DO INSTEAD NOTHING", NULL},
    {ALL, "CREATE RULE gone AS ON DELETE TO ledger_node DO INSTEAD NOTHING", NULL},
    {ALL,
     "CREATE TRIGGER lose BEFORE INSERT ON ledger_node FOR EACH ROW "
     "EXECUTE FUNCTION suppress_redundant_updates_trigger()",
     NULL},
    {ALL, "ALTER TABLE ledger_entry ENABLE ROW LEVEL SECURITY", NULL},
    {ALL, "CREATE POLICY few ON ledger_entry USING (entry_index < 2)", NULL},
    {ALL, "ALTER TABLE ledger_entry DETACH PARTITION ledger_entry_00", NULL},
    {ALL, "DROP TABLE ledger_entry_00", NULL},
    {ALL, "DROP TABLE ledger_entry", NULL},
    {ALL, "DROP TABLE ledger_head, ledger_node CASCADE", NULL},
    {LIMITED, "DROP SCHEMA public CASCADE", NULL},
    {ALL, "DROP OWNED BY phial_owner CASCADE", NULL},
    {ALL, "ALTER TABLE ledger_entry ALTER COLUMN leaf TYPE bytea USING ''::bytea", NULL},
    {ALL, "ALTER TABLE ledger_entry DROP COLUMN leaf", NULL},
    {ALL, "ALTER TABLE ledger_entry RENAME COLUMN leaf TO other", NULL},
    {ALL, "ALTER TABLE ledger_entry RENAME TO other", NULL},
    {ALL, "ALTER TABLE ledger_node SET SCHEMA pg_temp", NULL},
    {ALL, "ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_identity", NULL},
    {ALL, "DROP INDEX ledger_entry_void", NULL},
    {ALL, "ALTER TABLE ledger_node SET UNLOGGED", NULL},
    {ALL, "ALTER TABLE ledger_entry OWNER TO CURRENT_USER", NULL},
    // by another role
    {D | R | O, "SET LOCAL ROLE postgres", "TRUNCATE ledger_entry"},
    {D | R | O, "GRANT phial_owner TO phial_daemon", NULL},
    {D | R | O | C, "ALTER ROLE phial_daemon SUPERUSER", NULL},
    {D | R, "SET LOCAL ROLE phial_owner", "DROP TABLE ledger_entry_00"},
    {C, "GRANT phial_owner TO CURRENT_USER", "DROP TABLE ledger_entry_00"},
    {C, "GRANT phial_owner TO CURRENT_USER", "TRUNCATE ledger_entry_00"},
    {D | R | C, "GRANT UPDATE, DELETE ON ledger_entry TO phial_daemon", "DELETE FROM ledger_entry"},
};

static const char *login(enum actor actor)
{
    static char names[ACTORS][64];
    (void)snprintf(names[actor], sizeof names[actor], "guards_%s_%ld", actor_names[actor],
                   (long)getpid());
    return names[actor];
}

static void psql(const char *sql)
{
    char command[2048];
    int len = snprintf(command, sizeof command, "psql -qX -v ON_ERROR_STOP=1 -d '%s' -c \"%s\"",
                       test_database_url(), sql);
    ck_assert(len > 0 && (size_t)len < sizeof command);
    ck_assert_int_eq(system(command), 0); // NOLINT(cert-env33-c): a test's own constant command
}

// Logins, as an installation would have them; but for the superuser, who is there.
static void make_logins(void)
{
    static const char *const roles[SUPERUSER] = {"IN ROLE phial_daemon", "IN ROLE phial_reader",
                                                 "IN ROLE phial_migrator", "CREATEROLE"};
    char sql[512];
    for (int i = 0; i < SUPERUSER; i++) {
        (void)snprintf(sql, sizeof sql, "CREATE ROLE %s LOGIN %s", login((enum actor)i), roles[i]);
        psql(sql);
    }
}

static void drop_logins(void)
{
    char sql[512];
    for (int i = 0; i < SUPERUSER; i++) {
        (void)snprintf(sql, sizeof sql, "DROP ROLE %s", login((enum actor)i));
        psql(sql);
    }
}

static struct db *open_as(enum actor actor, char url[1100])
{
    (void)snprintf(url, 1100, "%s%s%s", test_database_url(),
                   actor == SUPERUSER ? "" : " user=", actor == SUPERUSER ? "" : login(actor));
    return db_open(&(struct db_options){.url = url});
}

static result run(struct db_tx *tx, void *context)
{
    const struct attempt *attempt = context;
    struct db_stmt first = {"first", attempt->first, 0};
    struct db_stmt second = {"second", attempt->second, 0};
    result done = db_exec(tx, &first, NO_PARAMS);
    if (!failed(done) && attempt->second != NULL)
        done = db_exec(tx, &second, NO_PARAMS);
    return failed(done) ? done : FAIL(CONFLICT, "it went through"); // and is rolled back
}

static size_t count_rows(struct db *db, int64_t customer_id)
{
    return log_check(db, customer_id);
}

static int64_t fill_logs(struct db *db, struct arena *arena)
{
    int64_t id = 0;
    for (int i = 0; i < 100; i++) { // so that every partition holds a row
        str key = str_printf(arena, "guard-%d", i);
        id = log_make(db, key);
        log_fill(db, id, key, 0, i == 99 ? 257 : 1);
    }
    return id;
}

static result enter(struct db_tx *tx, void *context)
{
    int64_t entered = 0;
    return heads_enter(tx, context, (instant){1767225600000000}, &entered);
}

START_TEST(refuses_every_attempt_to_rewrite_the_ledger)
{
    struct arena arena = {0};
    struct db *daemon = test_database();
    struct epoch epoch = {1, STR("phial.test")};
    int64_t id = fill_logs(daemon, &arena);
    ck_assert_ok(db_transact(daemon, &arena, enter, &epoch));
    ck_assert_uint_ge(COUNT_OF(attempts), 60);
    make_logins();
    for (int actor = 0; actor < ACTORS; actor++) {
        for (size_t i = 0; i < COUNT_OF(attempts); i++) {
            struct attempt attempt = attempts[i];
            char url[1100];
            if ((attempt.refused & 1U << actor) == 0)
                continue;
            struct db *db = open_as((enum actor)actor, url);
            result tried = db_transact(db, &arena, run, &attempt);
            db_close(db);
            ck_assert_msg(tried.code == ERR_DB_FAILED, "%s: %s; %s: %s", actor_names[actor],
                          attempt.first, attempt.second == NULL ? "" : attempt.second,
                          tried.detail);
        }
    }
    drop_logins();
    ck_assert_uint_eq(count_rows(daemon, id), 257);
    db_close(daemon);
    arena_reset(&arena);
}
END_TEST

// What a superuser can do all the same; others than the database have to find it.
START_TEST(knows_what_no_guard_prevents)
{
    static struct attempt ways[] = {
        {0, "ALTER EVENT TRIGGER phial_guard_ddl DISABLE",
         "ALTER TABLE ledger_entry DISABLE TRIGGER USER"},
        {0, "UPDATE pg_trigger SET tgenabled = 'D'", "DELETE FROM ledger_node"},
        {0, "SET LOCAL phial.migrating = 'on'", "ALTER TABLE ledger_entry DISABLE TRIGGER USER"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        char url[1100];
        struct db *db = open_as(SUPERUSER, url);
        ck_assert_fails(CONFLICT, db_transact(db, &arena, run, &ways[i])); // it went through
        db_close(db);
    }
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("ledger guards", refuses_every_attempt_to_rewrite_the_ledger,
          knows_what_no_guard_prevents)
