// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/phi/retention.h"
#include "phial/util/array.h"

START_TEST(knows_its_classes_by_name)
{
    static const struct {
        const char *name;
        enum retention_class found;
        int64_t years;
    } cases[] = {
        {"", RETENTION_CLASS_standard_10y, 10},
        {"standard-10y", RETENTION_CLASS_standard_10y, 10},
        {"hipaa-6y", RETENTION_CLASS_hipaa_6y, 6},
        {"rpm-7y", RETENTION_CLASS_rpm_7y, 7},
        {"device-10y", RETENTION_CLASS_device_10y, 10},
        {"contract-10y", RETENTION_CLASS_contract_10y, 10},
        {"trial-permanent", RETENTION_CLASS_trial_permanent, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_int_eq(retention_class_find(str_from(cases[i].name)), cases[i].found);
        ck_assert_int_eq(retention_rule(cases[i].found)->years, cases[i].years);
        if (cases[i].name[0] != '\0')
            ck_assert_str_eq(retention_rule(cases[i].found)->name, cases[i].name);
    }
}
END_TEST

START_TEST(knows_no_other_name)
{
    static const char *const names[] = {"standard", "standard-10Y", "standard-10y ",
                                        "hipaa_6y", "device-11y",   "permanent"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        ck_assert_int_eq(retention_class_find(str_from(names[i])), RETENTION_CLASS_COUNT);
}
END_TEST

TEST_MAIN("retention", knows_its_classes_by_name, knows_no_other_name)
