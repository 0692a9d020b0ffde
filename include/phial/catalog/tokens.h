// SPDX-License-Identifier: Apache-2.0
// tokens.h - the keys that make tokens, the crosswalk of surrogates, and the master keys that wrap
// both.
//
// Invariants: a key is random and cannot be derived again; it lies in the database wrapped alone. A
// token is printed only by a key, or as a code, that has been committed before. A key that was
// destroyed is followed by another one, a generation later: nothing links its tokens to those made
// before. Copies of keys and codes live in a cache only; what it keeps of them when the catalog's
// revision moves is what is there at the new one; who stores tokens requires that revision in the
// same transaction.
#pragma once

#include "phial/catalog/cache.h"

struct token_use {
    int64_t customer_id;
    str scope;      // of token_key_scope: "customer", "event" or a month
    bool crosswalk; // the key that finds codes, and not the one that makes tokens
};
struct token_key {
    struct hmac_key hmac;
    int64_t generation; // from 1
};
// Made on first use, in a transaction of its own. VERIFICATION_FAILED where no master key opens it.
result cache_token_key(struct catalog_cache *cache, struct db *db, const struct token_use *use,
                       const struct token_key **key);

// A surrogate: where its code stands in the crosswalk, and the code.
struct token_code {
    int64_t customer_id;
    str scope;
    int64_t generation; // of the key that made the mac
    sha256 mac;
    str digits; // an answer
};
struct token_codes {
    struct token_code *items;
    size_t count;
    bool dry; // nothing is stored: what has no code gets one that is nobody's
};
bool cache_knows_code(const struct catalog_cache *cache, struct arena *arena,
                      struct token_code *code);
// Finds or makes the codes of them all, in one transaction. CATALOG_CHANGED where a key has been
// destroyed since. Those of the scope `event` are not remembered: they do not come again.
result cache_find_codes(struct catalog_cache *cache, struct db *db, struct arena *arena,
                        const struct token_codes *codes);

// Whether the first master key is the one that the database knows, or follows it; enters it when it
// is the first of all, or follows. BAD_CONFIG with a sentence otherwise, and where something is
// wrapped by a key that is not in the ring.
result master_key_check(struct db *db, struct arena *arena, const struct keyring *keyring);
// Wraps anew what the ring's replaced key wraps, or one of before keys had ids: some token keys and
// kept answers at a time; *rewrapped is how many, 0 once none is left.
enum { TOKEN_REWRAP_MAX = 100 };
result master_key_rewrap(struct db *db, struct arena *arena, const struct keyring *keyring,
                         int64_t *rewrapped);
