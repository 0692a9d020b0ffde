// SPDX-License-Identifier: Apache-2.0
// shop.h - a catalog with three customers and three event types, and a door for events into it.
#pragma once

#include "phial/catalog/catalog.h"
#include "phial/ingest/ingest.h"
#include "phial/ledger/ledger.h"
#include "test_database.h"
#include "test_keyring.h"

#include <string.h>

// 2026-11-03T14:10:00Z
#define NOW ((instant){1793715000000000})

struct shop {
    struct arena arena;
    struct db *db;
    struct catalog_cache *cache;
};

static const struct {
    const char *key;
    const char *document;
} shop_types[] = {
    {"image.analyzed",
     "{\"time_precision\":\"second\",\"quantity\":{\"integer\":true,\"min\":\"0\",\"max\":\"1000\"},"
     "\"properties\":{"
     "\"modality\":{\"type\":\"enum\",\"values\":[\"xray\",\"ct\",\"mri\"],\"required\":true},"
     "\"minutes\":{\"type\":\"decimal\",\"min\":\"0\",\"max\":\"1440\"},"
     "\"urgent\":{\"type\":\"boolean\"},"
     "\"ref\":{\"type\":\"code\"}}}"},
    {"visit.held", "{\"unknown_properties\":\"drop\",\"plain_numbers\":[\"id\"],\"properties\":{"
                   "\"patient\":{\"type\":\"token\",\"scope\":\"period\"},"
                   "\"study\":{\"type\":\"token\",\"scope\":\"customer\"},"
                   "\"once\":{\"type\":\"token\",\"scope\":\"event\"}}}"},
    {"old.import", "{\"window\":{\"past\":\"P4000Y\",\"future\":\"PT0S\"}}"},
};
static const struct {
    const char *key;
    const char *zone;
} shop_customers[] = {{"clinic-1", "America/New_York"}, {"clinic-2", "UTC"}, {"clinic-3", "UTC"}};

static inline result put_catalog(struct db_tx *tx, void *context)
{
    (void)context;
    struct change change = {.actor = STR("key:test"), .reason = STR(""), .now = NOW};
    struct faults faults = {.arena = db_arena(tx)};
    for (size_t i = 0; i < COUNT_OF(shop_types); i++) {
        OWNED(json_release) json_t *root = NULL;
        struct catalog_item item;
        TRY(json_parse(str_from(shop_types[i].document), &root));
        TRY(catalog_put(tx, CATALOG_EVENT_TYPE, str_from(shop_types[i].key),
                        (struct json_at){root, STR(""), &faults}, &change, &item));
    }
    for (size_t i = 0; i < COUNT_OF(shop_customers); i++) {
        OWNED(json_release) json_t *root = NULL;
        struct customer customer;
        TRY(json_parse(str_printf(db_arena(tx),
                                  "{\"name\":\"Clinic\",\"currency\":\"USD\",\"time_zone\":\"%s\"}",
                                  shop_customers[i].zone),
                       &root));
        TRY(customer_put(tx, str_from(shop_customers[i].key),
                         (struct json_at){root, STR(""), &faults}, &change, &customer));
    }
    return OK;
}

static inline struct catalog_cache *shop_cache(void)
{
    return cache_new(test_keyring());
}

static inline struct shop shop_again(void)
{
    return (struct shop){.db = test_database(), .cache = shop_cache()};
}

static inline struct shop shop_open(void)
{
    struct shop shop = shop_again();
    static bool filled = false;
    if (!filled)
        ck_assert_ok(db_transact(shop.db, &shop.arena, put_catalog, NULL));
    filled = true;
    return shop;
}

static inline void shop_close(struct shop *shop)
{
    cache_free(shop->cache);
    db_close(shop->db);
    arena_reset(&shop->arena);
}

static inline struct ingest ingest_of(struct shop *shop)
{
    return (struct ingest){.db = shop->db,
                           .arena = &shop->arena,
                           .cache = shop->cache,
                           .now = NOW,
                           .actor = STR("key:test")};
}

static inline void expect(const struct ingest *ingest, enum event_format format, const char *body,
                          int status, const char *answer)
{
    struct ingest_answer given = {0};
    ck_assert_ok(ingest_events(ingest, format, str_from(body), &given));
    ck_assert_str_eq(str_to_c(ingest->arena, given.body), answer);
    ck_assert_int_eq(given.status, status);
}

#define TIME "\"time\":\"2026-11-03T14:05:00Z\""
#define IMAGE(id) \
    "{\"id\":\"" id "\",\"customer\":\"clinic-1\",\"type\":\"image.analyzed\"," TIME ","
#define CT "\"properties\":{\"modality\":\"ct\"}}"

struct reading {
    const char *customer;
    int64_t index;
    struct entry entry;
    struct head head;
};

static inline result read_entry(struct db_tx *tx, void *context)
{
    struct reading *reading = context;
    struct customer customer;
    TRY(customer_get(tx, str_from(reading->customer), &customer));
    TRY(ledger_head(tx, customer.id, &reading->head));
    if (reading->index < 0)
        return OK;
    return ledger_entry(tx, customer.id, reading->index, &reading->entry);
}

static inline const char *event_at(struct shop *shop, const char *customer, int64_t index)
{
    struct reading reading = {.customer = customer, .index = index};
    ck_assert_ok(db_transact(shop->db, &shop->arena, read_entry, &reading));
    return str_to_c(&shop->arena, leaf_member(reading.entry.leaf, "event"));
}

static inline int64_t size_of(struct shop *shop, const char *customer)
{
    struct reading reading = {.customer = customer, .index = -1};
    ck_assert_ok(db_transact(shop->db, &shop->arena, read_entry, &reading));
    return reading.head.size;
}
