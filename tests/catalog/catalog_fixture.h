// SPDX-License-Identifier: Apache-2.0
// catalog_fixture.h - documents in, in one line each.
#pragma once

#include "phial/catalog/cache.h"
#include "test_database.h"

#include <string.h>

#define NOW ((instant){INT64_C(1793541600000000)}) // 2026-11-01T14:00:00Z, by the machine of a test

// One thing asked of the catalog in a transaction of its own.
struct ask {
    enum catalog_kind kind;
    const char *key;
    const char *document;
    struct precondition precondition;
    int64_t only_customer;
    // answers
    struct catalog_item item;
    struct customer customer;
    struct subscription subscription;
    struct faults faults;
    json_t *json;
};

static inline struct change test_change(void)
{
    return (struct change){.actor = STR("key:test"), .reason = STR("a test"), .now = NOW};
}

static inline struct json_at ask_document(struct ask *ask, struct db_tx *tx)
{
    if (ask->json == NULL)
        ck_assert_ok(json_parse(str_from(ask->document), &ask->json));
    ask->faults.arena = db_arena(tx);
    ask->faults.count = 0;
    return (struct json_at){ask->json, STR(""), &ask->faults};
}

static inline result ask_put(struct db_tx *tx, void *context)
{
    struct ask *ask = context;
    struct change change = test_change();
    change.precondition = ask->precondition;
    return catalog_put(tx, ask->kind, str_from(ask->key), ask_document(ask, tx), &change,
                       &ask->item);
}

static inline result ask_put_customer(struct db_tx *tx, void *context)
{
    struct ask *ask = context;
    struct change change = test_change();
    change.precondition = ask->precondition;
    return customer_put(tx, str_from(ask->key), ask_document(ask, tx), &change, &ask->customer);
}

static inline result ask_subscribe(struct db_tx *tx, void *context)
{
    struct ask *ask = context;
    struct change change = test_change();
    return subscription_create(tx, ask_document(ask, tx), ask->only_customer, &change,
                               &ask->subscription);
}

static inline result ask_for(struct db *db, struct arena *arena,
                             result (*work)(struct db_tx *, void *), struct ask *ask)
{
    result done = db_transact(db, arena, work, ask);
    json_decref(ask->json);
    ask->json = NULL;
    return done;
}

static inline result put(struct db *db, struct arena *arena, enum catalog_kind kind,
                         const char *key, const char *document)
{
    struct ask *ask = arena_new(arena, struct ask);
    *ask = (struct ask){
        .kind = kind, .key = key, .document = document, .precondition = {.if_match = STR("*")}};
    result done = ask_for(db, arena, ask_put, ask);
    if (done.code != ERR_PRECONDITION_FAILED)
        return done;
    ask->precondition = (struct precondition){0}; // there is nothing to match yet
    return ask_for(db, arena, ask_put, ask);
}

static inline result put_customer(struct db *db, struct arena *arena, const char *key,
                                  const char *document)
{
    struct ask *ask = arena_new(arena, struct ask);
    *ask = (struct ask){.key = key, .document = document};
    return ask_for(db, arena, ask_put_customer, ask);
}

static inline result refresh_cache(struct db_tx *tx, void *cache)
{
    return cache_refresh(cache, tx);
}

// A change of the catalog that is none of anything.
static inline result forget_catalog(struct db_tx *tx, void *context)
{
    (void)context;
    return catalog_forget(tx);
}

// An imaging company's small catalog: one event type, two metrics, one plan, one clinic.
static inline void put_example(struct db *db, struct arena *arena)
{
    ck_assert_ok(put(db, arena, CATALOG_EVENT_TYPE, "image.analyzed",
                     "{\"properties\": {"
                     "\"modality\": {\"type\": \"enum\", \"values\": [\"ct\", \"mri\"],"
                     " \"required\": true},"
                     "\"minutes\": {\"type\": \"decimal\"},"
                     "\"patient\": {\"type\": \"token\", \"scope\": \"period\"}}}"));
    ck_assert_ok(put(db, arena, CATALOG_METRIC, "images",
                     "{\"event_types\": [\"image.analyzed\"], \"aggregation\": \"count\","
                     " \"group_by\": [\"modality\"]}"));
    ck_assert_ok(put(db, arena, CATALOG_METRIC, "patients",
                     "{\"event_types\": [\"image.analyzed\"], \"aggregation\": \"unique\","
                     " \"property\": \"patient\"}"));
    ck_assert_ok(put(db, arena, CATALOG_PLAN, "imaging",
                     "{\"currency\": \"USD\", \"interval\": \"month\", \"charges\": ["
                     "{\"key\": \"reads\", \"name\": \"Images read\", \"metric\": \"images\","
                     " \"model\": \"per_unit\", \"unit_amount\": \"0.75\"},"
                     "{\"key\": \"people\", \"name\": \"Patients seen\", \"metric\": \"patients\","
                     " \"model\": \"per_unit\", \"unit_amount\": \"2\"}]}"));
    ck_assert_ok(put_customer(db, arena, "clinic",
                              "{\"name\": \"Bay Clinic\", \"currency\": \"USD\","
                              " \"time_zone\": \"America/New_York\", \"tax\": {\"rates\":"
                              " [{\"name\": \"Sales tax\", \"percent\": \"8.25\"}]}}"));
}
