// SPDX-License-Identifier: Apache-2.0
// check_config.h - what in the settings keeps the daemon from starting, beyond what each option's
// own value shows: `phiald --check-config`.
#pragma once

#include "phial/config/config.h"

// Prints a line `file:line: message` for each fault; how many there are. `is_dev` brings a database
// and keys of its own. Nothing is asked of a database.
int check_config(struct arena *arena, const struct config *config, bool is_dev, FILE *out);
