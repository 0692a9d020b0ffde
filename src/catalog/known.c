// SPDX-License-Identifier: Apache-2.0
#include "known.h"

#include "catalog.sql.h"
#include "phial/crypto/crypto.h"

enum { BUCKET_BYTES = 2 };

struct comparing {
    str wanted;
    str key; // of the row
    bool found;
};

static result compare(void *context)
{
    struct comparing *comparing = context;
    comparing->found = comparing->found || str_eq(comparing->key, comparing->wanted);
    return OK;
}

db_param known_bucket(struct arena *arena, str key)
{
    sha256 hash = sha256_of(key);
    return db_bytes(str_copy(arena, str_slice(sha256_str(&hash), 0, BUCKET_BYTES)));
}

result catalog_is_known(struct db_tx *tx, enum catalog_kind kind, str key)
{
    struct comparing comparing = {.wanted = key};
    if (!catalog_key_valid(key))
        return FAIL(NOT_FOUND, "No such resource.");
    TRY(db_each(tx, &catalog_list_item_keys_sql,
                PARAMS(db_text(str_from(catalog_kind_name(kind))), known_bucket(db_arena(tx), key)),
                COLUMNS(db_into_text("key", &comparing.key)), compare, &comparing));
    return comparing.found ? OK : FAIL(NOT_FOUND, "No such resource.");
}
