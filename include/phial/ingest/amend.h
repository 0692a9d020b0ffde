// SPDX-License-Identifier: Apache-2.0
// amend.h - what an amendment sets, checked and tokenised as the event itself was.
#pragma once

#include "phial/catalog/cache.h"
#include "phial/json/json.h"

struct amendment {
    struct db *db; // for token keys, which are made in transactions of their own: call this in none
    struct catalog_cache *cache;
    const struct cached_customer *customer;
    const struct event_type *type;
    str source;
    str id;
    instant time;             // as it stands
    const json_t *properties; // as they stand; NULL without any
    instant now;
};

// {"quantity"?, "properties"?, "time"?}, at least one of them; adds a fault for each that the event
// type refuses. `set` is canonical, as the entry holds it.
result amendment_read(const struct amendment *amendment, struct json_at document, str *set);
