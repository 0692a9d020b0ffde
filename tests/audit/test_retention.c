// SPDX-License-Identifier: Apache-2.0
// What a run may take, judged by the database; and by which classes, as the catalog ever said.
#include "phial/ledger/ledger.h"
#include "phial/util/array.h"
#include "retention_rules.h"
#include "test_database.h"

static const struct db_stmt customer_sql = {
    "t_customer",
    "INSERT INTO customer (key, document, sha256, currency, time_zone, created_at, updated_at) "
    "VALUES ($1, '{}', '', 'USD', 'America/New_York', now(), now()) RETURNING customer_id",
    1};
static const struct db_stmt subscription_sql = {
    "t_subscription",
    "INSERT INTO subscription (subscription_id, customer_id, anniversary, starts_at, ends_at, "
    "created_at) VALUES ($1, $2, false, '2010-01-01', $3::text::timestamptz, now())",
    3};
static const struct db_stmt invoice_sql = {
    "t_invoice",
    "INSERT INTO invoice (invoice_id, customer_id, subscription_id, period_number, period_start, "
    "period_end, grace_ends_at, status, number, total, currency, ledger_size, created_at, actor, "
    "reason) VALUES ($1, $2, $1, 1, '2010-01-01', $3::text::timestamptz, now(), 'issued', $1, '0', "
    "'USD', 0, now(), '', '')",
    3};
static const struct db_stmt judge_sql = {
    "t_judge",
    "SELECT verdict FROM retention_judge($1, $2::text::timestamptz, "
    "'{visit,year,deal,keep,look,both,both}', '{6,10,10,0,6,6,7}', "
    "'{event,year_end,contract_end,never,event,event,year_end}', '{look}', 0, 100) "
    "WHERE event_type = $3",
    3};

static const char *const types[] = {"visit", "year", "deal", "keep", "look", "both", "odd"};

// An event of each type at noon of 2020-06-15, in a log of its own.
struct making {
    const char *key;
    const char *ends;   // of its subscription; NULL: no subscription; "": none
    const char *billed; // up to when it is; NULL: never
    int64_t id;
};

static result make(struct db_tx *tx, void *context)
{
    struct making *making = context;
    struct arena *arena = db_arena(tx);
    str key = str_from(making->key);
    struct append entries[COUNT_OF(types)];
    TRY(db_one(tx, &customer_sql, PARAMS(db_text(key)),
               COLUMNS(db_into_i64("customer_id", &making->id))));
    TRY(ledger_open(tx, making->id));
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        str id = str_printf(arena, "e-%zu", i);
        entries[i] = (struct append){
            .customer_id = making->id,
            .customer = key,
            .kind = ENTRY_usage,
            .has_identity = true,
            .identity = identity_of(STR(""), id),
            .has_time = true,
            .time = {INT64_C(1592222400000000)},
            .members = {{"event", str_printf(arena, "{\"type\":\"%s\"}", types[i])}},
            .member_count = 1};
    }
    TRY(ledger_append(tx, (instant){INT64_C(1592222400000000)}, STR("key:test"), entries,
                      COUNT_OF(types)));
    if (making->ends == NULL)
        return OK;
    TRY(db_exec(tx, &subscription_sql,
                PARAMS(db_text(key), db_i64(making->id), db_text_or_null(str_from(making->ends)))));
    return making->billed == NULL ? OK
                                  : db_exec(tx, &invoice_sql,
                                            PARAMS(db_text(key), db_i64(making->id),
                                                   db_text(str_from(making->billed))));
}

struct asking {
    int64_t customer;
    const char *as_of;
    const char *type;
    str verdict;
};

static result ask(struct db_tx *tx, void *context)
{
    struct asking *asking = context;
    asking->verdict = STR("");
    result found = db_one(tx, &judge_sql,
                          PARAMS(db_i64(asking->customer), db_text(str_from(asking->as_of)),
                                 db_text(str_from(asking->type))),
                          COLUMNS(db_into_text("verdict", &asking->verdict)));
    return found.code == ERR_NOT_FOUND ? OK : found;
}

START_TEST(what_goes_and_what_keeps_it)
{
    struct making logs[] = {
        {"none", NULL, NULL, 0},
        {"ended", "2022-01-01 05:00+00", "2022-01-01 05:00+00", 0},
        {"runs", "", "2050-01-01 05:00+00", 0},
        {"unbilled", "2022-01-01 05:00+00", "2020-06-01 04:00+00", 0},
        {"never", "2022-01-01 05:00+00", NULL, 0},
    };
    static const struct {
        size_t log;
        const char *as_of;
        const char *type;
        const char *verdict;
    } cases[] = {
        {0, "2026-06-15 11:59:59+00", "visit", ""}, // not even looked at
        {0, "2026-06-15 12:00+00", "visit", "due"},
        {0, "2026-06-15 12:00+00", "look", "carried"},
        {0, "2026-06-15 12:00+00", "year", "class"},
        {0, "2031-01-01 04:59:59+00", "year", "class"}, // New York's year
        {0, "2031-01-01 05:00+00", "year", "due"},
        {0, "2090-01-01 00:00+00", "keep", "permanent"},
        {0, "2090-01-01 00:00+00", "odd", "permanent"}, // nobody knows its class
        {0, "2027-12-31 23:59+00", "both", "class"},    // all its classes have to be over
        {0, "2028-01-01 05:00+00", "both", "due"},
        {0, "2030-06-15 12:00+00", "deal", "due"}, // no contract at all
        {1, "2031-12-31 00:00+00", "deal", "class"},
        {1, "2032-01-01 05:00+00", "deal", "due"},
        {1, "2032-01-01 05:00+00", "visit", "due"},
        {2, "2090-01-01 00:00+00", "deal", "class"}, // its contract runs
        {2, "2049-01-01 00:00+00", "visit", "due"},
        {3, "2049-01-01 00:00+00", "visit", "open_period"},
        {4, "2049-01-01 00:00+00", "visit", "open_period"},
    };
    struct arena arena = {0};
    struct db *db = test_database();
    for (size_t i = 0; i < COUNT_OF(logs); i++)
        ck_assert_ok(db_transact(db, &arena, make, &logs[i]));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct asking asking = {logs[cases[i].log].id, cases[i].as_of, cases[i].type, {0}};
        ck_assert_ok(db_transact(db, &arena, ask, &asking));
        ck_assert_msg(str_eq(asking.verdict, str_from(cases[i].verdict)),
                      "case %zu: "
                      "%" STR_FMT,
                      i, STR_ARG(asking.verdict));
    }
    db_close(db);
    arena_reset(&arena);
}
END_TEST

static result run_statement(struct db_tx *tx, void *context)
{
    return db_exec(tx, context, NO_PARAMS);
}

static result read_rules(struct db_tx *tx, void *context)
{
    static const struct retention_terms terms = {.years = {[RETENTION_CLASS_hipaa_6y] = 8,
                                                           [RETENTION_CLASS_device_10y] = 10,
                                                           [RETENTION_CLASS_standard_10y] = 11}};
    return retention_rules_read(tx, &terms, context);
}

START_TEST(a_type_has_every_class_that_it_ever_named)
{
    static const struct db_stmt items = {
        "t_items",
        "INSERT INTO catalog_item (kind, key, version) VALUES ('event_type', 'a', 2), "
        "('event_type', 'b', 1), ('event_type', 'c', 1), ('metric', 'm', 1), ('metric', 'n', 1)",
        0};
    static const struct db_stmt versions = {
        "t_versions",
        "INSERT INTO catalog_version (kind, key, version, document, sha256, created_at, actor, "
        "reason) SELECT kind, key, version, document, '', now(), '', '' FROM (VALUES "
        "('event_type', 'a', 1, '{\"retention\": \"device-10y\"}'), "
        "('event_type', 'a', 2, '{\"retention\": \"hipaa-6y\"}'), ('event_type', 'b', 1, '{}'), "
        "('event_type', 'c', 1, '{\"retention\": \"of-old\"}'), "
        "('metric', 'm', 1, '{\"aggregation\": \"count\", \"event_types\": [\"a\"]}'), "
        "('metric', 'n', 1, '{\"aggregation\": \"active\", \"event_types\": [\"b\"]}')) "
        "AS row (kind, key, version, document)",
        0};
    struct arena arena = {0};
    struct db *db = test_database();
    struct db_stmt statement = items;
    struct retention_rules rules = {0};
    ck_assert_ok(db_transact(db, &arena, run_statement, &statement));
    statement = versions;
    ck_assert_ok(db_transact(db, &arena, run_statement, &statement));
    ck_assert_ok(db_transact(db, &arena, read_rules, &rules));
    ck_assert_uint_eq(rules.count, 4);
    ck_assert_int_eq(rules.years[0], 10);
    ck_assert_int_eq(rules.years[1], 8);
    ck_assert_int_eq(rules.years[2], 11);
    ck_assert_int_eq(rules.years[3], 0); // a name from before there were classes
    ck_assert(str_eq(retention_rules_class(&rules, STR("a")), STR("device-10y")));
    ck_assert(str_eq(retention_rules_class(&rules, STR("b")), STR("standard-10y")));
    ck_assert(str_eq(retention_rules_class(&rules, STR("z")), STR("")));
    ck_assert_uint_eq(rules.kept_count, 1);
    ck_assert(str_eq(rules.kept[0], STR("b")));
    db_close(db);
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("retention", what_goes_and_what_keeps_it, a_type_has_every_class_that_it_ever_named)
