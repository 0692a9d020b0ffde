// SPDX-License-Identifier: Apache-2.0
#include "alerts.sql.h"
#include "test_database.h"

START_TEST(every_statement_fits_the_schema)
{
    struct db *db = test_database();
    for (size_t i = 0; alerts_statements[i] != NULL; i++)
        ck_assert_ok(db_check(db, alerts_statements[i]));
    db_close(db);
}
END_TEST

TEST_MAIN("alerts", every_statement_fits_the_schema)
