// SPDX-License-Identifier: Apache-2.0
// cache.h - what ingest looks up for every event, kept by one worker. Not shared between threads.
//
// cache_refresh compares the catalog's revision (one row) with the one the cache was filled at, and
// drops everything when they differ: a change through any daemon is seen by the next request.
#pragma once

#include "phial/catalog/catalog.h"

struct catalog_cache;
struct catalog_cache *cache_new(str master_key); // 32 bytes that wrap the token keys
void cache_free(struct catalog_cache *cache);

result cache_refresh(struct catalog_cache *cache, struct db_tx *tx);

struct cached_customer {
    int64_t id;
    str key;
    const struct zone *zone;
    enum currency currency;
    bool archived;
};
// NULL when there is no such customer or event type, or it is archived.
result cache_customer(struct catalog_cache *cache, struct db_tx *tx, str key,
                      const struct cached_customer **customer);
result cache_event_type(struct catalog_cache *cache, struct db_tx *tx, str key,
                        const struct event_type **type);

// The HMAC key of a token scope: made on first use, in a transaction of its own that has committed
// before any token is printed with it. `period` is "" or "2026-11".
result cache_token_key(struct catalog_cache *cache, struct db *db, int64_t customer_id, str period,
                       const struct hmac_key **key);
