// SPDX-License-Identifier: Apache-2.0
// daemon.h - from settings to a serving process and back to nothing.
#pragma once

#include "phial/config/config.h"
#include "phial/crypto/keyring.h"
#include "phial/util/log.h"

#include <stdbool.h>

// Serves until SIGTERM or SIGINT. `data_folder` is that of --dev, NULL without. `arena` lives as
// long as the process. A failure's detail is for the person who started it.
result daemon_run(struct arena *arena, struct config *config, const char *data_folder);
// The master keys that the settings name, without asking the database about them.
result daemon_read_keys(struct arena *arena, const struct config *config, struct keyring *keyring);
// A certificate's or key's file; the text stays as it was where the path is empty.
result daemon_read_pem(struct arena *arena, const char *option, str path, const char **text);
