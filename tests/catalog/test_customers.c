// SPDX-License-Identifier: Apache-2.0
#include "catalog_fixture.h"
#include "phial/ledger/ledger.h"

static struct arena arena;

static result read_billing(struct db_tx *tx, void *context)
{
    struct customer_billing *billing = context;
    struct customer customer = {0};
    TRY(customer_get(tx, STR("full"), &customer));
    struct head head;
    TRY(ledger_head(tx, customer.id, &head));
    ck_assert_int_eq(head.size, 0);
    return customer_billing_read(db_arena(tx), &customer, billing);
}

START_TEST(reads_what_an_invoice_needs)
{
    struct db *db = test_database();
    struct customer_billing billing = {0};
    ck_assert_ok(put_customer(
        db, &arena, "full",
        "{\"name\": \"Bay Clinic\", \"currency\": \"EUR\", \"time_zone\": \"Europe/Berlin\","
        " \"email\": \"billing@bay.example\", \"address\": {\"line1\": \"1 Main St\","
        " \"line2\": \"\", \"city\": \"Bonn\", \"country\": \"DE\"},"
        " \"endpoint\": {\"scheme\": \"0204\", \"id\": \"991-01484-64\"}, \"tax\": {\"rates\": ["
        "{\"name\": \"VAT\", \"percent\": \"19\", \"category\": \"S\"}], \"id\": \"DE123456789\"},"
        " \"buyer_reference\": \"PO-7\", \"payment_terms_days\": 14, \"group\": \"north\","
        " \"report_threshold\": 11}"));
    ck_assert_ok(db_transact(db, &arena, read_billing, &billing));
    ck_assert(str_eq(billing.name, STR("Bay Clinic")));
    ck_assert_int_eq(billing.payment_terms_days, 14);
    ck_assert_uint_eq(billing.tax_count, 1);
    ck_assert(str_eq(decimal_print(&arena, billing.taxes[0].percent), STR("19")));
    ck_assert(str_eq(billing.taxes[0].category, STR("S")));
    arena_reset(&arena);
    db_close(db);
}
END_TEST

START_TEST(points_at_each_fault)
{
    static const struct {
        const char *document;
        const char *pointer;
        const char *code;
    } cases[] = {
        {"{\"currency\": \"USD\", \"time_zone\": \"UTC\"}", "/name", "missing_member"},
        {"{\"name\": \"A\", \"currency\": \"XYZ\", \"time_zone\": \"UTC\"}", "/currency",
         "invalid"},
        {"{\"name\": \"A\", \"currency\": \"USD\", \"time_zone\": \"Mars/Base\"}", "/time_zone",
         "invalid"},
        {"{\"name\": \"A\", \"currency\": \"USD\", \"time_zone\": \"UTC\", \"ssn\": 1}", "",
         "unknown_member"},
        {"{\"name\": \"A\", \"currency\": \"USD\", \"time_zone\": \"UTC\", \"email\": \"nobody\"}",
         "/email", "invalid"},
        {"{\"name\": \"A\", \"currency\": \"USD\", \"time_zone\": \"UTC\","
         " \"address\": {\"country\": \"Germany\"}}",
         "/address/country", "invalid"},
        {"{\"name\": \"A\", \"currency\": \"USD\", \"time_zone\": \"UTC\","
         " \"endpoint\": {\"scheme\": \"mail\", \"id\": \"1\"}}",
         "/endpoint/scheme", "invalid"},
        {"{\"name\": \"A\", \"currency\": \"USD\", \"time_zone\": \"UTC\","
         " \"endpoint\": {\"scheme\": \"9930\"}}",
         "/endpoint/id", "missing_member"},
        {"{\"name\": \"A\", \"currency\": \"USD\", \"time_zone\": \"UTC\", \"tax\":"
         " {\"rates\": [{\"name\": \"T\", \"percent\": \"101\"}]}}",
         "/tax/rates/0/percent", "invalid"},
        {"{\"name\": \"A\", \"currency\": \"USD\", \"time_zone\": \"UTC\", \"tax\":"
         " {\"rates\": [{\"name\": \"T\", \"percent\": 8.25}]}}",
         "/tax/rates/0/percent", "decimal_expected"},
        {"{\"name\": \"A\", \"currency\": \"USD\", \"time_zone\": \"UTC\","
         " \"payment_terms_days\": -1}",
         "/payment_terms_days", "invalid"},
        {"{\"name\": \"MRN 00123456\", \"currency\": \"USD\", \"time_zone\": \"UTC\"}", "/name",
         "phi_detected"},
        // More words than are looked through: a strong detector misses nothing by that.
        {"{\"name\": \"a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j k l m n o p"
         " q r s t u v w x y z a b c d e f g h i j k l m n o p q r s t u v w x y z 219-45-7731\","
         " \"currency\": \"USD\", \"time_zone\": \"UTC\"}",
         "/name", "phi_detected"},
    };
    struct db *db = test_database();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct ask ask = {.key = "wrong", .document = cases[i].document};
        ck_assert(failed(ask_for(db, &arena, ask_put_customer, &ask)));
        ck_assert_int_eq(ask.customer.id, 0);
        ck_assert_msg(str_eq(ask.faults.items[0].pointer, str_from(cases[i].pointer)),
                      "case %zu: %" STR_FMT, i, STR_ARG(ask.faults.items[0].pointer));
        ck_assert_str_eq(ask.faults.items[0].code, cases[i].code);
    }
    arena_reset(&arena);
    db_close(db);
}
END_TEST

START_TEST(refuses_a_key_that_names_a_person)
{
    static const struct {
        const char *key;
        const char *code; // NULL: it passes
    } cases[] = {
        {"123-45-6789", "phi_detected"},
        {"mrn-00123456", "phi_detected"},
        {"ssn-123-45-6789", "phi_detected"},
        {"jane.doe@example.com", "phi_detected"},
        {"Upper", "invalid_key"},
        {"clinic-042", NULL},
        {"org-83997944", NULL},
        {"c-37878795", NULL},
        {"acme.health_2", NULL},
        {"123456789", NULL},
    };
    struct db *db = test_database();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct ask ask = {.key = cases[i].key,
                          .document =
                              "{\"name\": \"A\", \"currency\": \"USD\", \"time_zone\": \"UTC\"}"};
        result done = ask_for(db, &arena, ask_put_customer, &ask);
        if (cases[i].code == NULL) {
            ck_assert_ok(done);
            continue;
        }
        ck_assert(failed(done));
        ck_assert_uint_eq(ask.faults.count, 1);
        ck_assert_uint_eq(ask.faults.items[0].pointer.len, 0);
        ck_assert_str_eq(ask.faults.items[0].code, cases[i].code);
    }
    arena_reset(&arena);
    db_close(db);
}
END_TEST

static result get_customer(struct db_tx *tx, void *context)
{
    struct ask *ask = context;
    return customer_get(tx, str_from(ask->key), &ask->customer);
}

// The hashes of both keys begin with 037c, so that one statement finds both.
START_TEST(tells_apart_those_that_the_database_cannot)
{
    static const struct {
        const char *key;
        const char *zone;
    } cases[] = {{"clinic-393", "Europe/Berlin"}, {"clinic-470", "America/New_York"}};
    struct db *db = test_database();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        str document =
            str_printf(&arena, "{\"name\": \"A\", \"currency\": \"USD\", \"time_zone\": \"%s\"}",
                       cases[i].zone);
        struct ask missing = {.key = cases[i].key};
        ck_assert_int_eq(ask_for(db, &arena, get_customer, &missing).code, ERR_NOT_FOUND);
        ck_assert_ok(put_customer(db, &arena, cases[i].key, str_to_c(&arena, document)));
    }
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct ask ask = {.key = cases[i].key};
        ck_assert_ok(ask_for(db, &arena, get_customer, &ask));
        ck_assert(str_eq(ask.customer.key, str_from(cases[i].key)));
        ck_assert(str_eq(ask.customer.zone_name, str_from(cases[i].zone)));
    }
    arena_reset(&arena);
    db_close(db);
}
END_TEST

TEST_MAIN("customers", reads_what_an_invoice_needs, points_at_each_fault,
          refuses_a_key_that_names_a_person, tells_apart_those_that_the_database_cannot)
