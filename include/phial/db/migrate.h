// SPDX-License-Identifier: Apache-2.0
// migrate.h - the schema's versions: forward-only, compiled in, each in its own transaction.
#pragma once

#include "phial/db/db.h"

#include <stddef.h>

struct migration {
    int version; // from the file's name, NNNN_name.sql
    const char *name;
    str sql;
    bool applied;
};

// All that this program knows, in order, with what the database has. CONFLICT when the database has
// one that this program does not know, or one whose text differs.
result migrate_status(struct db *db, struct arena *arena, struct migration **list, size_t *count);
// Applies what is missing. Safe to run twice and by two programs at once.
result migrate_up(struct db *db, struct arena *arena, size_t *applied);
