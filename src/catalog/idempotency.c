// SPDX-License-Identifier: Apache-2.0
#include "phial/catalog/idempotency.h"

#include "catalog.sql.h"
#include "phial/util/encode.h"

str idempotency_context(struct arena *arena, str key_id, str name)
{
    return str_printf(arena, "idempotency/%" STR_FMT "/%" STR_FMT, STR_ARG(key_id),
                      STR_ARG(encode_hex(arena, name)));
}

static str seal_context(struct arena *arena, const struct idempotency *what)
{
    return idempotency_context(arena, what->key_id, sha256_str(&what->name));
}

static db_param hash_of(const struct idempotency *what)
{
    return db_bytes(sha256_str(&what->name));
}

static result find_answer(struct db_tx *tx, const struct idempotency *what, bool *found,
                          struct kept_answer *answer)
{
    str fingerprint = {0};
    result read = db_one(
        tx, &catalog_find_answer_sql, PARAMS(db_text(what->key_id), hash_of(what)),
        COLUMNS(db_into_bytes("fingerprint", &fingerprint), db_into_i64("status", &answer->status),
                db_into_text("media_type", &answer->media_type),
                db_into_bytes("body", &answer->body), db_into_text("headers", &answer->headers)));
    *found = !failed(read);
    if (failed(read))
        return read.code == ERR_NOT_FOUND ? OK : read;
    if (!str_eq(fingerprint, sha256_str(&what->fingerprint)))
        return FAIL(KEY_REUSED, "The Idempotency-Key was used with another request.");
    return keyring_unseal(db_arena(tx), what->keyring, seal_context(db_arena(tx), what),
                          answer->body, &answer->body);
}

static result lock(struct db_tx *tx, const struct idempotency *what)
{
    bool locked = false;
    TRY(db_one(tx, what->by_session ? &catalog_claim_by_session_sql : &catalog_claim_sql,
               PARAMS(db_text(what->key_id), hash_of(what)),
               COLUMNS(db_into_bool("locked", &locked))));
    return locked ? OK
                  : FAIL(KEY_RUNNING,
                         "The first request with this Idempotency-Key has no answer yet.");
}

// Looked for again under the lock, as the answer may have come in between.
result idempotency_begin(struct db_tx *tx, const struct idempotency *what, bool *found,
                         struct kept_answer *answer)
{
    TRY(find_answer(tx, what, found, answer));
    if (*found)
        return OK;
    TRY(lock(tx, what));
    result again = find_answer(tx, what, found, answer);
    if (what->by_session && (failed(again) || *found))
        TRY(idempotency_release(tx, what));
    return again;
}

result idempotency_keep(struct db_tx *tx, const struct idempotency *what,
                        const struct kept_answer *answer)
{
    struct arena *arena = db_arena(tx);
    str sealed = {0};
    TRY(keyring_seal(arena, what->keyring, seal_context(arena, what), answer->body, &sealed));
    return db_exec(tx, &catalog_keep_answer_sql,
                   PARAMS(db_text(what->key_id), hash_of(what),
                          db_bytes(sha256_str(&what->fingerprint)), db_i64(answer->status),
                          db_text(answer->media_type), db_bytes(sealed), db_text(answer->headers),
                          db_bytes(keyring_id(what->keyring))));
}

result idempotency_release(struct db_tx *tx, const struct idempotency *what)
{
    bool unlocked = false;
    return db_one(tx, &catalog_unclaim_sql, PARAMS(db_text(what->key_id), hash_of(what)),
                  COLUMNS(db_into_bool("unlocked", &unlocked)));
}
