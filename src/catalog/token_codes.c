// SPDX-License-Identifier: Apache-2.0
// The crosswalk: from the HMAC of a value, under a key that is used for nothing else, to a code
// that is derived from nothing.
#include "cache_parts.h"
#include "catalog.sql.h"
#include "phial/catalog/tokens.h"
#include "phial/phi/event_type.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOTS = 8192,      // of the memory, 64 bytes each
    CODES_STEP = 5000, // in one statement
};

struct code_slot {
    sha256 mac;
    char digits[TOKEN_DIGITS];
    bool taken;
};

// Under the snapshot's lock, as everything that reads or writes a slot.
static struct code_slot *slot_of(const struct snapshot *snapshot, const sha256 *mac)
{
    uint32_t place = 0;
    memcpy(&place, mac->bytes, sizeof place);
    return &snapshot->codes.slots[place % SLOTS];
}

void code_memory_free(struct code_memory *memory)
{
    if (memory->slots != NULL)
        crypto_wipe(memory->slots, SLOTS * sizeof *memory->slots);
    free(memory->slots);
}

bool cache_knows_code(const struct catalog_cache *cache, struct arena *arena,
                      struct token_code *code)
{
    struct snapshot *snapshot = cache->snapshot;
    HOLD(&snapshot->lock);
    if (snapshot->codes.slots == NULL)
        return false;
    const struct code_slot *slot = slot_of(snapshot, &code->mac);
    if (!slot->taken || !sha256_eq(&slot->mac, &code->mac))
        return false;
    code->digits = str_copy(arena, (str){slot->digits, TOKEN_DIGITS});
    return true;
}

static void remember(const struct catalog_cache *cache, const struct token_code *code)
{
    struct snapshot *snapshot = cache->snapshot;
    if (str_eq(code->scope, STR("event")))
        return;
    HOLD(&snapshot->lock);
    if (snapshot->codes.slots == NULL) {
        snapshot->codes.slots = calloc(SLOTS, sizeof *snapshot->codes.slots);
        assert(snapshot->codes.slots != NULL);
    }
    struct code_slot *slot = slot_of(snapshot, &code->mac);
    assert(code->digits.len == TOKEN_DIGITS);
    slot->mac = code->mac;
    memcpy(slot->digits, code->digits.ptr, TOKEN_DIGITS);
    slot->taken = true;
}

// Some of the codes, as a statement takes them.
struct columns {
    struct token_code **codes;
    int64_t *customers;
    str *scopes;
    int64_t *generations;
    str *macs;
    str *fresh; // a code each, should there be none
    size_t count;
};

struct search {
    struct arena *arena; // for what is found
    struct token_code *codes;
    size_t count;
    bool dry;
};

static struct columns columns_for(struct arena *arena)
{
    return (struct columns){.codes = arena_array(arena, struct token_code *, CODES_STEP),
                            .customers = arena_array(arena, int64_t, CODES_STEP),
                            .scopes = arena_array(arena, str, CODES_STEP),
                            .generations = arena_array(arena, int64_t, CODES_STEP),
                            .macs = arena_array(arena, str, CODES_STEP),
                            .fresh = arena_array(arena, str, CODES_STEP)};
}

// The next ones that have no code, from *next on.
static void fill(struct columns *columns, const struct search *search, size_t *next)
{
    columns->count = 0;
    for (; *next < search->count && columns->count < CODES_STEP; (*next)++) {
        struct token_code *code = &search->codes[*next];
        if (code->digits.len != 0)
            continue;
        columns->codes[columns->count] = code;
        columns->customers[columns->count] = code->customer_id;
        columns->scopes[columns->count] = code->scope;
        columns->generations[columns->count] = code->generation;
        columns->macs[columns->count++] = sha256_str(&code->mac);
    }
}

struct found_code {
    const struct search *search;
    const struct columns *columns;
    int64_t place; // from 1
    str digits;
};

static result take_code(void *context)
{
    struct found_code *found = context;
    struct token_code *code = found->columns->codes[found->place - 1];
    code->digits = str_copy(found->search->arena, found->digits);
    return OK;
}

static result find_codes(struct db_tx *tx, const struct search *search,
                         const struct columns *columns)
{
    struct found_code found = {.search = search, .columns = columns};
    return db_each(tx, &catalog_find_codes_sql,
                   PARAMS(db_i64_array(columns->customers, columns->count),
                          db_text_array(columns->scopes, columns->count),
                          db_bytes_array(columns->macs, columns->count)),
                   COLUMNS(db_into_i64("place", &found.place), db_into_text("code", &found.digits)),
                   take_code, &found);
}

// The keys are held until the codes are committed: who destroys one takes the codes with it.
static result insert_codes(struct db_tx *tx, struct columns *columns)
{
    int64_t gone = 0;
    TRY(db_one(tx, &catalog_hold_crosswalk_keys_sql,
               PARAMS(db_i64_array(columns->customers, columns->count),
                      db_text_array(columns->scopes, columns->count),
                      db_i64_array(columns->generations, columns->count)),
               COLUMNS(db_into_i64("gone", &gone))));
    if (gone != 0)
        return FAIL(CATALOG_CHANGED, "");
    for (size_t i = 0; i < columns->count; i++)
        columns->fresh[i] = token_random(db_arena(tx));
    return db_exec(tx, &catalog_insert_codes_sql,
                   PARAMS(db_i64_array(columns->customers, columns->count),
                          db_text_array(columns->scopes, columns->count),
                          db_bytes_array(columns->macs, columns->count),
                          db_text_array(columns->fresh, columns->count)));
}

static result find_or_make(struct db_tx *tx, void *context)
{
    const struct search *search = context;
    struct columns columns = columns_for(db_arena(tx));
    for (size_t i = 0; i < search->count; i++)
        search->codes[i].digits = STR(""); // of an attempt before
    for (size_t next = 0; next < search->count;) {
        size_t first = next;
        fill(&columns, search, &next);
        TRY(find_codes(tx, search, &columns));
        size_t again = first;
        fill(&columns, search, &again);
        if (columns.count == 0 || search->dry)
            continue;
        TRY(insert_codes(tx, &columns));
        TRY(find_codes(tx, search, &columns));
    }
    return OK;
}

result cache_find_codes(struct catalog_cache *cache, struct db *db, struct arena *arena,
                        const struct token_codes *codes)
{
    struct search search = {arena, codes->items, codes->count, codes->dry};
    TRY(db_transact(db, arena, find_or_make, &search));
    for (size_t i = 0; i < codes->count; i++) {
        struct token_code *code = &codes->items[i];
        if (code->digits.len == TOKEN_DIGITS)
            remember(cache, code);
        else if (codes->dry)
            code->digits = token_random(arena);
        else
            return FAIL(INTERNAL, "the crosswalk has no code for a surrogate");
    }
    return OK;
}
