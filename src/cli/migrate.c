// SPDX-License-Identifier: Apache-2.0
// phial migrate status | up
#include "phial/db/migrate.h"

#include "installation.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static result print_status(struct db *db, struct arena *arena)
{
    struct migration *list = NULL;
    size_t count = 0;
    TRY(migrate_status(db, arena, &list, &count));
    for (size_t i = 0; i < count; i++)
        (void)printf("%04d %-20s %s\n", list[i].version, list[i].name,
                     list[i].applied ? "applied" : "missing");
    return OK;
}

static result bring_up(struct db *db, struct arena *arena)
{
    size_t applied = 0;
    TRY(migrate_up(db, arena, &applied));
    (void)printf("%zu applied; the schema is up to date\n", applied);
    return OK;
}

int command_migrate(struct arena *arena, int argc, char **argv)
{
    static const struct option known[] = {{"config", required_argument, NULL, 'c'}, {0}};
    const char *path = NULL;
    for (int option = 0; (option = getopt_long(argc, argv, "c:", known, NULL)) != -1;) {
        if (option != 'c')
            return command_usage("migrate");
        path = optarg;
    }
    if (argc - optind != 1)
        return command_usage("migrate");
    bool up = strcmp(argv[optind], "up") == 0;
    if (!up && strcmp(argv[optind], "status") != 0)
        return command_usage("migrate");

    struct config config = {0};
    int code = installation_read(arena, "migrate", path, &config);
    if (code != EXIT_SUCCESS)
        return code;
    struct db *db = db_open(&(struct db_options){.url = str_to_c(arena, config.database_url)});
    result outcome = up ? bring_up(db, arena) : print_status(db, arena);
    db_close(db);
    return failed(outcome) ? command_failed("migrate", outcome) : EXIT_SUCCESS;
}
