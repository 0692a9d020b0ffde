// SPDX-License-Identifier: Apache-2.0
// folder_owner.h - hands a data folder over to the user who will work in it. Runs as root, so it
// touches only what can be nobody else's: an empty folder, or one that is known by its phial.lock.
#pragma once

#include "phial/util/arena.h"
#include "phial/util/result.h"

#include <sys/types.h>

// INTERNAL for what is neither.
result folder_owner_check(struct arena *arena, const char *path);
result folder_owner_set(struct arena *arena, const char *path, uid_t uid, gid_t gid);
