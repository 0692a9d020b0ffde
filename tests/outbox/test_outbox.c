// SPDX-License-Identifier: Apache-2.0
#include "outbox.sql.h"
#include "phial/outbox/outbox.h"
#include "test_database.h"

START_TEST(every_statement_fits_the_schema)
{
    struct db *db = test_database();
    for (size_t i = 0; outbox_statements[i] != NULL; i++)
        ck_assert_ok(db_check(db, outbox_statements[i]));
    db_close(db);
}
END_TEST

START_TEST(names_are_those_that_are_sent)
{
    enum outbox_type type = OUTBOX_TYPE_COUNT;
    ck_assert(outbox_type_parse(STR("invoice.draft"), &type));
    ck_assert_int_eq(type, OUTBOX_invoice_draft);
    ck_assert(!outbox_type_parse(STR("invoice_issued"), &type));
    ck_assert(!outbox_type_parse(STR(""), &type));
    ck_assert_int_eq(type, OUTBOX_invoice_draft);
}
END_TEST

static result put_nothing(struct db_tx *tx, void *context)
{
    (void)context;
    return outbox_put(tx, OUTBOX_export_ready, (instant){0}, NULL);
}

START_TEST(a_fact_that_cannot_be_written_fails_its_transaction)
{
    struct arena arena = {0};
    struct db *db = test_database();
    ck_assert_fails(INTERNAL, db_transact(db, &arena, put_nothing, NULL));
    db_close(db);
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("outbox", every_statement_fits_the_schema, names_are_those_that_are_sent,
          a_fact_that_cannot_be_written_fails_its_transaction)
