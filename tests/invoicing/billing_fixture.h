// SPDX-License-Identifier: Apache-2.0
// billing_fixture.h - a clinic with a subscription and events, and billing runs over it.
#pragma once

#include "../catalog/catalog_fixture.h"
#include "phial/invoicing/invoicing.h"
#include "phial/ledger/ledger.h"

#include <pthread.h>
#include <stdio.h>

// What a test works with.
struct clinic {
    char name[64];  // of a database that is this test's alone
    char url[1024]; // and how to reach it
    struct db *db;
    struct arena arena;
    int64_t id;
    str subscription;
    json_t *statement; // the last one read
};

static inline instant moment(const char *text)
{
    instant at = {0};
    ck_assert_ok(instant_parse(str_from(text), &at));
    return at;
}

// Single quotes stand for double ones.
static inline const char *doc(struct arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = arena_array(arena, char, size);
    (void)memcpy(copy, text, size);
    for (char *quote = strchr(copy, '\''); quote != NULL; quote = strchr(quote, '\''))
        *quote = '"';
    return copy;
}

static inline void subscribe(struct clinic *clinic, const char *document)
{
    struct ask *ask = arena_new(&clinic->arena, struct ask);
    *ask = (struct ask){.document = doc(&clinic->arena, document)};
    ck_assert_ok(ask_for(clinic->db, &clinic->arena, ask_subscribe, ask));
    clinic->subscription = ask->subscription.id;
    clinic->id = ask->subscription.customer_id;
}

static inline void run_sql(const char *sql)
{
    char command[4096];
    int len = snprintf(command, sizeof command, "psql -qX -v ON_ERROR_STOP=1 -d '%s' -c '%s'",
                       getenv("PHIAL_TEST_DATABASE"), sql);
    ck_assert(len > 0 && (size_t)len < sizeof command);
    ck_assert_int_eq(system(command), 0); // NOLINT(cert-env33-c): a test's own command
}

// Every run bills everybody: each test has a database of its own, a copy of the migrated one.
static inline void clinic_open(struct clinic *clinic)
{
    char sql[256];
    (void)test_database_url();
    *clinic = (struct clinic){0};
    (void)snprintf(clinic->name, sizeof clinic->name, "phial_test_%ld_copy", (long)getpid());
    (void)snprintf(clinic->url, sizeof clinic->url, "%s dbname=%s", getenv("PHIAL_TEST_DATABASE"),
                   clinic->name);
    (void)snprintf(sql, sizeof sql, "CREATE DATABASE %s TEMPLATE phial_test_%ld", clinic->name,
                   (long)getpid());
    run_sql(sql);
    clinic->db = db_open(&(struct db_options){.url = clinic->url, .role = "phial_daemon"});
    put_example(clinic->db, &clinic->arena);
}

static inline void clinic_close(struct clinic *clinic)
{
    char sql[256];
    json_decref(clinic->statement);
    arena_reset(&clinic->arena);
    db_close(clinic->db);
    (void)snprintf(sql, sizeof sql, "DROP DATABASE %s", clinic->name);
    run_sql(sql);
}

// ---- events

struct sending {
    struct clinic *clinic;
    struct append entry;
};

static inline result send_entry(struct db_tx *tx, void *context)
{
    struct sending *sending = context;
    return ledger_append(tx, NOW, STR("key:test"), &sending->entry, 1);
}

static inline int64_t append_entry(struct clinic *clinic, struct append entry)
{
    struct sending sending = {.clinic = clinic, .entry = entry};
    sending.entry.customer_id = clinic->id;
    sending.entry.customer = STR("clinic");
    ck_assert_ok(db_transact(clinic->db, &clinic->arena, send_entry, &sending));
    return sending.entry.index;
}

static inline int64_t send_event(struct clinic *clinic, const char *id, const char *time,
                                 const char *modality)
{
    str json = str_printf(&clinic->arena,
                          "{\"id\":\"%s\",\"properties\":{\"modality\":\"%s\"},\"quantity\":\"1\","
                          "\"source\":\"\",\"time\":\"%s\",\"type\":\"image.analyzed\"}",
                          id, modality, time);
    return append_entry(clinic, (struct append){
                                    .kind = ENTRY_usage,
                                    .has_identity = true,
                                    .identity = identity_of(STR(""), str_from(id)),
                                    .has_time = true,
                                    .time = moment(time),
                                    .members = {{.name = "event", .json = json}},
                                    .member_count = 1,
                                });
}

static inline void void_event(struct clinic *clinic, int64_t index)
{
    str ref = str_printf(&clinic->arena, "{\"index\":%lld,\"leaf\":\"\"}", (long long)index);
    append_entry(clinic, (struct append){
                             .kind = ENTRY_void,
                             .has_reference = true,
                             .reference = index,
                             .members = {{.name = "reason", .json = STR("\"a test\"")},
                                         {.name = "ref", .json = ref}},
                             .member_count = 2,
                         });
}

// ---- invoices

static inline struct billing_run bill(struct clinic *clinic, const char *now)
{
    struct billing_run run = {0};
    ck_assert_ok(billing_run(clinic->db, &clinic->arena, moment(now), STR("system:billing"), &run));
    return run;
}

struct listing {
    struct clinic *clinic;
    struct invoice_filter filter;
    instant now;
    struct invoice items[100];
    size_t count;
};

static inline result keep_invoice(void *context, const struct invoice *invoice)
{
    struct listing *listing = context;
    ck_assert_uint_lt(listing->count, 100);
    listing->items[listing->count++] = *invoice;
    return OK;
}

static inline result list_all(struct db_tx *tx, void *context)
{
    struct listing *listing = context;
    listing->count = 0;
    return invoice_each(tx, &listing->filter, listing->now, keep_invoice, listing);
}

static inline void list_invoices(struct clinic *clinic, const char *status, const char *now,
                                 struct listing *listing)
{
    *listing = (struct listing){
        .clinic = clinic,
        .filter = {.customer_id = clinic->id, .status = str_from(status), .limit = 100},
        .now = moment(now),
    };
    ck_assert_ok(db_transact(clinic->db, &clinic->arena, list_all, listing));
}

struct reading {
    str id;
    instant now;
    json_t *statement;
};

static inline result read_statement(struct db_tx *tx, void *context)
{
    struct reading *reading = context;
    struct invoice invoice = {0};
    TRY(invoice_get(tx, reading->id, &invoice));
    return invoice_statement(tx, &invoice, reading->now, &reading->statement);
}

static inline const json_t *statement(struct clinic *clinic, str id, const char *now)
{
    struct reading reading = {.id = id, .now = moment(now)};
    ck_assert_ok(db_transact(clinic->db, &clinic->arena, read_statement, &reading));
    json_decref(clinic->statement);
    clinic->statement = reading.statement;
    return reading.statement;
}

// A member's text; the path's names are separated by dots, numbers are positions: "lines.0.amount".
static inline const char *member(const json_t *statement, const char *path)
{
    str rest = str_from(path);
    while (rest.len > 0) {
        str name = rest;
        str after = STR("");
        (void)str_cut(rest, '.', &name, &after);
        int64_t position = 0;
        statement = str_to_i64(name, &position) ? json_array_get(statement, (size_t)position)
                                                : json_object_getn(statement, name.ptr, name.len);
        rest = after;
    }
    return json_is_string(statement) ? json_string_value(statement) : "(none)";
}

// Issues or voids one invoice.
struct deciding {
    str id;
    struct change change;
    struct invoice invoice;
};

static inline result decide_issue(struct db_tx *tx, void *context)
{
    struct deciding *deciding = context;
    return invoice_issue(tx, deciding->id, &deciding->change, &deciding->invoice);
}

static inline result decide_void(struct db_tx *tx, void *context)
{
    struct deciding *deciding = context;
    return invoice_void(tx, deciding->id, &deciding->change, &deciding->invoice);
}

static inline result decide(struct clinic *clinic, result (*work)(struct db_tx *, void *), str id,
                            const char *now, struct invoice *invoice)
{
    struct deciding deciding = {
        .id = id,
        .change = {.actor = STR("key:test"), .reason = STR("a test"), .now = moment(now)},
    };
    result done = db_transact(clinic->db, &clinic->arena, work, &deciding);
    *invoice = deciding.invoice;
    return done;
}

static inline const json_t *statement_of_period(struct clinic *clinic, int64_t number,
                                                const char *now)
{
    struct listing list;
    list_invoices(clinic, "", now, &list);
    for (size_t i = 0; i < list.count; i++) {
        if (list.items[i].period_number == number)
            return statement(clinic, list.items[i].id, now);
    }
    ck_abort_msg("the period has no invoice");
    return NULL;
}

// ---- runs at the same time

struct racing {
    const char *url;
    struct billing_run run;
    result outcome;
    int64_t left; // drafts when the run has ended: others' work is waited for
};

static inline result count_drafts(struct db_tx *tx, void *context)
{
    static const struct db_stmt count_sql = {
        "test_count_drafts", "SELECT count(*) AS drafts FROM invoice WHERE status = 'draft'", 0};
    struct racing *racing = context;
    return db_one(tx, &count_sql, NO_PARAMS, COLUMNS(db_into_i64("drafts", &racing->left)));
}

static inline void *bill_in_a_thread(void *context)
{
    struct racing *racing = context;
    struct db *db = db_open(&(struct db_options){.url = racing->url, .role = "phial_daemon"});
    struct arena arena = {0};
    racing->outcome = billing_run(db, &arena, moment("2026-12-10T00:00:00Z"), STR("system:billing"),
                                  &racing->run);
    if (!failed(racing->outcome))
        racing->outcome = db_transact(db, &arena, count_drafts, racing);
    arena_reset(&arena);
    db_close(db);
    return NULL;
}
