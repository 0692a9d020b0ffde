// SPDX-License-Identifier: Apache-2.0
#include "doctor.sql.h"
#include "phial/doctor/doctor.h"
#include "test_database.h"

#include <string.h>

START_TEST(every_statement_fits_the_schema)
{
    struct db *db = test_database();
    for (size_t i = 0; doctor_statements[i] != NULL; i++)
        ck_assert_ok(db_check(db, doctor_statements[i]));
    db_close(db);
}
END_TEST

START_TEST(checks_have_names_of_their_own)
{
    struct doctor_checks checks = doctor_checks();
    ck_assert_uint_ge(checks.count, 25);
    for (size_t i = 0; i < checks.count; i++) {
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(checks.items[i].name, checks.items[j].name);
    }
}
END_TEST

TEST_MAIN("doctor", every_statement_fits_the_schema, checks_have_names_of_their_own)
