// SPDX-License-Identifier: Apache-2.0
// tokens.h - tokens in the place of what they stand for: at once where the key, and of a surrogate
// the code, is known; else a blank of the token's length, filled in later for many at a time.
#pragma once

#include "phial/catalog/tokens.h"
#include "phial/phi/event_type.h"

// What the events of one request share.
struct tokeniser {
    struct arena *arena;
    struct db *db; // NULL: WOULD_BLOCK where the database had to be asked
    struct catalog_cache *cache;
    bool dry; // codes that nobody has are not stored
    // of the last token: many have the same
    struct token_use use;
    const struct token_key *key;
    // surrogates whose codes are not known yet, and where each stands
    struct token_code *codes;
    char **places;
    size_t count;
    size_t room; // of both lists
};

struct token_owner {
    int64_t customer_id;
    const struct zone *zone;
    str source;
    str id;
    instant at; // the event's time, as sent
};

enum { NO_BLANK = -1 };
// *json holds the raw text, and then the token in quotes. Where it is blank, *blank says which one
// it is, for token_place.
result token_make(struct tokeniser *tokeniser, const struct token_owner *owner,
                  const struct property *property, str *json, ptrdiff_t *blank);
// Where the blank's text, in quotes, stands in what is stored.
void token_place(const struct tokeniser *tokeniser, ptrdiff_t blank, char *json);
// Fills in all blanks. CATALOG_CHANGED as cache_find_codes.
result tokens_fill(struct tokeniser *tokeniser);
