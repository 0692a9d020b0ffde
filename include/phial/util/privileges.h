// SPDX-License-Identifier: Apache-2.0
// privileges.h - who the daemon is, and what it leaves behind when it crashes: nothing.
#pragma once

#include "phial/util/arena.h"
#include "phial/util/result.h"

#include <stdbool.h>
#include <sys/types.h>

struct identity_of_user {
    const char *name;
    uid_t uid;
    gid_t gid;
};

bool privileges_are_root(void);
// Of these names the first that the machine has. NOT_FOUND.
result privileges_find(struct arena *arena, const char *const *names, size_t count,
                       struct identity_of_user *user);
// For good: user, group, supplementary groups, capabilities.
result privileges_drop(const struct identity_of_user *user);
// A core would hold keys and requests.
void privileges_forbid_cores(void);
