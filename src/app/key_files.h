// SPDX-License-Identifier: Apache-2.0
// key_files.h - the keys and certificates that the settings name. BAD_CONFIG with the option's
// name.
#pragma once

#include "phial/config/config.h"
#include "phial/crypto/keyring.h"

// The master keys, without asking the database about them.
result key_files_master(struct arena *arena, const struct config *config, struct keyring *keyring);
// A certificate's or key's file; the text stays as it was where the path is empty.
result key_files_pem(struct arena *arena, const char *option, str path, const char **text);
