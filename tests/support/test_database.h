// SPDX-License-Identifier: Apache-2.0
// test_database.h - a freshly migrated database for one test program, on the PostgreSQL that
// tests/run.sh started. PHIAL_TEST_DATABASE is a connection string to its maintenance database,
// as a superuser. Never skipped: without a server the test fails.
#pragma once

#include "check_main.h"
#include "phial/db/db.h"
#include "phial/db/migrate.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// The connection string of a new, empty, migrated database; the same one for the whole program.
static inline const char *test_database_url(void)
{
    static char url[1024];
    if (url[0] != '\0')
        return url;
    const char *server = getenv("PHIAL_TEST_DATABASE");
    ck_assert_msg(server != NULL, "PHIAL_TEST_DATABASE is not set: run tests/run.sh");
    char command[4096];
    int len = snprintf(command, sizeof command,
                       "psql -qX -v ON_ERROR_STOP=1 -d '%s' "
                       "-c 'DROP DATABASE IF EXISTS phial_test_%ld' " // a process id comes again
                       "-c 'CREATE DATABASE phial_test_%ld'",
                       server, (long)getpid(), (long)getpid());
    ck_assert(len > 0 && (size_t)len < sizeof command);
    ck_assert_int_eq(system(command), 0); // NOLINT(cert-env33-c): a test's own constant command
    (void)snprintf(url, sizeof url, "%s dbname=phial_test_%ld", server, (long)getpid());
    struct db *db = db_open(&(struct db_options){.url = url});
    struct arena arena = {0};
    size_t applied = 0;
    ck_assert_ok(migrate_up(db, &arena, &applied));
    arena_reset(&arena);
    db_close(db);
    return url;
}

// As the daemon: with the role that may not change the ledger.
static inline struct db *test_database(void)
{
    return db_open(&(struct db_options){.url = test_database_url(), .role = "phial_daemon"});
}

static inline struct db *test_database_owner(void)
{
    return db_open(&(struct db_options){.url = test_database_url()});
}
