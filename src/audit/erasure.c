// SPDX-License-Identifier: Apache-2.0
#include "phial/audit/erasure.h"

#include "append.h"
#include "audit.sql.h"
#include "phial/catalog/cache.h"
#include "phial/json/json.h"
#include "phial/trail/trail.h"

#include <assert.h>

enum { KEYS_MAX = 2000, DUE_STEP = 100 }; // keys of an entry

static const str due_actor = {"system:erasure", sizeof "system:erasure" - 1};

static json_t *print_key(const struct erased_key *key)
{
    bool is_month = !str_eq(key->scope, STR("customer")) && !str_eq(key->scope, STR("event"));
    return json_pack("{s:o, s:o*, s:s, s:I, s:o*}", "scope",
                     json_from_str(is_month ? STR("period") : key->scope), "period",
                     is_month ? json_from_str(key->scope) : NULL, "method",
                     key->is_crosswalk ? "surrogate" : "hmac", "generation",
                     (json_int_t)key->generation, "codes",
                     key->is_crosswalk ? json_integer((json_int_t)key->codes) : NULL);
}

json_t *erasure_print_keys(const struct erasure *erasure)
{
    OWNED(json_release) json_t *keys = json_array();
    for (size_t i = 0; i < erasure->key_count; i++) {
        if (json_array_append_new(keys, print_key(&erasure->keys[i])) != 0)
            return NULL;
    }
    return json_incref(keys);
}

struct reading {
    struct arena *arena;
    struct erasure *erasure;
    struct erased_key row;
};

static result take_key(void *context)
{
    struct reading *reading = context;
    struct erasure *erasure = reading->erasure;
    assert(erasure->key_count < KEYS_MAX);
    struct erased_key *key = &erasure->keys[erasure->key_count++];
    *key = reading->row;
    key->scope = str_copy(reading->arena, reading->row.scope);
    return OK;
}

static result lock_keys(struct db_tx *tx, struct erasure *erasure)
{
    struct reading reading = {.arena = db_arena(tx), .erasure = erasure};
    erasure->keys = arena_array(db_arena(tx), struct erased_key, KEYS_MAX);
    erasure->key_count = 0;
    return db_each(tx, &audit_lock_token_keys_sql,
                   PARAMS(db_i64(erasure->customer_id), db_text(erasure->scope),
                          db_text(erasure->period), db_i64(KEYS_MAX)),
                   COLUMNS(db_into_text("scope", &reading.row.scope),
                           db_into_bool("crosswalk", &reading.row.is_crosswalk),
                           db_into_i64("generation", &reading.row.generation)),
                   take_key, &reading);
}

static result delete_codes(struct db_tx *tx, const struct erasure *erasure)
{
    for (size_t i = 0; i < erasure->key_count; i++) {
        struct erased_key *key = &erasure->keys[i];
        if (key->is_crosswalk)
            TRY(db_one(tx, &audit_delete_codes_sql,
                       PARAMS(db_i64(erasure->customer_id), db_text(key->scope)),
                       COLUMNS(db_into_i64("codes", &key->codes))));
    }
    return OK;
}

static result append_entry(struct db_tx *tx, struct erasure *erasure, const struct change *change)
{
    str reason = change->reason;
    OWNED(json_release)
    json_t *member = json_pack(
        "{s:o, s:o*, s:o, s:o*}", "scope", json_from_str(erasure->scope), "period",
        erasure->period.len == 0 ? NULL : json_from_str(erasure->period), "keys",
        erasure_print_keys(erasure), "reason", reason.len == 0 ? NULL : json_from_str(reason));
    struct document_entry entry = {erasure->customer_id, erasure->customer, ENTRY_erasure, member};
    return document_append(tx, &entry, change, &erasure->index);
}

static result destroy_keys(struct db_tx *tx, const struct erasure *erasure)
{
    str *scopes = arena_array(db_arena(tx), str, erasure->key_count);
    for (size_t i = 0; i < erasure->key_count; i++)
        scopes[i] = erasure->keys[i].scope;
    if (erasure->key_count == 0)
        return OK;
    return db_exec(tx, &audit_destroy_token_keys_sql,
                   PARAMS(db_i64(erasure->customer_id), db_text_array(scopes, erasure->key_count),
                          db_i64(erasure->index)));
}

static result record(struct db_tx *tx, const struct erasure *erasure, const struct change *change)
{
    OWNED(json_release)
    json_t *after = json_pack("{s:o, s:o, s:o*, s:I}", "keys", erasure_print_keys(erasure), "scope",
                              json_from_str(erasure->scope), "period",
                              erasure->period.len == 0 ? NULL : json_from_str(erasure->period),
                              "index", (json_int_t)erasure->index);
    return trail_put(tx, &(struct trail_fact){
                             .at = change->now,
                             .actor = change->actor,
                             .action = STR("erasure.done"),
                             .object = str_printf(db_arena(tx), "customers/%" STR_FMT,
                                                  STR_ARG(erasure->customer)),
                             .customer = erasure->customer,
                             .after = after,
                         });
}

result erasure_run(struct db_tx *tx, struct erasure *erasure, const struct change *change)
{
    bool staged = false;
    TRY(catalog_forget(tx));
    TRY(db_one(tx, &audit_lock_staged_sql, PARAMS(db_i64(erasure->customer_id)),
               COLUMNS(db_into_bool("staged", &staged))));
    if (staged && !erasure->replays)
        return FAIL(CONFLICT, "An open backfill of the customer holds events: commit or abandon "
                              "it first.");
    TRY(lock_keys(tx, erasure));
    TRY(delete_codes(tx, erasure));
    TRY(append_entry(tx, erasure, change));
    TRY(record(tx, erasure, change));
    return destroy_keys(tx, erasure);
}

// A month that is due.
struct due {
    int64_t customer_id;
    str customer;
    str scope;
};

struct due_list {
    str before; // months
    int64_t after_customer;
    str after_scope;
    struct due items[DUE_STEP];
    size_t count;
    struct due row;
    struct arena *arena;
};

static result take_due(void *context)
{
    struct due_list *list = context;
    list->items[list->count++] =
        (struct due){list->row.customer_id, str_copy(list->arena, list->row.customer),
                     str_copy(list->arena, list->row.scope)};
    return OK;
}

static result list_due(struct db_tx *tx, void *context)
{
    struct due_list *list = context;
    list->count = 0;
    return db_each(tx, &audit_list_due_periods_sql,
                   PARAMS(db_text(list->before), db_i64(list->after_customer),
                          db_text(list->after_scope), db_i64(DUE_STEP)),
                   COLUMNS(db_into_i64("customer_id", &list->row.customer_id),
                           db_into_text("customer", &list->row.customer),
                           db_into_text("scope", &list->row.scope)),
                   take_due, list);
}

struct erasing {
    struct erasure erasure;
    struct change change;
};

static result erase(struct db_tx *tx, void *context)
{
    struct erasing *erasing = context;
    return erasure_run(tx, &erasing->erasure, &erasing->change);
}

static result erase_due(struct db *db, const struct due *due, instant now, int64_t *erased)
{
    struct arena scratch = {0};
    struct erasing erasing = {
        .erasure = {.customer_id = due->customer_id,
                    .customer = due->customer,
                    .scope = STR("period"),
                    .period = due->scope},
        .change = {.actor = due_actor, .reason = STR("[phi] period_key_days"), .now = now}};
    result done = db_transact(db, &scratch, erase, &erasing);
    arena_reset(&scratch);
    if (done.code == ERR_CONFLICT)
        return OK;
    *erased += !failed(done);
    return done;
}

// A day more than asked for: no zone's month ends later than that.
static str first_month_kept(struct arena *arena, int64_t days, instant now)
{
    static const int64_t day_us = INT64_C(86400) * 1000000;
    int year = 0;
    int month = 0;
    int day_of_month = 0;
    instant then = {now.us - (days + 1) * day_us};
    day_to_civil(zone_day(zone_utc(), then), &year, &month, &day_of_month);
    return str_printf(arena, "%04d-%02d", year, month);
}

result erasure_run_due(struct db *db, struct arena *arena, int64_t days, instant now,
                       int64_t *erased)
{
    struct due_list *list = arena_new(arena, struct due_list);
    list->arena = arena;
    list->before = first_month_kept(arena, days, now);
    list->after_scope = STR("");
    *erased = 0;
    do {
        TRY(db_transact(db, arena, list_due, list));
        for (size_t i = 0; i < list->count; i++)
            TRY(erase_due(db, &list->items[i], now, erased));
        if (list->count != 0) {
            list->after_customer = list->items[list->count - 1].customer_id;
            list->after_scope = list->items[list->count - 1].scope;
        }
    } while (list->count == DUE_STEP);
    return OK;
}
