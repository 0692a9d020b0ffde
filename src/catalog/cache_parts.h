// SPDX-License-Identifier: Apache-2.0
// cache_parts.h - the cache itself, for those who keep things in it.
#pragma once

#include "phial/catalog/cache.h"
#include "snapshot.h"

struct catalog_cache {
    struct snapshots *shared;
    struct snapshot *snapshot; // held
    const struct keyring *keyring;
};
