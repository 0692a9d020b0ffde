// SPDX-License-Identifier: Apache-2.0
// erasure_file.h - which token keys were destroyed, in a file outside the database: a backup brings
// destroyed keys back, and what stands here destroys them again before anything is served.
//
// A line is "v1 CUSTOMER SCOPE INDEX TIME": INDEX is the position of the erasure's entry, TIME the
// machine's at the erasure, in microseconds; keys that are younger are others.
#pragma once

#include "phial/db/db.h"

// Writes down, and flushes, what the database knows and the file does not.
result erasure_file_note(struct db *db, struct arena *arena, const char *path);
// Destroys what the file knows of and the database has, with an entry in each customer's log. The
// file is as it was. VERIFICATION_FAILED for a file that is not one of these.
result erasure_file_replay(struct db *db, struct arena *arena, const char *path, instant now,
                           int64_t *replayed);
