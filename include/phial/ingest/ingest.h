// SPDX-License-Identifier: Apache-2.0
// ingest.h - the door through which events come: cut, decode, admit, append, answer.
#pragma once

#include "phial/catalog/cache.h"
#include "phial/db/db.h"
#include "phial/util/arena.h"
#include "phial/util/result.h"

enum { EVENTS_MAX = 10000 };

enum event_format { FORMAT_JSON, FORMAT_NDJSON, FORMAT_CLOUDEVENT, FORMAT_CLOUDEVENT_BATCH };
bool event_format_parse(str media_type, enum event_format *format);

struct ingest {
    struct db *db;
    struct arena *arena;
    struct catalog_cache *cache;
    instant now;
    str actor;
    int64_t only_customer; // 0, or the customer that the key is bound to
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

// Failures are problem documents: INVALID_JSON, TOO_MANY_EVENTS, NO_EVENTS, DB_AWAY.
result ingest_events(const struct ingest *ingest, enum event_format format, str body,
                     struct ingest_answer *answer);
