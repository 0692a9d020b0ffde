// SPDX-License-Identifier: Apache-2.0
#include "usage_fixture.h"

static void send_examples(struct clinic *clinic)
{
    subscribe(clinic, "{'customer': 'clinic', 'plan': 'imaging', 'start': '2026-11-01T12:00:00Z'}");
    send_event(clinic, "u-1", "2026-11-01T04:30:00Z", "ct");
    send_event(clinic, "u-2", "2026-11-01T05:30:00Z", "mri"); // 01:30 for the first time
    send_event(clinic, "u-3", "2026-11-01T06:30:00Z", "ct");  // and for the second
    send_event(clinic, "u-4", "2026-11-02T04:59:59Z", "ct");
    send_event(clinic, "u-5", "2026-11-02T05:00:00Z", "ct");
    void_event(clinic, send_event(clinic, "u-6", "2026-11-01T07:30:00Z", "ct"));
}

START_TEST(measures_over_half_open_windows)
{
    struct clinic clinic;
    clinic_open(&clinic);
    send_examples(&clinic);
    static const struct {
        struct asking asking;
        const char *path;
        const char *text;
    } cases[] = {
        {{"2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z", "", false, NULL}, "quantity", "5"},
        {{"2026-11-01T04:30:00Z", "2026-11-02T05:00:00Z", "", false, NULL}, "quantity", "4"},
        {{"2026-11-01T04:30:01Z", "2026-11-02T04:59:59Z", "", false, NULL}, "quantity", "2"},
        {{"2026-11-01T04:30:00Z", "2026-11-01T04:30:00Z", "", false, NULL}, "quantity", "0"},
        {{"2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z", "day", false, NULL},
         "windows.0.quantity",
         "4"},
        {{"2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z", "day", false, NULL},
         "windows.0.end",
         "2026-11-02T05:00:00Z"},
        {{"2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z", "day", false, NULL},
         "windows.29.end",
         "2026-12-01T05:00:00Z"},
        {{"2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z", "day", false, NULL},
         "windows.30.end",
         "(none)"},
        {{"2026-11-01T04:00:00Z", "2026-11-01T07:00:00Z", "hour", false, NULL},
         "windows.1.start",
         "2026-11-01T05:00:00Z"},
        {{"2026-11-01T04:00:00Z", "2026-11-01T07:00:00Z", "hour", false, NULL},
         "windows.2.quantity",
         "1"},
        {{"2026-11-01T04:15:00Z", "2026-11-01T07:00:00Z", "hour", false, NULL},
         "windows.0.start",
         "2026-11-01T04:15:00Z"},
        {{"2026-10-20T04:15:00Z", "2027-01-15T07:00:00Z", "month", false, NULL},
         "windows.1.start",
         "2026-11-01T04:00:00Z"},
        {{"2026-10-20T04:15:00Z", "2027-01-15T07:00:00Z", "month", false, NULL},
         "windows.3.end",
         "2027-01-15T07:00:00Z"},
        {{"2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z", "", true, NULL},
         "groups.0.group.modality",
         "ct"},
        {{"2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z", "", true, NULL},
         "groups.0.quantity",
         "4"},
        {{"2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z", "", true, NULL},
         "groups.1.quantity",
         "1"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct asking asking = cases[i].asking;
        ck_assert_ok(db_transact(clinic.db, &clinic.arena, ask_usage, &asking));
        ck_assert_str_eq(member(asking.answer, cases[i].path), cases[i].text);
        const json_t *as_of = json_object_get(asking.answer, "as_of");
        ck_assert_int_eq(json_integer_value(json_object_get(as_of, "index")), 9);
        json_decref(asking.answer);
    }
    clinic_close(&clinic);
}
END_TEST

START_TEST(refuses_what_it_cannot_cut)
{
    struct clinic clinic;
    clinic_open(&clinic);
    send_examples(&clinic);
    struct asking asking = {"2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z", "year", false, NULL};
    ck_assert_fails(BAD_PARAMETER, db_transact(clinic.db, &clinic.arena, ask_usage, &asking));
    asking = (struct asking){"2020-11-01T04:00:00Z", "2026-12-01T05:00:00Z", "hour", false, NULL};
    ck_assert_fails(BAD_PARAMETER, db_transact(clinic.db, &clinic.arena, ask_usage, &asking));
    asking = (struct asking){"2026-11-02T04:00:00Z", "2026-11-01T05:00:00Z", "", false, NULL};
    ck_assert_fails(BAD_PARAMETER, db_transact(clinic.db, &clinic.arena, ask_usage, &asking));
    ck_assert_ptr_null(asking.answer);
    clinic_close(&clinic);
}
END_TEST

TEST_MAIN("usage", measures_over_half_open_windows, refuses_what_it_cannot_cut)
