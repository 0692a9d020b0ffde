// SPDX-License-Identifier: Apache-2.0
#include "server_options.h"

#include "command.h"

#include <stdlib.h>

bool server_options_complete(const char *command, struct server_options *options)
{
    if (options->url == NULL)
        options->url = getenv("PHIAL_URL");
    if (options->key == NULL)
        options->key = getenv("PHIAL_KEY");
    if (options->url == NULL) {
        (void)command_fails(command, "no server: give --url or set PHIAL_URL");
        return false;
    }
    if (options->key == NULL) {
        (void)command_fails(command, "no API key: give --key or set PHIAL_KEY");
        return false;
    }
    return true;
}
