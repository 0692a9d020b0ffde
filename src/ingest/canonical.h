// SPDX-License-Identifier: Apache-2.0
// canonical.h - quantity and properties against their declaration, and the event's canonical bytes.
#pragma once

#include "decode.h"
#include "phial/catalog/cache.h"

// What the events of one request share.
struct canonical {
    struct arena *arena;
    struct db *db;
    struct catalog_cache *cache;
    enum event_dialect dialect;
    // of the last event: many have the same
    instant printed_time;
    str printed;
    int64_t key_customer;
    str key_period;
    const struct hmac_key *key;
};

struct canonical_event {
    const struct cached_customer *customer;
    const struct event_type *type;
    str id;
    str source;
    instant at; // as sent
    // answers
    instant time; // as stored
    str json;
};

// Fails for the database alone; a refused event is OK with a verdict.
result canonical_make(struct canonical *canonical, const struct raw_event *raw,
                      struct canonical_event *event, struct verdict *verdict);
