// SPDX-License-Identifier: Apache-2.0
#include "erased.h"

#include "ingest.sql.h"
#include "phial/json/json.h"
#include "phial/phi/event_type.h"

// The stored one stands in the log from before this request on.
static bool is_conflict(const struct append *append)
{
    return append != NULL && append->outcome == APPEND_CONFLICT && !append->first_is_new;
}

struct conflict {
    struct append *append;
    json_t *event; // as stored
    bool erased;   // a scope of the customer is, since it was stored
};

// A scope that was erased since a conflict's event was stored.
struct erased_scope {
    size_t conflict;
    str scope;
};

struct conflicts {
    struct arena *arena;
    struct conflict *items;
    size_t count;
    json_t *held;
    // a row
    int64_t place; // from 1
    str scope;
    str leaf;
    struct erased_scope *scopes;
    size_t scope_count;
    size_t scope_room;
};

static void conflicts_release(struct conflicts *conflicts)
{
    json_decref(conflicts->held);
}

static void collect(const struct admission *admission, struct conflicts *conflicts)
{
    size_t count = 0;
    for (size_t i = 0; i < admission->events.count; i++)
        count += is_conflict(admission->candidates[i].append);
    conflicts->items = arena_array(conflicts->arena, struct conflict, count);
    for (size_t i = 0; i < admission->events.count && count != 0; i++) {
        if (is_conflict(admission->candidates[i].append))
            conflicts->items[conflicts->count++] =
                (struct conflict){.append = admission->candidates[i].append};
    }
}

static result take_erased(void *context)
{
    struct conflicts *conflicts = context;
    size_t at = (size_t)conflicts->place - 1;
    conflicts->scopes = arena_grow(conflicts->arena, conflicts->scopes, conflicts->scope_count,
                                   &conflicts->scope_room, sizeof *conflicts->scopes);
    conflicts->scopes[conflicts->scope_count++] =
        (struct erased_scope){at, str_copy(conflicts->arena, conflicts->scope)};
    conflicts->items[at].erased = true;
    return OK;
}

static result find_erased(struct db_tx *tx, struct conflicts *conflicts)
{
    int64_t *customers = arena_array(conflicts->arena, int64_t, conflicts->count);
    int64_t *indexes = arena_array(conflicts->arena, int64_t, conflicts->count);
    for (size_t i = 0; i < conflicts->count; i++) {
        customers[i] = conflicts->items[i].append->customer_id;
        indexes[i] = conflicts->items[i].append->index;
    }
    return db_each(
        tx, &ingest_find_erased_sql,
        PARAMS(db_i64_array(customers, conflicts->count), db_i64_array(indexes, conflicts->count)),
        COLUMNS(db_into_i64("place", &conflicts->place), db_into_text("scope", &conflicts->scope)),
        take_erased, conflicts);
}

static result take_leaf(void *context)
{
    struct conflicts *conflicts = context;
    json_t *event = NULL;
    TRY(json_parse(leaf_member(conflicts->leaf, "event"), &event));
    conflicts->items[conflicts->place - 1].event = event;
    return json_array_append_new(conflicts->held, event) == 0 ? OK
                                                              : FAIL(INTERNAL, "out of memory");
}

static result read_leaves(struct db_tx *tx, struct conflicts *conflicts)
{
    int64_t *customers = arena_array(conflicts->arena, int64_t, conflicts->count);
    int64_t *indexes = arena_array(conflicts->arena, int64_t, conflicts->count);
    for (size_t i = 0; i < conflicts->count; i++) {
        const struct conflict *conflict = &conflicts->items[i];
        customers[i] = conflict->append->customer_id;
        indexes[i] = conflict->erased ? conflict->append->index : NO_INDEX;
    }
    return db_each(
        tx, &ingest_read_leaves_sql,
        PARAMS(db_i64_array(customers, conflicts->count), db_i64_array(indexes, conflicts->count)),
        COLUMNS(db_into_i64("place", &conflicts->place), db_into_bytes("leaf", &conflicts->leaf)),
        take_leaf, conflicts);
}

static bool is_erased(const struct conflicts *conflicts, size_t number, str scope)
{
    for (size_t i = 0; i < conflicts->scope_count; i++) {
        if (conflicts->scopes[i].conflict == number && str_eq(conflicts->scopes[i].scope, scope))
            return true;
    }
    return false;
}

static bool is_token(str text)
{
    return text.len == sizeof "tok_" - 1 + TOKEN_DIGITS && str_starts_with(text, STR("tok_")) &&
           str_all_in(str_slice(text, sizeof "tok_" - 1, text.len),
                      "abcdefghijklmnopqrstuvwxyz234567");
}

// A token of which nobody can say any more what its scope was is of any scope.
static bool holds_erased(const struct conflicts *conflicts, size_t number,
                         const struct event_type *type, const struct zone *zone)
{
    const json_t *event = conflicts->items[number].event;
    instant time = {0};
    const char *name = NULL;
    json_t *value = NULL;
    if (failed(instant_parse(json_str(json_object_get(event, "time")), &time)))
        return false;
    json_object_foreach(json_iterable(json_object_get(event, "properties")), name, value)
    {
        const struct property *property =
            type == NULL ? NULL : event_type_property(type, str_from(name));
        if (!is_token(json_str(value)) || (property != NULL && property->type != PROPERTY_TOKEN))
            continue;
        if (property == NULL ||
            is_erased(conflicts, number, token_key_scope(conflicts->arena, property, zone, time)))
            return true;
    }
    return false;
}

static result judge(struct db_tx *tx, const struct admission *admission,
                    const struct conflicts *conflicts)
{
    struct catalog_cache *cache = admission->ingest->cache;
    for (size_t i = 0; i < conflicts->count; i++) {
        const struct conflict *conflict = &conflicts->items[i];
        const struct cached_customer *customer = NULL;
        const struct event_type *type = NULL;
        if (conflict->event == NULL)
            continue;
        TRY(cache_customer(cache, tx, conflict->append->customer, &customer));
        TRY(cache_event_type(cache, tx, json_str(json_object_get(conflict->event, "type")), &type));
        if (customer != NULL && holds_erased(conflicts, i, type, customer->zone))
            conflict->append->outcome = APPEND_DUPLICATE;
    }
    return OK;
}

result erased_forgive(struct db_tx *tx, const struct admission *admission)
{
    OWNED(conflicts_release)
    struct conflicts conflicts = {.arena = admission->ingest->arena, .held = json_array()};
    collect(admission, &conflicts);
    if (conflicts.count == 0)
        return OK;
    TRY(find_erased(tx, &conflicts));
    if (conflicts.scope_count == 0)
        return OK;
    TRY(read_leaves(tx, &conflicts));
    return judge(tx, admission, &conflicts);
}
