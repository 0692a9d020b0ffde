// SPDX-License-Identifier: Apache-2.0
#include "carry.h"

#include "cache_parts.h"
#include "catalog.sql.h"
#include "token_keys.h"

// What was known of a kind, as a statement asks for it; others may go on adding to it.
struct known {
    struct arena *arena;
    struct snapshot *next;
    size_t count;
    size_t room;
    int64_t *customers;
    str *scopes;
    int64_t *generations;
    const void **items;
    int64_t place; // of a row, from 1
};

static struct known known_of(struct db_tx *tx, const struct snapshot *before, struct snapshot *next)
{
    size_t room = before->count;
    struct arena *arena = db_arena(tx);
    return (struct known){.arena = arena,
                          .next = next,
                          .room = room,
                          .customers = arena_array(arena, int64_t, room),
                          .scopes = arena_array(arena, str, room),
                          .generations = arena_array(arena, int64_t, room),
                          .items = arena_array(arena, const void *, room)};
}

// ---- customers

struct carried_customer {
    struct known known;
    str zone_name;
    str currency;
    bool archived;
};

static void list_customer(void *context, int64_t number, str name, const void *what)
{
    struct known *known = context;
    const struct cached_customer *customer = what;
    (void)number;
    (void)name;
    if (known->count == known->room)
        return;
    known->items[known->count] = customer;
    known->customers[known->count++] = customer->id;
}

// Key and partition stay what they are.
static result carry_customer(void *context)
{
    const struct carried_customer *row = context;
    const struct cached_customer *before = row->known.items[row->known.place - 1];
    const struct cached_customer *kept = NULL;
    struct customer customer = {.id = before->id,
                                .key = before->key,
                                .zone_name = row->zone_name,
                                .archived = row->archived};
    TRY(currency_parse(row->currency, &customer.currency));
    return keep_customer(row->known.next, &customer, before->partition, &kept);
}

static result carry_customers(struct db_tx *tx, const struct snapshot *before,
                              struct snapshot *next)
{
    struct carried_customer row = {.known = known_of(tx, before, next)};
    snapshot_each(before, CACHED_CUSTOMER, list_customer, &row.known);
    if (row.known.count == 0)
        return OK;
    return db_each(
        tx, &catalog_list_carried_customers_sql,
        PARAMS(db_i64_array(row.known.customers, row.known.count)),
        COLUMNS(db_into_i64("place", &row.known.place), db_into_text("currency", &row.currency),
                db_into_text("time_zone", &row.zone_name), db_into_bool("archived", &row.archived)),
        carry_customer, &row);
}

// ---- keys

static void list_key(void *context, int64_t number, str name, const void *what)
{
    struct known *known = context;
    const struct token_key *key = what;
    if (known->count == known->room)
        return;
    known->items[known->count] = key;
    known->customers[known->count] = number;
    known->scopes[known->count] = str_copy(known->arena, name);
    known->generations[known->count++] = key->generation;
}

struct carried_key {
    struct known known;
    bool crosswalk;
};

static result carry_key(void *context)
{
    const struct carried_key *row = context;
    const struct known *known = &row->known;
    size_t at = (size_t)known->place - 1;
    struct token_use use = {known->customers[at], known->scopes[at], row->crosswalk};
    (void)keep_token_key(known->next, &use, known->items[at]);
    return OK;
}

// The bytes behind a generation are never others.
static result carry_keys(struct db_tx *tx, const struct snapshot *before, struct snapshot *next,
                         bool crosswalk)
{
    struct carried_key row = {.known = known_of(tx, before, next), .crosswalk = crosswalk};
    enum cached_kind kind = token_key_kind(&(struct token_use){.crosswalk = crosswalk});
    snapshot_each(before, kind, list_key, &row.known);
    if (row.known.count == 0)
        return OK;
    return db_each(tx, &catalog_list_carried_token_keys_sql,
                   PARAMS(db_text(token_key_purpose(crosswalk)),
                          db_i64_array(row.known.customers, row.known.count),
                          db_text_array(row.known.scopes, row.known.count),
                          db_i64_array(row.known.generations, row.known.count)),
                   COLUMNS(db_into_i64("place", &row.known.place)), carry_key, &row);
}

struct carrying {
    const struct snapshot *before;
    struct snapshot *next;
};

static result carry_all(struct db_tx *tx, void *context)
{
    const struct carrying *carrying = context;
    TRY(carry_customers(tx, carrying->before, carrying->next));
    TRY(carry_keys(tx, carrying->before, carrying->next, false));
    return carry_keys(tx, carrying->before, carrying->next, true);
}

result carry_over(struct db_tx *tx, const struct snapshot *before, struct snapshot *next)
{
    return db_scratch(tx, carry_all, &(struct carrying){before, next});
}
