// SPDX-License-Identifier: Apache-2.0
// cache.h - what ingest looks up for every event. A cache is one thread's; those that share find
// what any of them has read.
//
// cache_refresh compares the catalog's revision (one row) with the one the cache was filled at, and
// begins anew when they differ: a change through any daemon is seen by the next request. Who does
// not refresh it first compares the revision later, in the transaction that writes.
#pragma once

#include "phial/catalog/catalog.h"
#include "phial/catalog/keys.h"
#include "phial/crypto/keyring.h"

struct catalog_cache;
struct catalog_cache *cache_new(const struct keyring *keyring); // wraps token keys; outlives it
struct catalog_cache *cache_share(const struct catalog_cache *other); // either may go first
void cache_free(struct catalog_cache *cache);

// Pointers that the cache has handed out hold until the next call of one of these two.
result cache_refresh(struct catalog_cache *cache, struct db_tx *tx);
void cache_catch_up(struct catalog_cache *cache); // with the last refresh of one that shares
int64_t cache_revision(const struct catalog_cache *cache); // 0: never refreshed
// The catalog's revision as the transaction sees it; there with the answer to the next statement.
result catalog_ask_revision(struct db_tx *tx, int64_t *revision);
// Every cache drops what it holds before it serves a request that begins once the transaction has
// committed: moves the revision, whose lock it takes.
result catalog_forget(struct db_tx *tx);
// The transaction fails with CATALOG_CHANGED, by its commit at the latest, where it is another one.
result catalog_require_revision(struct db_tx *tx, int64_t revision);

struct cached_customer {
    int64_t id;
    str key;
    unsigned partition; // of the ledger
    const struct zone *zone;
    enum currency currency;
    bool archived;
};
// NULL when there is no such customer or event type, or it is archived.
result cache_customer(struct catalog_cache *cache, struct db_tx *tx, str key,
                      const struct cached_customer **customer);
result cache_event_type(struct catalog_cache *cache, struct db_tx *tx, str key,
                        const struct event_type **type);

// What is known without asking the database; false: ask it, by the two above. Of customers and
// types that do not exist nothing is known.
bool cache_knows_customer(const struct catalog_cache *cache, str key,
                          const struct cached_customer **customer);
bool cache_knows_event_type(const struct catalog_cache *cache, str key,
                            const struct event_type **type);

// API keys that were valid at the cache's revision, by the hash of what is presented; their expiry
// is the caller's to check. NULL when not known.
const struct api_key *cache_api_key(const struct catalog_cache *cache, const sha256 *presented);
void cache_keep_api_key(struct catalog_cache *cache, const sha256 *presented,
                        const struct api_key *key);
