// SPDX-License-Identifier: Apache-2.0
// Three small hash tables in one arena. Pointers handed out hold until the next cache_refresh.
#include "cache_table.h"
#include "catalog.sql.h"
#include "phial/ledger/ledger.h"
#include "phial/time/time.h"

#include <assert.h>
#include <stdlib.h>

enum { BUCKETS = 4096, ENTRIES_MAX = 200000 };

struct cached {
    struct cached *next;
    enum cached_kind kind;
    int64_t number; // the customer, of a token key
    str name;
    const void *what;
};

struct catalog_cache *cache_new(const struct keyring *keyring)
{
    struct catalog_cache *cache = calloc(1, sizeof *cache);
    assert(cache != NULL);
    cache->keyring = keyring;
    return cache;
}

static void drop(struct catalog_cache *cache)
{
    json_decref(cache->held);
    cache->held = NULL;
    cache->buckets = NULL;
    cache->count = 0;
    arena_reset(&cache->arena);
    code_memory_forget(&cache->codes);
}

void cache_free(struct catalog_cache *cache)
{
    if (cache == NULL)
        return;
    drop(cache);
    free(cache->codes.slots);
    free(cache);
}

result cache_refresh(struct catalog_cache *cache, struct db_tx *tx)
{
    int64_t revision = 0;
    TRY(db_one(tx, &catalog_read_revision_sql, NO_PARAMS,
               COLUMNS(db_into_i64("revision", &revision))));
    if (revision != cache->revision || cache->count > ENTRIES_MAX)
        drop(cache);
    cache->revision = revision;
    return OK;
}

int64_t cache_revision(const struct catalog_cache *cache)
{
    return cache->revision;
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

static size_t bucket_of(enum cached_kind kind, int64_t number, str name)
{
    uint64_t hash = 14695981039346656037U ^ (uint64_t)kind ^ ((uint64_t)number << 8);
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (unsigned char)name.ptr[i]) * 1099511628211U;
    return (size_t)((hash ^ (hash >> 32)) % BUCKETS);
}

const void *cache_find(const struct catalog_cache *cache, enum cached_kind kind, int64_t number,
                       str name)
{
    if (cache->buckets == NULL)
        return NULL;
    const struct cached *one = cache->buckets[bucket_of(kind, number, name)];
    while (one != NULL && (one->kind != kind || one->number != number || !str_eq(one->name, name)))
        one = one->next;
    return one == NULL ? NULL : one->what;
}

void cache_keep(struct catalog_cache *cache, enum cached_kind kind, int64_t number, str name,
                const void *what)
{
    if (cache->buckets == NULL)
        cache->buckets = arena_array(&cache->arena, struct cached *, BUCKETS);
    struct cached **bucket = &cache->buckets[bucket_of(kind, number, name)];
    struct cached *one = arena_new(&cache->arena, struct cached);
    *one = (struct cached){*bucket, kind, number, str_copy(&cache->arena, name), what};
    *bucket = one;
    cache->count++;
}

static result load_zone(struct catalog_cache *cache, str name, const struct zone **zone)
{
    *zone = cache_find(cache, CACHED_ZONE, 0, name);
    if (*zone != NULL)
        return OK;
    TRY(zone_load(&cache->arena, name, zone));
    cache_keep(cache, CACHED_ZONE, 0, name, *zone);
    return OK;
}

result cache_customer(struct catalog_cache *cache, struct db_tx *tx, str key,
                      const struct cached_customer **customer)
{
    const struct cached_customer *known = cache_find(cache, CACHED_CUSTOMER, 0, key);
    if (known == NULL && catalog_key_valid(key)) {
        struct customer row = {0};
        result found = customer_get(tx, key, &row);
        if (failed(found) && found.code != ERR_NOT_FOUND)
            return found;
        if (!failed(found)) {
            struct cached_customer *made = arena_new(&cache->arena, struct cached_customer);
            TRY(load_zone(cache, row.zone_name, &made->zone));
            TRY(ledger_partition(tx, row.id, &made->partition));
            made->id = row.id;
            made->key = str_copy(&cache->arena, row.key);
            made->currency = row.currency;
            made->archived = row.archived;
            cache_keep(cache, CACHED_CUSTOMER, 0, key, made);
            known = made;
        }
    }
    *customer = known != NULL && known->archived ? NULL : known;
    return OK;
}

static result load_event_type(struct catalog_cache *cache, struct db_tx *tx, str key,
                              const struct event_type **type)
{
    struct catalog_item item = {0};
    json_t *document = NULL;
    TRY(catalog_get(tx, CATALOG_EVENT_TYPE, key, &item));
    if (item.archived)
        return FAIL(NOT_FOUND, "The event type is archived.");
    TRY(json_parse(item.document, &document));
    if (cache->held == NULL)
        cache->held = json_array();
    if (json_array_append_new(cache->held, document) != 0)
        return FAIL(INTERNAL, "out of memory");
    struct faults *faults = arena_new(&cache->arena, struct faults);
    faults->arena = &cache->arena;
    *type =
        event_type_parse((struct json_at){document, STR(""), faults}, str_copy(&cache->arena, key));
    return *type == NULL ? FAIL(INTERNAL, "a stored event type is not valid") : OK;
}

result cache_event_type(struct catalog_cache *cache, struct db_tx *tx, str key,
                        const struct event_type **type)
{
    const struct event_type *known = cache_find(cache, CACHED_EVENT_TYPE, 0, key);
    if (known == NULL && catalog_key_valid(key)) {
        result loaded = load_event_type(cache, tx, key, &known);
        if (failed(loaded) && loaded.code != ERR_NOT_FOUND)
            return loaded;
        if (!failed(loaded))
            cache_keep(cache, CACHED_EVENT_TYPE, 0, key, known);
    }
    *type = known;
    return OK;
}

bool cache_knows_customer(const struct catalog_cache *cache, str key,
                          const struct cached_customer **customer)
{
    const struct cached_customer *known = cache_find(cache, CACHED_CUSTOMER, 0, key);
    *customer = known != NULL && known->archived ? NULL : known;
    return known != NULL;
}

bool cache_knows_event_type(const struct catalog_cache *cache, str key,
                            const struct event_type **type)
{
    *type = cache_find(cache, CACHED_EVENT_TYPE, 0, key);
    return *type != NULL;
}

const struct api_key *cache_api_key(const struct catalog_cache *cache, const sha256 *presented)
{
    return cache_find(cache, CACHED_API_KEY, 0, sha256_str(presented));
}

void cache_keep_api_key(struct catalog_cache *cache, const sha256 *presented,
                        const struct api_key *key)
{
    if (cache_api_key(cache, presented) != NULL)
        return;
    struct api_key *kept = arena_new(&cache->arena, struct api_key);
    *kept = *key;
    kept->id = str_copy(&cache->arena, key->id);
    kept->name = str_copy(&cache->arena, key->name);
    kept->customer = str_copy(&cache->arena, key->customer);
    cache_keep(cache, CACHED_API_KEY, 0, sha256_str(presented), kept);
}
