// SPDX-License-Identifier: Apache-2.0
#include "cache_parts.h"
#include "carry.h"
#include "catalog.sql.h"
#include "phial/ledger/ledger.h"
#include "phial/time/time.h"

#include <stdlib.h>

static struct catalog_cache *cache_on(struct snapshots *shared, const struct keyring *keyring)
{
    struct catalog_cache *cache = malloc(sizeof *cache);
    if (cache == NULL)
        abort();
    *cache = (struct catalog_cache){shared, snapshots_latest(shared, NULL), keyring};
    return cache;
}

struct catalog_cache *cache_new(const struct keyring *keyring)
{
    return cache_on(snapshots_new(), keyring);
}

struct catalog_cache *cache_share(const struct catalog_cache *other)
{
    snapshots_hold(other->shared);
    return cache_on(other->shared, other->keyring);
}

void cache_free(struct catalog_cache *cache)
{
    if (cache == NULL)
        return;
    snapshot_release(cache->snapshot);
    snapshots_release(cache->shared);
    free(cache);
}

static result fill(void *tx, const struct snapshot *before, struct snapshot *next)
{
    return carry_over(tx, before, next);
}

result cache_refresh(struct catalog_cache *cache, struct db_tx *tx)
{
    int64_t revision = 0;
    TRY(db_one(tx, &catalog_read_revision_sql, NO_PARAMS,
               COLUMNS(db_into_i64("revision", &revision))));
    return snapshots_at(cache->shared, &cache->snapshot, revision,
                        &(struct snapshot_filling){fill, tx});
}

void cache_catch_up(struct catalog_cache *cache)
{
    cache->snapshot = snapshots_latest(cache->shared, cache->snapshot);
}

int64_t cache_revision(const struct catalog_cache *cache)
{
    return cache->snapshot->revision;
}

static result ignore_row(void *context)
{
    (void)context;
    return OK;
}

result catalog_ask_revision(struct db_tx *tx, int64_t *revision)
{
    return db_defer(tx, &catalog_read_revision_sql, NO_PARAMS,
                    COLUMNS(db_into_i64("revision", revision)), ignore_row, NULL);
}

result catalog_require_revision(struct db_tx *tx, int64_t revision)
{
    return db_defer(tx, &catalog_require_revision_sql, PARAMS(db_i64(revision)), NO_COLUMNS, NULL,
                    NULL);
}

// Under the lock.
static result keep_zone(struct snapshot *snapshot, str name, const struct zone **zone)
{
    *zone = snapshot_find(snapshot, CACHED_ZONE, 0, name);
    if (*zone != NULL)
        return OK;
    TRY(zone_load(&snapshot->arena, name, zone));
    snapshot_keep(snapshot, CACHED_ZONE, 0, name, *zone);
    return OK;
}

result keep_customer(struct snapshot *snapshot, const struct customer *row, unsigned partition,
                     const struct cached_customer **kept)
{
    HOLD(&snapshot->lock);
    *kept = snapshot_find(snapshot, CACHED_CUSTOMER, 0, row->key);
    if (*kept != NULL)
        return OK;
    struct cached_customer *made = arena_new(&snapshot->arena, struct cached_customer);
    *made = (struct cached_customer){.id = row->id,
                                     .key = str_copy(&snapshot->arena, row->key),
                                     .partition = partition,
                                     .currency = row->currency,
                                     .archived = row->archived};
    TRY(keep_zone(snapshot, row->zone_name, &made->zone));
    snapshot_keep(snapshot, CACHED_CUSTOMER, 0, row->key, made);
    *kept = made;
    return OK;
}

static result load_customer(struct snapshot *snapshot, struct db_tx *tx, str key,
                            const struct cached_customer **customer)
{
    struct customer row = {0};
    unsigned partition = 0;
    TRY(customer_get(tx, key, &row));
    TRY(ledger_partition(tx, row.id, &partition));
    return keep_customer(snapshot, &row, partition, customer);
}

result cache_customer(struct catalog_cache *cache, struct db_tx *tx, str key,
                      const struct cached_customer **customer)
{
    const struct cached_customer *known = snapshot_find(cache->snapshot, CACHED_CUSTOMER, 0, key);
    if (known == NULL && catalog_key_valid(key)) {
        result loaded = load_customer(cache->snapshot, tx, key, &known);
        if (failed(loaded) && loaded.code != ERR_NOT_FOUND)
            return loaded;
    }
    *customer = known != NULL && known->archived ? NULL : known;
    return OK;
}

// Takes the document.
static result keep_event_type(struct snapshot *snapshot, str key, json_t *document,
                              const struct event_type **type)
{
    struct arena *arena = &snapshot->arena;
    HOLD(&snapshot->lock);
    if (snapshot->documents == NULL)
        snapshot->documents = json_array();
    if (json_array_append_new(snapshot->documents, document) != 0)
        return FAIL(INTERNAL, "out of memory");
    *type = snapshot_find(snapshot, CACHED_EVENT_TYPE, 0, key);
    if (*type != NULL) // by another thread meanwhile
        return OK;
    struct faults *faults = arena_new(arena, struct faults);
    faults->arena = arena;
    *type = event_type_parse((struct json_at){document, STR(""), faults}, str_copy(arena, key));
    if (*type == NULL)
        return FAIL(INTERNAL, "a stored event type is not valid");
    snapshot_keep(snapshot, CACHED_EVENT_TYPE, 0, key, *type);
    return OK;
}

static result load_event_type(struct snapshot *snapshot, struct db_tx *tx, str key,
                              const struct event_type **type)
{
    struct catalog_item item = {0};
    json_t *document = NULL;
    TRY(catalog_get(tx, CATALOG_EVENT_TYPE, key, &item));
    if (item.archived)
        return FAIL(NOT_FOUND, "The event type is archived.");
    TRY(json_parse(item.document, &document));
    return keep_event_type(snapshot, key, document, type);
}

result cache_event_type(struct catalog_cache *cache, struct db_tx *tx, str key,
                        const struct event_type **type)
{
    *type = snapshot_find(cache->snapshot, CACHED_EVENT_TYPE, 0, key);
    if (*type != NULL || !catalog_key_valid(key))
        return OK;
    result loaded = load_event_type(cache->snapshot, tx, key, type);
    return loaded.code == ERR_NOT_FOUND ? OK : loaded;
}

bool cache_knows_customer(const struct catalog_cache *cache, str key,
                          const struct cached_customer **customer)
{
    const struct cached_customer *known = snapshot_find(cache->snapshot, CACHED_CUSTOMER, 0, key);
    *customer = known != NULL && known->archived ? NULL : known;
    return known != NULL;
}

bool cache_knows_event_type(const struct catalog_cache *cache, str key,
                            const struct event_type **type)
{
    *type = snapshot_find(cache->snapshot, CACHED_EVENT_TYPE, 0, key);
    return *type != NULL;
}

const struct api_key *cache_api_key(const struct catalog_cache *cache, const sha256 *presented)
{
    return snapshot_find(cache->snapshot, CACHED_API_KEY, 0, sha256_str(presented));
}

void cache_keep_api_key(struct catalog_cache *cache, const sha256 *presented,
                        const struct api_key *key)
{
    struct arena *arena = &cache->snapshot->arena;
    HOLD(&cache->snapshot->lock);
    if (cache_api_key(cache, presented) != NULL)
        return;
    struct api_key *kept = arena_new(arena, struct api_key);
    *kept = *key;
    kept->id = str_copy(arena, key->id);
    kept->name = str_copy(arena, key->name);
    kept->customer = str_copy(arena, key->customer);
    snapshot_keep(cache->snapshot, CACHED_API_KEY, 0, sha256_str(presented), kept);
}
