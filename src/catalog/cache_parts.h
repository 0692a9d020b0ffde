// SPDX-License-Identifier: Apache-2.0
// cache_parts.h - the cache itself, for those who keep things in it.
#pragma once

#include "phial/catalog/tokens.h"
#include "snapshot.h"

struct catalog_cache {
    struct snapshots *shared;
    struct snapshot *snapshot; // held
    const struct keyring *keyring;
};

// What is kept: what another thread has kept before, where there is that. Both take the lock.
result keep_customer(struct snapshot *snapshot, const struct customer *row, unsigned partition,
                     const struct cached_customer **kept);
const struct token_key *keep_token_key(struct snapshot *snapshot, const struct token_use *use,
                                       const struct token_key *key);
enum cached_kind token_key_kind(const struct token_use *use);
