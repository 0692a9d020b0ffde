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

struct found_answer {
    str fingerprint;
    bool has_status;
    bool expired;
    bool stale; // without an answer for so long that whoever claimed it has died
    struct kept_answer kept;
};

static result find_answer(struct db_tx *tx, const struct idempotency *what,
                          struct found_answer *found)
{
    return db_one(
        tx, &catalog_find_answer_sql,
        PARAMS(db_text(what->key_id), db_bytes(sha256_str(&what->name))),
        COLUMNS(db_into_bytes("fingerprint", &found->fingerprint),
                db_if_present(db_into_i64("status", &found->kept.status), &found->has_status),
                db_into_text("media_type", &found->kept.media_type),
                db_into_bytes("body", &found->kept.body),
                db_into_text("headers", &found->kept.headers),
                db_into_bool("expired", &found->expired), db_into_bool("stale", &found->stale)));
}

result idempotency_begin(struct db_tx *tx, const struct idempotency *what, bool *found,
                         struct kept_answer *answer)
{
    str inserted = {0};
    struct found_answer old = {0};
    db_once(tx); // a claim that is made again would meet itself
    result claimed = db_one(tx, &catalog_begin_answer_sql,
                            PARAMS(db_text(what->key_id), db_bytes(sha256_str(&what->name)),
                                   db_bytes(sha256_str(&what->fingerprint))),
                            COLUMNS(db_into_text("key_id", &inserted)));
    if (claimed.code != ERR_NOT_FOUND) {
        TRY(claimed);
        *found = false;
        return OK;
    }
    TRY(find_answer(tx, what, &old));
    if (old.expired || (!old.has_status && old.stale)) {
        *found = false;
        return db_exec(tx, &catalog_take_over_answer_sql,
                       PARAMS(db_text(what->key_id), db_bytes(sha256_str(&what->name)),
                              db_bytes(sha256_str(&what->fingerprint))));
    }
    if (!str_eq(old.fingerprint, sha256_str(&what->fingerprint)))
        return FAIL(KEY_REUSED, "The Idempotency-Key was used with another request.");
    if (!old.has_status)
        return FAIL(KEY_RUNNING, "The first request with this Idempotency-Key has no answer yet.");
    struct arena *arena = db_arena(tx);
    TRY(keyring_unseal(arena, what->keyring, seal_context(arena, what), old.kept.body,
                       &old.kept.body));
    *answer = old.kept;
    *found = true;
    return OK;
}

result idempotency_keep(struct db_tx *tx, const struct idempotency *what,
                        const struct kept_answer *answer)
{
    struct arena *arena = db_arena(tx);
    str sealed = {0};
    TRY(keyring_seal(arena, what->keyring, seal_context(arena, what), answer->body, &sealed));
    return db_exec(tx, &catalog_keep_answer_sql,
                   PARAMS(db_text(what->key_id), db_bytes(sha256_str(&what->name)),
                          db_i64(answer->status), db_text(answer->media_type), db_bytes(sealed),
                          db_text(answer->headers), db_bytes(keyring_id(what->keyring))));
}

result idempotency_release(struct db_tx *tx, const struct idempotency *what)
{
    return db_exec(tx, &catalog_forget_answer_sql,
                   PARAMS(db_text(what->key_id), db_bytes(sha256_str(&what->name))));
}
