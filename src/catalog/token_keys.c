// SPDX-License-Identifier: Apache-2.0
#include "token_keys.h"

#include "cache_parts.h"
#include "catalog.sql.h"
#include "phial/catalog/tokens.h"

enum { TOKEN_KEY_BYTES = 32 };

str token_key_purpose(bool crosswalk)
{
    return crosswalk ? STR("crosswalk") : STR("token");
}

str token_key_context(struct arena *arena, const struct token_key_row *row)
{
    str scope = row->scope;
    if (row->wrapped_by.len != 0)
        return str_printf(arena, "token_key/%lld/%" STR_FMT "/%" STR_FMT,
                          (long long)row->customer_id, STR_ARG(row->purpose), STR_ARG(scope));
    if (str_eq(scope, STR("customer")) || str_eq(scope, STR("event")))
        scope = STR("");
    return str_printf(arena, "%lld/%" STR_FMT, (long long)row->customer_id, STR_ARG(scope));
}

struct making {
    const struct keyring *keyring;
    const struct token_use *use;
    struct token_key_row row; // as it is found
    int64_t generation;
};

#define ROW_COLUMNS(making)                                         \
    COLUMNS(db_into_bytes("sealed", &(making)->row.sealed),         \
            db_into_bytes("wrapped_by", &(making)->row.wrapped_by), \
            db_into_i64("generation", &(making)->generation))

static result find_row(struct db_tx *tx, struct making *making)
{
    const struct token_use *use = making->use;
    making->row = (struct token_key_row){.customer_id = use->customer_id,
                                         .scope = use->scope,
                                         .purpose = token_key_purpose(use->crosswalk)};
    result found =
        db_one(tx, &catalog_find_token_key_sql,
               PARAMS(db_i64(use->customer_id), db_text(use->scope), db_text(making->row.purpose)),
               ROW_COLUMNS(making));
    return found.code == ERR_NOT_FOUND ? OK : found;
}

// Another daemon may be making it as well: the first to commit wins, and all read its row.
static result insert_row(struct db_tx *tx, struct making *making)
{
    char random[TOKEN_KEY_BYTES];
    str sealed = {0};
    struct token_key_row row = making->row;
    row.wrapped_by = keyring_id(making->keyring);
    crypto_random(random, sizeof random);
    result done = keyring_seal(db_arena(tx), making->keyring, token_key_context(db_arena(tx), &row),
                               (str){random, sizeof random}, &sealed);
    crypto_wipe(random, sizeof random);
    TRY(done);
    result inserted =
        db_one(tx, &catalog_insert_token_key_sql,
               PARAMS(db_i64(row.customer_id), db_text(row.scope), db_text(row.purpose),
                      db_bytes(sealed), db_bytes(row.wrapped_by)),
               ROW_COLUMNS(making));
    return inserted.code == ERR_NOT_FOUND ? find_row(tx, making) : inserted;
}

static result find_or_make(struct db_tx *tx, void *context)
{
    struct making *making = context;
    TRY(find_row(tx, making));
    if (making->row.sealed.len == 0)
        TRY(insert_row(tx, making));
    return making->row.sealed.len != 0 ? OK : FAIL(DB_CONFLICT, "the key is being destroyed");
}

static result load(const struct catalog_cache *cache, struct db *db, struct arena *scratch,
                   struct making *making, struct token_key *key)
{
    str plain = {0};
    TRY(db_transact(db, scratch, find_or_make, making));
    TRY(keyring_unseal(scratch, cache->keyring, token_key_context(scratch, &making->row),
                       making->row.sealed, &plain));
    hmac_prepare(plain, &key->hmac);
    key->generation = making->generation;
    return OK;
}

enum cached_kind token_key_kind(const struct token_use *use)
{
    return use->crosswalk ? CACHED_CROSSWALK_KEY : CACHED_TOKEN_KEY;
}

const struct token_key *keep_token_key(struct snapshot *snapshot, const struct token_use *use,
                                       const struct token_key *key)
{
    enum cached_kind kind = token_key_kind(use);
    HOLD(&snapshot->lock);
    const struct token_key *kept = snapshot_find(snapshot, kind, use->customer_id, use->scope);
    if (kept != NULL)
        return kept;
    struct token_key *made = arena_new(&snapshot->arena, struct token_key);
    *made = *key;
    snapshot_keep(snapshot, kind, use->customer_id, use->scope, made);
    return made;
}

result cache_token_key(struct catalog_cache *cache, struct db *db, const struct token_use *use,
                       const struct token_key **key)
{
    *key = snapshot_find(cache->snapshot, token_key_kind(use), use->customer_id, use->scope);
    if (*key != NULL)
        return OK;
    struct arena scratch = {0}; // the key lies bare there, and is wiped with it
    struct making making = {.keyring = cache->keyring, .use = use};
    struct token_key made = {0};
    result loaded = load(cache, db, &scratch, &making, &made);
    arena_reset(&scratch);
    if (!failed(loaded))
        *key = keep_token_key(cache->snapshot, use, &made);
    crypto_wipe(&made, sizeof made);
    return loaded;
}
