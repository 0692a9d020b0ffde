// SPDX-License-Identifier: Apache-2.0
// cache_table.h - the cache itself, for those who keep things in it.
#pragma once

#include "phial/catalog/cache.h"

enum cached_kind {
    CACHED_API_KEY,
    CACHED_CROSSWALK_KEY,
    CACHED_CUSTOMER,
    CACHED_EVENT_TYPE,
    CACHED_TOKEN_KEY,
    CACHED_ZONE
};

// Codes of surrogates met lately; a new one takes the place of whichever stood at its own.
struct code_memory {
    struct code_slot *slots; // NULL before the first
};
void code_memory_forget(struct code_memory *memory); // wiped

struct cached;
struct catalog_cache {
    struct arena arena;
    struct cached **buckets; // in the arena
    size_t count;
    int64_t revision; // 0 before the first refresh
    json_t *held;     // the declarations that event types borrow from
    const struct keyring *keyring;
    struct code_memory codes;
};

const void *cache_find(const struct catalog_cache *cache, enum cached_kind kind, int64_t number,
                       str name);
void cache_keep(struct catalog_cache *cache, enum cached_kind kind, int64_t number, str name,
                const void *what);
