// SPDX-License-Identifier: Apache-2.0
// What comes after the last statement of a subscription that has ended.
#include "billing_fixture.h"

#define AUTUMN                                                                           \
    "{'customer': 'clinic', 'plan': 'imaging', 'start': '2026-10-01T12:00:00Z', 'end': " \
    "'2026-12-01T12:00:00Z'}"

// October and November are issued; then an event of November comes.
static int64_t end_and_send_late(struct clinic *clinic)
{
    clinic_open(clinic);
    subscribe(clinic, AUTUMN);
    ck_assert_int_eq(bill(clinic, "2026-12-03T00:00:00Z").issued, 2);
    return send_event(clinic, "late", "2026-11-20T12:00:00.000000Z", "ct");
}

START_TEST(what_comes_after_the_last_statement_is_closed_with)
{
    struct clinic clinic;
    struct invoice invoice = {0};
    struct listing list;
    (void)end_and_send_late(&clinic);
    struct billing_run run = bill(&clinic, "2026-12-05T00:00:00Z");
    ck_assert_int_eq(run.drafted, 1);
    ck_assert_int_eq(run.issued, 0); // its grace begins with the draft
    const json_t *draft = statement_of_period(&clinic, 3, "2026-12-05T00:00:00Z");
    ck_assert_str_eq(member(draft, "lines.0.kind"), "adjustment");
    ck_assert_str_eq(member(draft, "subtotal"), "0.75");
    ck_assert_str_eq(member(draft, "period.start"), "2026-12-01T05:00:00.000000Z");
    ck_assert_str_eq(member(draft, "period.end"), "2026-12-01T05:00:00.000000Z");
    ck_assert_int_eq(bill(&clinic, "2026-12-05T23:59:59Z").issued, 0);
    ck_assert_int_eq(bill(&clinic, "2026-12-06T00:00:00Z").issued, 1);
    run = bill(&clinic, "2026-12-09T00:00:00Z");
    ck_assert_int_eq(run.drafted + run.issued + run.credited, 0);

    list_invoices(&clinic, "issued", "2026-12-09T00:00:00Z", &list);
    str third = list.items[list.count - 1].id;
    ck_assert_ok(decide(&clinic, decide_void, third, "2026-12-09T00:00:00Z", &invoice));
    ck_assert_int_eq(bill(&clinic, "2026-12-09T00:00:00Z").drafted, 1);
    ck_assert_str_eq(member(statement_of_period(&clinic, 3, "2026-12-09T00:00:00Z"), "subtotal"),
                     "0.75");
    clinic_close(&clinic);
}
END_TEST

START_TEST(a_closing_statement_goes_with_what_it_would_bill)
{
    struct clinic clinic;
    struct listing list;
    struct invoice invoice = {0};
    int64_t late = end_and_send_late(&clinic);
    bill(&clinic, "2026-12-05T00:00:00Z");
    void_event(&clinic, late);
    list_invoices(&clinic, "draft", "2026-12-05T00:00:00Z", &list);
    ck_assert_uint_eq(list.count, 1);
    ck_assert_fails(CONFLICT, decide(&clinic, decide_issue, list.items[0].id,
                                     "2026-12-05T00:00:00Z", &invoice));
    struct billing_run run = bill(&clinic, "2026-12-06T00:00:00Z");
    ck_assert_int_eq(run.drafted + run.issued + run.credited, 0);
    list_invoices(&clinic, "", "2026-12-06T00:00:00Z", &list);
    ck_assert_uint_eq(list.count, 2);
    clinic_close(&clinic);
}
END_TEST

START_TEST(two_runs_draft_one_closing_statement)
{
    struct clinic clinic;
    struct listing list;
    (void)end_and_send_late(&clinic);
    pthread_t threads[2];
    struct racing racing[2] = {{.url = clinic.url}, {.url = clinic.url}};
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, bill_in_a_thread, &racing[i]), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert_ok(racing[i].outcome);
    }
    ck_assert_int_eq(racing[0].run.drafted + racing[1].run.drafted, 1);
    list_invoices(&clinic, "draft", "2026-12-10T00:00:00Z", &list);
    ck_assert_uint_eq(list.count, 1);
    ck_assert_int_eq(list.items[0].period_number, 3);
    clinic_close(&clinic);
}
END_TEST

static result delete_all(struct db_tx *tx, void *context)
{
    static const struct db_stmt delete_sql = {"test_delete_invoices", "DELETE FROM invoice", 0};
    (void)context;
    return db_exec(tx, &delete_sql, NO_PARAMS);
}

START_TEST(only_a_draft_can_be_deleted)
{
    struct clinic clinic;
    struct listing list;
    clinic_open(&clinic);
    subscribe(&clinic, AUTUMN);
    bill(&clinic, "2026-12-01T05:00:00Z"); // October is issued, November a draft
    ck_assert(failed(db_transact(clinic.db, &clinic.arena, delete_all, NULL)));
    list_invoices(&clinic, "", "2026-12-01T05:00:00Z", &list);
    ck_assert_uint_eq(list.count, 2);
    clinic_close(&clinic);
}
END_TEST

TEST_MAIN("closing", what_comes_after_the_last_statement_is_closed_with,
          a_closing_statement_goes_with_what_it_would_bill, two_runs_draft_one_closing_statement,
          only_a_draft_can_be_deleted)
