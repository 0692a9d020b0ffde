// SPDX-License-Identifier: Apache-2.0
#include "catalog.sql.h"
#include "catalog_fixture.h"

static struct arena arena;

START_TEST(every_statement_fits_the_schema)
{
    struct db *db = test_database();
    for (const struct db_stmt *const *stmt = catalog_statements; *stmt != NULL; stmt++)
        ck_assert_ok(db_check(db, *stmt));
    db_close(db);
}
END_TEST

START_TEST(makes_a_version_for_other_content_only)
{
    static const struct {
        const char *document;
        int made;
        int64_t version;
    } cases[] = {
        {"{\"properties\": {\"ward\": {\"type\": \"code\"}}}", 2, 1},
        {"{ \"properties\" : {\"ward\":{\"type\":\"code\"}} }", 0, 1},
        {"{\"unknown_properties\": null, \"properties\": {\"ward\": {\"type\": \"code\"}}}", 0, 1},
        {"{\"properties\": {\"ward\": {\"type\": \"version\"}}}", 1, 2},
        {"{\"properties\": {\"ward\": {\"type\": \"code\"}}}", 1, 3},
    };
    struct db *db = test_database();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct ask ask = {.kind = CATALOG_EVENT_TYPE, .key = "stay", .document = cases[i].document};
        if (cases[i].made == 1)
            ask.precondition.if_match = STR("*");
        ck_assert_ok(ask_for(db, &arena, ask_put, &ask));
        ck_assert_int_eq((int)ask.item.made, cases[i].made);
        ck_assert_int_eq(ask.item.version, cases[i].version);
        ck_assert_uint_eq(ask.item.sha256.len, 64);
    }
    arena_reset(&arena);
    db_close(db);
}
END_TEST

START_TEST(a_number_written_otherwise_is_the_same_content)
{
    static const char *const documents[] = {
        "{\"event_types\": [\"scan\"], \"aggregation\": \"sum\", \"weights\": {\"property\": \"size\","
        " \"values\": {\"1\": \"0.0200\"}}, \"filters\": [{\"property\": \"size\", \"gt\": 1}]}",
        "{\"event_types\": [\"scan\"], \"aggregation\": \"sum\", \"weights\": {\"property\": \"size\","
        " \"values\": {\"1\": \"0.02\"}}, \"filters\": [{\"property\": \"size\", \"gt\": \"1.0\"}]}",
    };
    struct db *db = test_database();
    ck_assert_ok(put(db, &arena, CATALOG_EVENT_TYPE, "scan",
                     "{\"properties\": {\"size\": {\"type\": \"integer\"}}}"));
    str first = {0};
    for (size_t i = 0; i < COUNT_OF(documents); i++) {
        struct ask ask = {.kind = CATALOG_METRIC, .key = "sizes", .document = documents[i]};
        ck_assert_ok(ask_for(db, &arena, ask_put, &ask));
        ck_assert_int_eq((int)ask.item.made, i == 0 ? MADE_RESOURCE : MADE_NOTHING);
        ck_assert_int_eq(ask.item.version, 1);
        if (i == 0)
            first = ask.item.document;
        ck_assert(str_eq(ask.item.document, first)); // what was put stands
    }
    arena_reset(&arena);
    db_close(db);
}
END_TEST

START_TEST(replaces_only_what_the_caller_has_seen)
{
    static const char first[] = "{\"properties\": {\"room\": {\"type\": \"code\"}}}";
    static const char second[] = "{\"properties\": {\"room\": {\"type\": \"version\"}}}";
    struct db *db = test_database();
    struct ask ask = {.kind = CATALOG_EVENT_TYPE, .key = "visit", .document = first};
    ask.precondition.if_match = STR("*");
    ck_assert_fails(PRECONDITION_FAILED, ask_for(db, &arena, ask_put, &ask));
    ask.precondition = (struct precondition){.create_only = true};
    ck_assert_ok(ask_for(db, &arena, ask_put, &ask));
    ck_assert(ask.item.made == MADE_RESOURCE);
    str seen = ask.item.sha256;

    ck_assert_fails(PRECONDITION_FAILED, ask_for(db, &arena, ask_put, &ask));
    ask.document = second;
    ask.precondition = (struct precondition){0};
    ck_assert_fails(PRECONDITION_REQUIRED, ask_for(db, &arena, ask_put, &ask));
    ask.precondition.if_match = STR("0000");
    ck_assert_fails(PRECONDITION_FAILED, ask_for(db, &arena, ask_put, &ask));
    ask.precondition.if_match =
        str_printf(&arena, "0000,%" STR_FMT, STR_ARG(seen)); // one of several will do
    ck_assert_ok(ask_for(db, &arena, ask_put, &ask));
    ck_assert_int_eq(ask.item.version, 2);
    arena_reset(&arena);
    db_close(db);
}
END_TEST

static result archive_item(struct db_tx *tx, void *context)
{
    struct ask *ask = context;
    struct change change = test_change();
    return catalog_archive(tx, ask->kind, str_from(ask->key), &change);
}

static result count_items(void *context, const struct catalog_item *item)
{
    (void)item;
    (*(int *)context)++;
    return OK;
}

static result count_event_types(struct db_tx *tx, void *context)
{
    return catalog_each(tx, CATALOG_EVENT_TYPE, STR(""), 100, count_items, context);
}

START_TEST(archives_and_brings_back)
{
    struct db *db = test_database();
    struct ask ask = {.kind = CATALOG_EVENT_TYPE, .key = "old", .document = "{\"properties\": {}}"};
    int before = 0;
    int after = 0;
    ck_assert_ok(ask_for(db, &arena, ask_put, &ask));
    ck_assert_ok(db_transact(db, &arena, count_event_types, &before));
    ck_assert_ok(db_transact(db, &arena, archive_item, &ask));
    ck_assert_ok(db_transact(db, &arena, count_event_types, &after));
    ck_assert_int_eq(after, before - 1);
    ck_assert_fails(NOT_FOUND, db_transact(db, &arena, archive_item, &ask));
    ck_assert_ok(ask_for(db, &arena, ask_put, &ask));
    ck_assert(ask.item.made == MADE_RESOURCE);
    ck_assert_int_eq(ask.item.version, 1);
    ck_assert(!ask.item.archived);
    arena_reset(&arena);
    db_close(db);
}
END_TEST

static const struct {
    enum catalog_kind kind;
    const char *key;
    const char *document;
    const char *pointer;
    const char *code;
} misfits[] = {
    {CATALOG_METRIC, "Upper", "{\"event_types\": [\"image.analyzed\"], \"aggregation\": \"count\"}",
     "", "invalid_key"},
    {CATALOG_EVENT_TYPE, "visit.123-45-6789", "{}", "", "phi_detected"},
    {CATALOG_METRIC, "mrn-00123456",
     "{\"event_types\": [\"image.analyzed\"], \"aggregation\": \"count\"}", "", "phi_detected"},
    {CATALOG_PLAN, "ssn-123-45-6789", "{\"currency\": \"USD\", \"interval\": \"week\"}", "",
     "phi_detected"},
    {CATALOG_PLAN, "p",
     "{\"currency\": \"USD\", \"interval\": \"month\", \"charges\": [{\"key\": \"123-45-6789\","
     " \"name\": \"A\", \"metric\": \"images\", \"model\": \"per_unit\","
     " \"unit_amount\": \"1\"}]}",
     "/charges/0/key", "phi_detected"},
    {CATALOG_METRIC, "m", "{\"event_types\": [\"nothing\"], \"aggregation\": \"count\"}",
     "/event_types/0", "unknown_type"},
    {CATALOG_METRIC, "m",
     "{\"event_types\": [\"image.analyzed\"], \"aggregation\": \"sum\", \"property\": \"size\"}",
     "/property", "unknown_property"},
    {CATALOG_METRIC, "m",
     "{\"event_types\": [\"image.analyzed\"], \"aggregation\": \"sum\","
     " \"property\": \"modality\"}",
     "/property", "invalid"},
    {CATALOG_METRIC, "m",
     "{\"event_types\": [\"image.analyzed\"], \"aggregation\": \"count\","
     " \"group_by\": [\"modality\", \"city\"]}",
     "/group_by/1", "unknown_property"},
    {CATALOG_METRIC, "m",
     "{\"event_types\": [\"image.analyzed\"], \"aggregation\": \"count\","
     " \"filters\": [{\"property\": \"city\", \"eq\": \"x\"}]}",
     "/filters/0/property", "unknown_property"},
    {CATALOG_PLAN, "p",
     "{\"currency\": \"USD\", \"interval\": \"month\", \"charges\": [{\"key\": \"a\","
     " \"name\": \"A\", \"metric\": \"none\", \"model\": \"per_unit\","
     " \"unit_amount\": \"1\"}]}",
     "/charges/0/metric", "unknown_metric"},
    {CATALOG_PLAN, "p",
     "{\"currency\": \"USD\", \"interval\": \"week\", \"charges\": [{\"key\": \"a\","
     " \"name\": \"A\", \"metric\": \"patients\", \"model\": \"per_unit\","
     " \"unit_amount\": \"1\"}]}",
     "/charges/0/metric", "invalid"},
    {CATALOG_PLAN, "p",
     "{\"currency\": \"USD\", \"interval\": \"month\", \"charges\": [{\"key\": \"a\","
     " \"name\": \"for 123-45-6789\", \"metric\": \"images\", \"model\": \"per_unit\","
     " \"unit_amount\": \"1\"}]}",
     "/charges/0/name", "phi_detected"},
    {CATALOG_PLAN, "p",
     "{\"currency\": \"USD\", \"interval\": \"month\", \"charges\": [{\"key\": \"a\","
     " \"name\": \"A\", \"metric\": \"images\", \"model\": \"per_unit\","
     " \"unit_amount\": 0.75}]}",
     "/charges/0/unit_amount", "decimal_expected"},
    {CATALOG_PLAN, "p",
     "{\"currency\": \"USD\", \"interval\": \"month\", \"charges\": [{\"key\": \"a\","
     " \"metric\": \"patients\", \"model\": \"percentage\", \"rate\": \"1\"}]}",
     "/charges/0/metric", "invalid"},
    {CATALOG_PLAN, "p",
     "{\"currency\": \"USD\", \"interval\": \"month\", \"charges\": [{\"key\": \"a\","
     " \"metric\": \"images\", \"model\": \"dynamic\"}]}",
     "/charges/0/model", "unknown_property"},
    {CATALOG_PLAN, "p",
     "{\"currency\": \"USD\", \"interval\": \"month\", \"charges\": [{\"key\": \"a\","
     " \"metric\": \"images\", \"model\": \"matrix\", \"property\": \"size\", \"prices\": [{\"match\": {\"size\": \"1\"}, \"unit_amount\": \"1\"}]}]}",
     "/charges/0/property", "unknown_property"},
    {CATALOG_PLAN, "p",
     "{\"currency\": \"USD\", \"interval\": \"month\", \"charges\": [{\"key\": \"a\","
     " \"metric\": \"images\", \"model\": \"outcome\", \"subject\": \"doctor\", \"prices\": [{\"match\": {\"modality\": \"ct\"}, \"unit_amount\": \"1\"}]}]}",
     "/charges/0/subject", "unknown_property"},
    {CATALOG_PLAN, "p",
     "{\"currency\": \"USD\", \"interval\": \"week\", \"charges\": [{\"key\": \"a\","
     " \"metric\": \"images\", \"model\": \"outcome\", \"subject\": \"patient\", \"exclusive\": true, \"prices\": [{\"match\": {\"modality\": \"ct\"}, \"unit_amount\": \"1\"}]}]}",
     "/charges/0/metric", "invalid"},
    {CATALOG_PLAN, "p",
     "{\"currency\": \"USD\", \"interval\": \"month\", \"charges\": [{\"key\": \"a\","
     " \"metric\": \"images\", \"model\": \"matrix\", \"property\": \"modality\", \"prices\": [{\"match\": {\"modality\": \"123-45-6789\"}, \"unit_amount\": \"1\"}]}]}",
     "/charges/0/prices/0/match", "phi_detected"},
    {CATALOG_PLAN, "p",
     "{\"currency\": \"USD\", \"interval\": \"month\", \"charges\": [{\"key\": \"a\","
     " \"metric\": \"images\", \"model\": \"matrix\", \"properties\": [\"modality\", \"size\"], \"prices\": [{\"match\": {\"modality\": \"ct\", \"size\": \"1\"}, \"unit_amount\": \"1\"}]}]}",
     "/charges/0/properties/1", "unknown_property"},
    {CATALOG_PLAN, "p",
     "{\"currency\": \"USD\", \"interval\": \"month\", \"charges\": [{\"key\": \"a\","
     " \"metric\": \"images\", \"model\": \"matrix\", \"prices\": [{\"match\": {\"modality\": \"ct\", \"size\": \"1\"}, \"unit_amount\": \"1\"}]}]}",
     "/charges/0/prices/0/match", "unknown_property"},
    {CATALOG_METRIC, "m",
     "{\"event_types\": [\"image.analyzed\"], \"aggregation\": \"sum\", \"weights\": {\"property\": \"modality\", \"values\": {\"123-45-6789\": \"x\"}}}",
     "/weights/values", "phi_detected"},
    {CATALOG_METRIC, "m",
     "{\"event_types\": [\"image.analyzed\"], \"aggregation\": \"sum\", \"weights\": {\"property\": \"modality\", \"values\": {\"ct\": \"x\"}}}",
     "/weights/values/ct", "decimal_expected"},
    {CATALOG_PLAN, "p",
     "{\"currency\": \"USD\", \"interval\": \"month\", \"charges\": [],"
     " \"entitlements\": {\"a b\": true}}",
     NULL, NULL},
};

START_TEST(refuses_what_does_not_fit_the_rest)
{
    struct db *db = test_database();
    put_example(db, &arena);
    for (size_t i = 0; i < COUNT_OF(misfits); i++) {
        struct ask ask = {
            .kind = misfits[i].kind, .key = misfits[i].key, .document = misfits[i].document};
        ck_assert(failed(ask_for(db, &arena, ask_put, &ask)));
        ck_assert_int_eq(ask.item.version, 0);
        ck_assert_uint_ge(ask.faults.count, 1);
        if (misfits[i].pointer == NULL)
            continue;
        ck_assert_msg(str_eq(ask.faults.items[0].pointer, str_from(misfits[i].pointer)),
                      "case %zu: %" STR_FMT, i, STR_ARG(ask.faults.items[0].pointer));
        ck_assert_str_eq(ask.faults.items[0].code, misfits[i].code);
    }
    arena_reset(&arena);
    db_close(db);
}
END_TEST

TEST_MAIN("catalog", every_statement_fits_the_schema, makes_a_version_for_other_content_only,
          a_number_written_otherwise_is_the_same_content, replaces_only_what_the_caller_has_seen,
          archives_and_brings_back, refuses_what_does_not_fit_the_rest)
