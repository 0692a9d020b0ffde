// SPDX-License-Identifier: Apache-2.0
#include "phial/db/migrate.h"

#include "connection.h"
#include "db.sql.h"
#include "migrations.h"
#include "phial/crypto/crypto.h"
#include "phial/util/array.h"

#include <string.h>

enum { MIGRATION_COUNT = COUNT_OF(embedded_migrations) };

static struct migration *known(struct arena *arena)
{
    struct migration *list = arena_array(arena, struct migration, MIGRATION_COUNT);
    for (size_t i = 0; i < MIGRATION_COUNT; i++) {
        const struct embedded_migration *one = &embedded_migrations[i];
        list[i] = (struct migration){.version = one->version,
                                     .name = one->name,
                                     .sql = {one->sql, (size_t)(one->end - one->sql)}};
    }
    return list;
}

struct history {
    struct migration *list;
    int64_t version;
    str sha256;
};

static result read_applied(void *context)
{
    struct history *history = context;
    for (size_t i = 0; i < MIGRATION_COUNT; i++) {
        struct migration *one = &history->list[i];
        if (one->version != history->version)
            continue;
        sha256 hash = sha256_of(one->sql);
        if (!str_eq(history->sha256, sha256_str(&hash)))
            return FAIL(CONFLICT, "a migration differs from the one that was applied");
        one->applied = true;
        return OK;
    }
    return FAIL(CONFLICT, "the database is newer than this program");
}

static result read_history(struct db_tx *tx, void *context)
{
    struct migration **list = context;
    struct history history = {.list = known(db_arena(tx))};
    bool present = false;
    TRY(db_one(tx, &db_has_migrations_sql, NO_PARAMS, COLUMNS(db_into_bool("present", &present))));
    if (present)
        TRY(db_each(tx, &db_list_migrations_sql, NO_PARAMS,
                    COLUMNS(db_into_i64("version", &history.version),
                            db_into_bytes("sha256", &history.sha256)),
                    read_applied, &history));
    *list = history.list;
    return OK;
}

result migrate_status(struct db *db, struct arena *arena, struct migration **list, size_t *count)
{
    struct migration *read = NULL;
    TRY(db_transact(db, arena, read_history, &read));
    *list = read;
    *count = MIGRATION_COUNT;
    return OK;
}

// Every migration in its own transaction together with its row.
struct step {
    size_t number;
    bool done; // by this call
};

static result apply(struct db_tx *tx, void *context)
{
    struct step *step = context;
    struct migration *list = NULL;
    step->done = false;
    TRY(db_exec(tx, &db_lock_migrations_sql, NO_PARAMS)); // begins the transaction
    TRY(command_run(tx->db, "SET LOCAL statement_timeout = 0"));
    TRY(command_run(tx->db, "SET LOCAL phial.migrating = 'on'")); // see 0016
    TRY(db_exec(tx, &db_make_migrations_sql, NO_PARAMS));
    TRY(read_history(tx, &list));
    const struct migration *one = &list[step->number];
    if (one->applied)
        return OK;

    result applied = command_run(tx->db, str_to_c(db_arena(tx), one->sql));
    if (applied.code == ERR_DB_FAILED)
        applied.detail = one->name;
    TRY(applied);
    sha256 hash = sha256_of(one->sql);
    TRY(db_exec(
        tx, &db_add_migration_sql,
        PARAMS(db_i64(one->version), db_text(str_from(one->name)), db_bytes(sha256_str(&hash)))));
    step->done = true;
    return OK;
}

result migrate_up(struct db *db, struct arena *arena, size_t *applied)
{
    size_t done = 0;
    for (size_t i = 0; i < MIGRATION_COUNT; i++) {
        struct step step = {.number = i};
        result outcome = db_transact(db, arena, apply, &step);
        if (outcome.code == ERR_DB_DUPLICATE) // another runner was quicker: look again
            outcome = db_transact(db, arena, apply, &step);
        TRY(outcome);
        done += step.done ? 1 : 0;
    }
    *applied = done;
    return OK;
}
