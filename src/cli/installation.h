// SPDX-License-Identifier: Apache-2.0
// installation.h - the configuration of commands that speak to a database or an installation.
#pragma once

#include "command.h"
#include "phial/config/config.h"

// EXIT_SUCCESS, or the exit code once it has been said what is wrong. Started as root, the command
// becomes the user that the daemon would, for whom the database knows it.
int installation_read(struct arena *arena, const char *command, const char *path,
                      struct config *config);
