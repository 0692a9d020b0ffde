// SPDX-License-Identifier: Apache-2.0
// Three small hash tables in one arena. Pointers handed out hold until the next cache_refresh.
#include "phial/catalog/cache.h"

#include "catalog.sql.h"
#include "phial/crypto/crypto.h"
#include "phial/ledger/ledger.h"
#include "phial/time/time.h"

#include <assert.h>
#include <stdlib.h>

enum { BUCKETS = 4096, ENTRIES_MAX = 200000, TOKEN_KEY_BYTES = 32 };

enum cached_kind {
    CACHED_API_KEY,
    CACHED_CUSTOMER,
    CACHED_EVENT_TYPE,
    CACHED_TOKEN_KEY,
    CACHED_ZONE
};

struct cached {
    struct cached *next;
    enum cached_kind kind;
    int64_t number; // the customer, of a token key
    str name;
    const void *what;
};

struct catalog_cache {
    struct arena arena;
    struct cached **buckets; // BUCKETS of them, in the arena
    size_t count;
    int64_t revision; // 0 before the first refresh
    json_t *held;     // the declarations that event types borrow from
    char master_key[TOKEN_KEY_BYTES];
};

struct catalog_cache *cache_new(str master_key)
{
    struct catalog_cache *cache = calloc(1, sizeof *cache);
    assert(cache != NULL && master_key.len == TOKEN_KEY_BYTES);
    for (size_t i = 0; i < TOKEN_KEY_BYTES; i++)
        cache->master_key[i] = master_key.ptr[i];
    return cache;
}

static void drop(struct catalog_cache *cache)
{
    json_decref(cache->held);
    cache->held = NULL;
    cache->buckets = NULL;
    cache->count = 0;
    arena_reset(&cache->arena);
}

void cache_free(struct catalog_cache *cache)
{
    if (cache == NULL)
        return;
    drop(cache);
    crypto_wipe(cache->master_key, sizeof cache->master_key);
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

static const void *find(const struct catalog_cache *cache, enum cached_kind kind, int64_t number,
                        str name)
{
    if (cache->buckets == NULL)
        return NULL;
    const struct cached *one = cache->buckets[bucket_of(kind, number, name)];
    while (one != NULL && (one->kind != kind || one->number != number || !str_eq(one->name, name)))
        one = one->next;
    return one == NULL ? NULL : one->what;
}

static void keep(struct catalog_cache *cache, enum cached_kind kind, int64_t number, str name,
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
    *zone = find(cache, CACHED_ZONE, 0, name);
    if (*zone != NULL)
        return OK;
    TRY(zone_load(&cache->arena, name, zone));
    keep(cache, CACHED_ZONE, 0, name, *zone);
    return OK;
}

result cache_customer(struct catalog_cache *cache, struct db_tx *tx, str key,
                      const struct cached_customer **customer)
{
    const struct cached_customer *known = find(cache, CACHED_CUSTOMER, 0, key);
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
            keep(cache, CACHED_CUSTOMER, 0, key, made);
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
    const struct event_type *known = find(cache, CACHED_EVENT_TYPE, 0, key);
    if (known == NULL && catalog_key_valid(key)) {
        result loaded = load_event_type(cache, tx, key, &known);
        if (failed(loaded) && loaded.code != ERR_NOT_FOUND)
            return loaded;
        if (!failed(loaded))
            keep(cache, CACHED_EVENT_TYPE, 0, key, known);
    }
    *type = known;
    return OK;
}

bool cache_knows_customer(const struct catalog_cache *cache, str key,
                          const struct cached_customer **customer)
{
    const struct cached_customer *known = find(cache, CACHED_CUSTOMER, 0, key);
    *customer = known != NULL && known->archived ? NULL : known;
    return known != NULL;
}

bool cache_knows_event_type(const struct catalog_cache *cache, str key,
                            const struct event_type **type)
{
    *type = find(cache, CACHED_EVENT_TYPE, 0, key);
    return *type != NULL;
}

const struct api_key *cache_api_key(const struct catalog_cache *cache, const sha256 *presented)
{
    return find(cache, CACHED_API_KEY, 0, sha256_str(presented));
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
    keep(cache, CACHED_API_KEY, 0, sha256_str(presented), kept);
}

struct token_key_making {
    const struct catalog_cache *cache;
    int64_t customer_id;
    str period;
    str context; // bound into the seal
    str sealed;
};

static result make_token_key(struct db_tx *tx, void *context)
{
    struct token_key_making *making = context;
    db_param customer = db_i64(making->customer_id);
    db_param period = db_text(making->period);
    result found = db_one(tx, &catalog_find_token_key_sql, PARAMS(customer, period),
                          COLUMNS(db_into_bytes("sealed", &making->sealed)));
    if (found.code != ERR_NOT_FOUND)
        return found;
    char random[TOKEN_KEY_BYTES];
    str sealed = {0};
    crypto_random(random, sizeof random);
    result done = crypto_seal(db_arena(tx), (str){making->cache->master_key, TOKEN_KEY_BYTES},
                              making->context, (str){random, sizeof random}, &sealed);
    crypto_wipe(random, sizeof random);
    TRY(done);
    // Another daemon may be making it as well: the first to commit wins, and all read the row.
    TRY(db_exec(tx, &catalog_insert_token_key_sql, PARAMS(customer, period, db_bytes(sealed))));
    return db_one(tx, &catalog_find_token_key_sql, PARAMS(customer, period),
                  COLUMNS(db_into_bytes("sealed", &making->sealed)));
}

result cache_token_key(struct catalog_cache *cache, struct db *db, int64_t customer_id, str period,
                       const struct hmac_key **key)
{
    const struct hmac_key *known = find(cache, CACHED_TOKEN_KEY, customer_id, period);
    if (known != NULL) {
        *key = known;
        return OK;
    }
    struct token_key_making making = {
        .cache = cache,
        .customer_id = customer_id,
        .period = period,
        .context =
            str_printf(&cache->arena, "%lld/%" STR_FMT, (long long)customer_id, STR_ARG(period)),
    };
    TRY(db_transact(db, &cache->arena, make_token_key, &making));
    if (making.sealed.len == 0)
        return FAIL(CONFLICT, "The key of these tokens has been destroyed.");
    str plain = {0};
    TRY(crypto_unseal(&cache->arena, (str){cache->master_key, TOKEN_KEY_BYTES}, making.context,
                      making.sealed, &plain));
    struct hmac_key *made = arena_new(&cache->arena, struct hmac_key);
    hmac_prepare(plain, made);
    keep(cache, CACHED_TOKEN_KEY, customer_id, period, made);
    *key = made;
    return OK;
}
