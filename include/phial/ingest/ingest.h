// SPDX-License-Identifier: Apache-2.0
// ingest.h - the door through which events come: cut, decode, admit, append, answer.
#pragma once

#include "phial/catalog/cache.h"
#include "phial/catalog/tally.h"
#include "phial/db/db.h"
#include "phial/ingest/lanes.h"
#include "phial/util/arena.h"
#include "phial/util/result.h"

enum { EVENTS_MAX = 10000 };

struct backfill;

enum event_format { FORMAT_JSON, FORMAT_NDJSON, FORMAT_CLOUDEVENT, FORMAT_CLOUDEVENT_BATCH };
bool event_format_parse(str media_type, enum event_format *format);

struct ingest {
    struct db *db;
    struct arena *arena;
    struct catalog_cache *cache;
    struct tally *tally; // counts what is dropped; NULL: nobody does
    struct lanes *lanes; // NULL: everything is stored at once, in a transaction of its own
    instant now;
    str actor;
    int64_t only_customer; // 0, or the customer that the key is bound to
    // Events are staged there instead of stored, by its bounds instead of their types' past;
    // only_customer is its customer then. NULL without.
    const struct backfill *backfill;
    bool atomic;
    bool validate;      // answer without storing
    bool represent_all; // Prefer: return=representation
};

struct ingest_answer {
    int status; // 200 201 207 409 422
    str body;   // application/json
    int64_t accepted;
    int64_t duplicates;
    int64_t rejected;
};

// Failures are problem documents: INVALID_JSON, TOO_MANY_EVENTS, NO_EVENTS, DB_AWAY; of a backfill
// BACKFILL_CLOSED, BACKFILL_FULL.
result ingest_events(const struct ingest *ingest, enum event_format format, str body,
                     struct ingest_answer *answer);

// The same in steps, for a request that waits for its commit while its thread serves others. A step
// may run on another thread than the one before, with that one's db and cache.
struct ingest_run; // lives in the request's arena
result ingest_open(const struct ingest *ingest, enum event_format format, str body,
                   struct ingest_run **run);
// Decides on every event that is not settled. Yields the catalog's revision that it went by, which
// may be of the past: who asked was allowed to under the same one, or is asked again.
result ingest_admit(struct ingest_run *run, const struct ingest *ingest, int64_t *revision);
// Hands what was admitted to the lanes; `waits` is false where nothing goes that way: ingest_store
// then. done() is called once, on any thread, perhaps before this returns. WOULD_BLOCK where the
// lanes are full and the thread has no database connection, so may not wait.
result ingest_submit(struct ingest_run *run, void (*done)(void *context), void *context,
                     bool *waits);
// What became of that. CATALOG_CHANGED: admit and submit again.
result ingest_submitted(const struct ingest_run *run);
// Counts what was refused. CATALOG_CHANGED where everything was, under a revision that has passed.
result ingest_count(struct ingest_run *run, const struct ingest *ingest);
result ingest_store(struct ingest_run *run); // and counts
void ingest_answer(const struct ingest_run *run, struct ingest_answer *answer);
