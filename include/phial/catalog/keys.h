// SPDX-License-Identifier: Apache-2.0
// keys.h - API keys: phk_<id>_<secret><checksum>, stored hashed, with scopes.
#pragma once

#include "phial/catalog/catalog.h"
#include "phial/db/db.h"

enum scope {
#define SCOPE(name, text) SCOPE_##name,
#include "phial/catalog/scopes.def"
#undef SCOPE
    SCOPE_COUNT
};
bool scope_parse(str text, enum scope *scope);
str scope_print(enum scope scope);

struct api_key {
    str id;
    str name;
    uint32_t scopes;     // bit per enum scope
    int64_t customer_id; // 0: not bound
    str customer;
    bool has_expiry;
    instant expires;
    bool revoked;
    instant created_at;
};
bool key_id_valid(str id);                                 // the form of a key's id
bool key_may(const struct api_key *key, enum scope scope); // admin may everything

// {"name","scopes","customer"?,"expires"?}. `secret` is the whole key, shown this once.
result key_create(struct db_tx *tx, struct json_at document, const struct change *change,
                  struct api_key *key, str *secret);
result key_create_admin(struct db_tx *tx, str name, instant now, str *secret);
result key_revoke(struct db_tx *tx, str id, const struct change *change); // NOT_FOUND
result key_get(struct db_tx *tx, str id, struct api_key *key);            // likewise once revoked
struct key_filter {
    int64_t customer_id; // 0: whomever they are bound to
    str after;
    int64_t limit;
};
result key_each(struct db_tx *tx, const struct key_filter *filter,
                result (*row)(void *context, const struct api_key *key), void *context);
// UNAUTHENTICATED for a malformed, unknown, revoked or expired key; the same time for each.
result key_authenticate(struct db_tx *tx, str presented, instant now, struct api_key *key);
