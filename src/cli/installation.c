// SPDX-License-Identifier: Apache-2.0
#include "installation.h"

#include "phial/util/privileges.h"

#include <stdlib.h>
#include <unistd.h>

int installation_read(struct arena *arena, const char *command, const char *path,
                      struct config *config)
{
    if (failed(config_read(arena, path, environ, stderr, config)))
        return EXIT_FAULT;
    if (config->database_url.len == 0)
        return command_fails(command, "database.url is not configured; give --config FILE");
    struct identity_of_user user = {0};
    const char *name = str_to_c(arena, config->server_user);
    if (*name == '\0' || !privileges_are_root())
        return EXIT_SUCCESS;
    if (failed(privileges_find(arena, &name, 1, &user)))
        return command_fails(command, "[server] user: there is no such user");
    result dropped = privileges_drop(&user);
    return failed(dropped) ? command_failed(command, dropped) : EXIT_SUCCESS;
}
