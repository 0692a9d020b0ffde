// SPDX-License-Identifier: Apache-2.0
#include "publication.h"
#include "reports.sql.h"
#include "test_database.h"

static struct arena arena;
static const str values_of_ward[] = {{0}, {"a", 1}, {"b", 1}};
static const str values_later[] = {{0}, {"a", 1}, {"b", 1}, {"c", 1}};

// One that gives a table out.
struct giving {
    struct report_table table;
    int64_t now;
    struct report report;
    bool stale; // by what was the last version before
    struct publication last;
};

static const struct metric metric = {.key = {"visits", 6}, .version = 3};

static result give(struct db_tx *tx, void *context)
{
    struct giving *giving = context;
    struct customer customer = {.id = 7};
    struct report_scope scope = {.customers = &customer, .customer_count = 1};
    struct report_question question = {.scope = &scope,
                                       .metric = &metric,
                                       .from = {1000000},
                                       .to = {2000000},
                                       .actor = STR("key:test"),
                                       .now = {giving->now}};
    OWNED(json_release) json_t *as_of = json_array();
    giving->report = (struct report){.as_of = as_of};
    if (!giving->stale)
        TRY(publication_find(tx, &question, &giving->table, &giving->last));
    giving->last.tx = tx;
    giving->last.question = &question;
    return publication_add(&giving->last, &giving->table, &giving->report);
}

static struct report_table table_of(const str *values, size_t length, const str *labels)
{
    return (struct report_table){.axis_count = 1,
                                 .axes = {STR("ward")},
                                 .lengths = {length},
                                 .values = {values},
                                 .cell_count = length,
                                 .labels = labels};
}

static result give_out(struct db *db, struct giving *giving)
{
    return db_transact(db, &arena, give, giving);
}

START_TEST(every_statement_fits_the_schema)
{
    struct db *db = test_database();
    for (const struct db_stmt *const *stmt = reports_statements; *stmt != NULL; stmt++)
        ck_assert_ok(db_check(db, *stmt));
    db_close(db);
}
END_TEST

START_TEST(makes_a_version_of_what_has_changed)
{
    const str first[] = {STR("50"), STR("<11"), STR("*")};
    const str second[] = {STR("71"), STR("<11"), STR("*"), STR("21")};
    struct db *db = test_database();
    struct giving giving = {.table = table_of(values_of_ward, 3, first), .now = 5};
    ck_assert_ok(give_out(db, &giving));
    ck_assert(giving.report.version == 1 && !giving.report.restated);
    struct giving stale = giving; // has found nothing given out, and then somebody does

    giving.now = 6;
    ck_assert_ok(give_out(db, &giving));
    ck_assert(giving.report.version == 1 && giving.report.published_at.us == 5);

    giving.table = table_of(values_later, 4, second);
    ck_assert_ok(give_out(db, &giving));
    ck_assert(giving.report.version == 2 && giving.report.restated);
    const struct report_table *before = &giving.report.before;
    for (size_t i = 0; i < 3; i++)
        ck_assert(str_eq(report_label(before, &giving.table, i), first[i]));
    ck_assert(str_eq(report_label(before, &giving.table, 3), STR("0"))); // there was no such ward

    stale.stale = true;
    stale.last.version = 0;
    stale.last.cells = STR("");
    ck_assert_fails(HEAD_MOVED, give_out(db, &stale));
    db_close(db);
    arena_reset(&arena);
}
END_TEST

static result change_rows(struct db_tx *tx, void *context)
{
    const struct db_stmt *stmt = context;
    return db_exec(tx, stmt, NO_PARAMS);
}

START_TEST(nobody_changes_what_was_given_out)
{
    struct db_stmt changes[] = {
        {"reports_test_update", "UPDATE report_publication SET cells = '{}'", 0},
        {"reports_test_delete", "DELETE FROM report_publication", 0},
        {"reports_test_truncate", "TRUNCATE report_publication", 0}};
    const str labels[] = {STR("50"), STR("20"), STR("30")};
    struct giving giving = {.table = table_of(values_of_ward, 3, labels), .now = 9};
    struct db *daemon = test_database();
    ck_assert_ok(give_out(daemon, &giving));
    struct db *owner = test_database_owner();
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        ck_assert(failed(db_transact(daemon, &arena, change_rows, &changes[i])));
        db_close(daemon);
        daemon = test_database();
        ck_assert(failed(db_transact(owner, &arena, change_rows, &changes[i])));
        db_close(owner);
        owner = test_database_owner();
    }
    db_close(owner);
    db_close(daemon);
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("publication", every_statement_fits_the_schema, makes_a_version_of_what_has_changed,
          nobody_changes_what_was_given_out)
