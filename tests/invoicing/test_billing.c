// SPDX-License-Identifier: Apache-2.0
#include "billing_fixture.h"
#include "invoicing.sql.h"

#define NOVEMBER "{'customer': 'clinic', 'plan': 'imaging', 'start': '2026-11-01T12:00:00Z'}"

START_TEST(every_statement_fits_the_schema)
{
    struct db *db = test_database();
    for (size_t i = 0; invoicing_statements[i] != NULL; i++)
        ck_assert_ok(db_check(db, invoicing_statements[i]));
    db_close(db);
}
END_TEST

START_TEST(drafts_an_ended_period_and_issues_it_after_its_grace)
{
    struct clinic clinic;
    struct listing list;
    clinic_open(&clinic);
    subscribe(&clinic, NOVEMBER);
    send_event(&clinic, "a-1", "2026-11-01T04:00:00Z", "ct");
    send_event(&clinic, "a-2", "2026-12-01T04:59:59Z", "mri");
    send_event(&clinic, "a-3", "2026-12-01T05:00:00Z", "mri"); // December's

    struct billing_run run = bill(&clinic, "2026-12-01T04:59:59Z");
    ck_assert_int_eq(run.drafted, 0);
    run = bill(&clinic, "2026-12-01T05:00:00Z");
    ck_assert_int_eq(run.drafted, 1);
    ck_assert_int_eq(run.issued, 0);
    list_invoices(&clinic, "", "2026-12-01T05:00:00Z", &list);
    ck_assert_uint_eq(list.count, 1);
    ck_assert(str_eq(list.items[0].status, STR("draft")));
    ck_assert(str_eq(list.items[0].total, STR("1.62"))); // 1.50 and 8.25 %
    const json_t *draft = statement(&clinic, list.items[0].id, "2026-12-01T05:00:00Z");
    ck_assert(json_is_null(json_object_get(draft, "number")));

    run = bill(&clinic, "2026-12-02T04:59:59Z");
    ck_assert_int_eq(run.drafted + run.issued, 0);
    run = bill(&clinic, "2026-12-02T05:00:00Z");
    ck_assert_int_eq(run.drafted, 0);
    ck_assert_int_eq(run.issued, 1);
    list_invoices(&clinic, "issued", "2026-12-02T06:00:00Z", &list);
    ck_assert_uint_eq(list.count, 1);
    const json_t *issued = statement(&clinic, list.items[0].id, "2026-12-02T06:00:00Z");
    static const struct {
        const char *path;
        const char *text;
    } members[] = {
        {"number", "2026-000001"},
        {"status", "issued"},
        {"payment_status", "unpaid"},
        {"customer", "clinic"},
        {"currency", "USD"},
        {"period.start", "2026-11-01T04:00:00.000000Z"},
        {"period.end", "2026-12-01T05:00:00.000000Z"},
        {"period.time_zone", "America/New_York"},
        {"plan.key", "imaging"},
        {"lines.0.key", "reads"},
        {"lines.0.quantity", "2"},
        {"lines.0.amount", "1.50"},
        {"lines.0.exact_amount", "1.5"},
        {"lines.0.discount", "0.00"},
        {"lines.1.amount", "0.00"},
        {"subtotal", "1.50"},
        {"tax.0.amount", "0.12"},
        {"total", "1.62"},
        {"amount_due", "1.62"},
        {"rounding", "half_up"},
        {"issued_at", "2026-12-02T05:00:00.000000Z"},
        {"due_at", "2027-01-01T05:00:00.000000Z"},
        {"ledger.customer", "clinic"},
        {"exempt_reason", "(none)"},
    };
    for (size_t i = 0; i < COUNT_OF(members); i++)
        ck_assert_str_eq(member(issued, members[i].path), members[i].text);
    ck_assert_str_eq(
        member(statement(&clinic, list.items[0].id, "2027-01-01T05:00:01Z"), "payment_status"),
        "overdue");
    clinic_close(&clinic);
}
END_TEST

struct leaf_read {
    int64_t customer_id;
    int64_t index;
    str leaf;
};

static result read_leaf(struct db_tx *tx, void *context)
{
    struct leaf_read *read = context;
    struct entry entry = {0};
    TRY(ledger_entry(tx, read->customer_id, read->index, &entry));
    read->leaf = entry.leaf;
    return OK;
}

START_TEST(enters_what_it_issues_into_the_ledger)
{
    struct clinic clinic;
    struct listing list;
    clinic_open(&clinic);
    subscribe(&clinic, NOVEMBER);
    bill(&clinic, "2026-12-02T05:00:00Z");
    list_invoices(&clinic, "issued", "2026-12-02T06:00:00Z", &list);
    struct invoice *invoice = &list.items[list.count - 1];
    ck_assert(invoice->has_ledger_index);
    struct leaf_read read = {.customer_id = clinic.id, .index = invoice->ledger_index};
    ck_assert_ok(db_transact(clinic.db, &clinic.arena, read_leaf, &read));

    json_t *answered =
        json_copy(json_iterable(statement(&clinic, invoice->id, "2026-12-02T06:00:00Z")));
    json_object_del(answered, "payment_status");
    str bytes = {0};
    ck_assert_ok(json_canonical(&clinic.arena, answered, &bytes));
    ck_assert(str_eq(leaf_member(read.leaf, "invoice"), bytes));
    ck_assert_int_eq(
        json_integer_value(json_object_get(json_object_get(answered, "ledger"), "size")),
        invoice->ledger_index);
    json_decref(answered);
    clinic_close(&clinic);
}
END_TEST

START_TEST(an_issue_is_dated_as_its_entry_though_the_clock_went_back)
{
    struct clinic clinic;
    struct listing list;
    struct invoice invoice = {0};
    clinic_open(&clinic);
    subscribe(&clinic, NOVEMBER);
    bill(&clinic, "2026-12-01T05:00:00Z");
    list_invoices(&clinic, "draft", "2026-12-01T05:00:00Z", &list);
    str first = list.items[list.count - 1].id;
    ck_assert_fails(CONFLICT,
                    decide(&clinic, decide_issue, first, "2026-12-01T04:59:59Z", &invoice));
    ck_assert_ok(decide(&clinic, decide_issue, first, "2026-12-01T08:00:00Z", &invoice));
    ck_assert_ok(decide(&clinic, decide_void, first, "2026-12-01T08:00:00Z", &invoice));

    bill(&clinic, "2026-12-01T07:00:00Z");
    list_invoices(&clinic, "draft", "2026-12-01T07:00:00Z", &list);
    str second = list.items[list.count - 1].id;
    ck_assert_ok(decide(&clinic, decide_issue, second, "2026-12-01T07:00:00Z", &invoice));
    const json_t *stated = statement(&clinic, second, "2026-12-01T07:00:00Z");
    ck_assert_str_eq(member(stated, "issued_at"), "2026-12-01T08:00:00.000000Z");
    struct leaf_read read = {.customer_id = clinic.id, .index = invoice.ledger_index};
    ck_assert_ok(db_transact(clinic.db, &clinic.arena, read_leaf, &read));
    ck_assert(str_eq(leaf_member(read.leaf, "at"), STR("\"2026-12-01T08:00:00.000000Z\"")));
    clinic_close(&clinic);
}
END_TEST

START_TEST(a_draft_follows_late_events_and_voids)
{
    struct clinic clinic;
    struct listing list;
    clinic_open(&clinic);
    subscribe(&clinic, NOVEMBER);
    bill(&clinic, "2026-12-01T05:00:00Z");
    list_invoices(&clinic, "draft", "2026-12-01T06:00:00Z", &list);
    struct invoice draft = list.items[list.count - 1];
    ck_assert(str_eq(draft.total, STR("0.00")));
    int64_t index = send_event(&clinic, "late", "2026-11-15T04:00:00Z", "ct");
    list_invoices(&clinic, "draft", "2026-12-01T06:00:00Z", &list);
    ck_assert(str_eq(list.items[list.count - 1].total, STR("0.81")));
    void_event(&clinic, index);
    list_invoices(&clinic, "draft", "2026-12-01T06:00:00Z", &list);
    ck_assert(str_eq(list.items[list.count - 1].total, STR("0.00")));

    struct invoice issued = {0};
    ck_assert_ok(decide(&clinic, decide_issue, draft.id, "2026-12-01T07:00:00Z", &issued));
    ck_assert(str_eq(issued.payment_status, STR("paid"))); // nothing is owed
    struct invoice again = {0};
    ck_assert_ok(decide(&clinic, decide_issue, draft.id, "2026-12-01T08:00:00Z", &again));
    ck_assert(str_eq(again.number, issued.number));
    ck_assert_int_eq(again.ledger_index, issued.ledger_index);
    clinic_close(&clinic);
}
END_TEST

START_TEST(a_voided_invoice_frees_its_period)
{
    struct clinic clinic;
    struct listing list;
    clinic_open(&clinic);
    subscribe(&clinic, NOVEMBER);
    bill(&clinic, "2026-12-02T05:00:00Z");
    list_invoices(&clinic, "issued", "2026-12-02T06:00:00Z", &list);
    struct invoice first = list.items[list.count - 1];
    struct invoice voided = {0};
    ck_assert_ok(decide(&clinic, decide_void, first.id, "2026-12-02T07:00:00Z", &voided));
    ck_assert(str_eq(voided.status, STR("void")));
    ck_assert_fails(CONFLICT,
                    decide(&clinic, decide_void, first.id, "2026-12-02T07:00:00Z", &voided));
    ck_assert_fails(CONFLICT,
                    decide(&clinic, decide_issue, first.id, "2026-12-02T07:00:00Z", &voided));
    ck_assert_str_eq(member(statement(&clinic, first.id, "2026-12-02T07:00:00Z"), "status"),
                     "void");

    struct billing_run run = bill(&clinic, "2026-12-02T08:00:00Z");
    ck_assert_int_eq(run.drafted, 1);
    ck_assert_int_eq(run.issued, 1);
    ck_assert_int_eq(bill(&clinic, "2026-12-02T08:00:00Z").drafted, 0);
    list_invoices(&clinic, "issued", "2026-12-02T09:00:00Z", &list);
    ck_assert(!str_eq(list.items[list.count - 1].number, first.number));
    clinic_close(&clinic);
}
END_TEST

START_TEST(every_ended_period_of_a_past_start_gets_its_invoice)
{
    struct clinic clinic;
    struct listing list;
    clinic_open(&clinic);
    subscribe(&clinic, "{'customer': 'clinic', 'plan': 'imaging', 'start': '2026-01-20T12:00:00Z',"
                       " 'end': '2026-05-10T12:00:00Z'}");
    int64_t drafted = bill(&clinic, "2026-11-01T14:00:00Z").drafted;
    ck_assert_int_eq(drafted, 5);
    list_invoices(&clinic, "issued", "2026-11-01T14:00:00Z", &list);
    size_t count = 0;
    instant last = {0};
    for (size_t i = 0; i < list.count; i++) {
        if (!str_eq(list.items[i].subscription, clinic.subscription))
            continue;
        count++;
        if (count > 1)
            ck_assert_int_eq(list.items[i].period_start.us, last.us);
        last = list.items[i].period_end;
    }
    ck_assert_uint_eq(count, 5);
    ck_assert_int_eq(last.us, moment("2026-05-10T04:00:00Z").us);
    ck_assert_int_eq(bill(&clinic, "2027-11-01T14:00:00Z").drafted, 0);
    clinic_close(&clinic);
}
END_TEST

// ---- fees in advance

#define FEE_PLAN(amount)                                                                    \
    "{'currency': 'USD', 'interval': 'month', 'fixed': [{'key': 'base', 'amount': '" amount \
    "', 'timing': 'advance'}]}"

struct altering {
    const char *document;
    str id;
    instant now;
    bool cancels;
};

static result alter(struct db_tx *tx, void *context)
{
    struct altering *altering = context;
    OWNED(json_release) json_t *document = NULL;
    struct faults faults = {.arena = db_arena(tx)};
    struct subscription subscription = {0};
    struct change change = {.actor = STR("key:test"), .reason = STR(""), .now = altering->now};
    TRY(json_parse(str_from(altering->document), &document));
    struct json_at at = {document, STR(""), &faults};
    return altering->cancels ? subscription_cancel(tx, altering->id, at, 0, &change, &subscription)
                             : subscription_change(tx, altering->id, at, 0, &change, &subscription);
}

static void open_with_fee(struct clinic *clinic)
{
    clinic_open(clinic);
    ck_assert_ok(put(clinic->db, &clinic->arena, CATALOG_PLAN, "basic",
                     doc(&clinic->arena, FEE_PLAN("300"))));
    ck_assert_ok(put(clinic->db, &clinic->arena, CATALOG_PLAN, "better",
                     doc(&clinic->arena, FEE_PLAN("600"))));
    subscribe(clinic, "{'customer': 'clinic', 'plan': 'basic', 'start': '2026-11-01T12:00:00Z'}");
}

START_TEST(bills_ahead_on_an_opening_statement)
{
    struct clinic clinic;
    open_with_fee(&clinic);
    ck_assert_int_eq(bill(&clinic, "2026-11-01T14:00:00Z").drafted, 1);
    const json_t *opening = statement_of_period(&clinic, 0, "2026-11-01T14:00:00Z");
    ck_assert_str_eq(member(opening, "lines.0.kind"), "fixed");
    ck_assert_str_eq(member(opening, "lines.0.period.end"), "2026-12-01T05:00:00.000000Z");
    ck_assert_str_eq(member(opening, "subtotal"), "300.00");
    bill(&clinic, "2026-12-01T14:00:00Z");
    const json_t *first = statement_of_period(&clinic, 1, "2026-12-01T14:00:00Z");
    ck_assert_uint_eq(json_array_size(json_object_get(first, "lines")), 1);
    ck_assert_str_eq(member(first, "lines.0.period.start"), "2026-12-01T05:00:00.000000Z");
    clinic_close(&clinic);
}
END_TEST

START_TEST(a_change_settles_what_was_billed_ahead)
{
    struct clinic clinic;
    open_with_fee(&clinic);
    bill(&clinic, "2026-11-03T12:00:00Z"); // the opening statement is issued
    struct altering change = {
        .document = doc(&clinic.arena, "{'plan': 'better', 'at': '2026-11-16T12:00:00Z'}"),
        .id = clinic.subscription,
        .now = moment("2026-11-10T00:00:00Z"),
    };
    ck_assert_ok(db_transact(clinic.db, &clinic.arena, alter, &change));
    bill(&clinic, "2026-12-01T14:00:00Z");
    const json_t *first = statement_of_period(&clinic, 1, "2026-12-01T14:00:00Z");
    static const struct {
        const char *path;
        const char *text;
    } members[] = {
        {"lines.0.amount", "-150.00"},
        {"lines.0.quantity", "1"},
        {"lines.0.period.start", "2026-11-16T05:00:00.000000Z"},
        {"lines.1.amount", "300.00"},
        {"lines.1.period.start", "2026-11-16T05:00:00.000000Z"},
        {"lines.2.amount", "600.00"},
        {"lines.2.period.start", "2026-12-01T05:00:00.000000Z"},
        {"subtotal", "750.00"},
    };
    for (size_t i = 0; i < COUNT_OF(members); i++)
        ck_assert_str_eq(member(first, members[i].path), members[i].text);
    clinic_close(&clinic);
}
END_TEST

START_TEST(unused_days_come_back_after_a_cancellation)
{
    struct clinic clinic;
    open_with_fee(&clinic);
    bill(&clinic, "2026-11-03T12:00:00Z");
    struct altering cancel = {
        .document = doc(&clinic.arena, "{'at': '2026-11-11T12:00:00Z'}"),
        .id = clinic.subscription,
        .now = moment("2026-11-10T00:00:00Z"),
        .cancels = true,
    };
    ck_assert_ok(db_transact(clinic.db, &clinic.arena, alter, &cancel));
    bill(&clinic, "2026-12-03T14:00:00Z");
    const json_t *last = statement_of_period(&clinic, 1, "2026-12-03T14:00:00Z");
    ck_assert_uint_eq(json_array_size(json_object_get(last, "lines")), 1);
    ck_assert_str_eq(member(last, "lines.0.amount"), "-200.00");
    ck_assert_str_eq(member(last, "period.end"), "2026-11-11T05:00:00.000000Z");
    ck_assert_int_eq(bill(&clinic, "2027-12-03T14:00:00Z").drafted, 0);
    clinic_close(&clinic);
}
END_TEST

static void cancel_at_its_start(struct clinic *clinic)
{
    struct altering cancel = {
        .document = doc(&clinic->arena, "{'at': '2026-11-01T12:00:00Z'}"),
        .id = clinic->subscription,
        .now = moment("2026-11-10T00:00:00Z"),
        .cancels = true,
    };
    ck_assert_ok(db_transact(clinic->db, &clinic->arena, alter, &cancel));
}

START_TEST(all_comes_back_after_a_cancellation_at_the_start)
{
    struct clinic clinic;
    open_with_fee(&clinic);
    bill(&clinic, "2026-11-03T12:00:00Z"); // the opening statement is issued
    cancel_at_its_start(&clinic);
    struct billing_run run = bill(&clinic, "2026-11-10T12:00:00Z");
    ck_assert_int_eq(run.drafted, 1);
    ck_assert_int_eq(run.issued, 1);
    const json_t *last = statement_of_period(&clinic, 1, "2026-11-10T12:00:00Z");
    ck_assert_uint_eq(json_array_size(json_object_get(last, "lines")), 1);
    ck_assert_str_eq(member(last, "subtotal"), "-300.00");
    ck_assert_str_eq(member(last, "status"), "issued");
    ck_assert_str_eq(member(last, "period.end"), "2026-11-01T04:00:00.000000Z");
    ck_assert_int_eq(bill(&clinic, "2027-12-03T14:00:00Z").drafted, 0);
    clinic_close(&clinic);
}
END_TEST

static result draft_opening(struct db_tx *tx, void *context)
{
    struct clinic *clinic = context;
    struct change change = {.actor = STR("key:test"), .now = moment("2026-11-01T14:00:00Z")};
    return opening_draft(tx, clinic->subscription, &change);
}

START_TEST(an_opening_statement_can_be_there_at_once)
{
    struct clinic clinic;
    struct listing list;
    open_with_fee(&clinic);
    for (int i = 0; i < 2; i++) {
        ck_assert_ok(db_transact(clinic.db, &clinic.arena, draft_opening, &clinic));
        list_invoices(&clinic, "draft", "2026-11-01T14:00:00Z", &list);
        ck_assert_uint_eq(list.count, 1);
        ck_assert_str_eq(str_to_c(&clinic.arena, list.items[0].total), "324.75");
    }
    ck_assert_int_eq(bill(&clinic, "2026-11-01T15:00:00Z").drafted, 0);

    cancel_at_its_start(&clinic);
    const json_t *opening = statement_of_period(&clinic, 0, "2026-11-01T15:00:00Z");
    ck_assert_str_eq(member(opening, "total"), "0.00");
    clinic_close(&clinic);
}
END_TEST

START_TEST(what_never_began_has_no_statement)
{
    struct clinic clinic;
    struct listing list;
    open_with_fee(&clinic);
    cancel_at_its_start(&clinic);
    ck_assert_int_eq(bill(&clinic, "2026-12-10T12:00:00Z").drafted, 0);
    list_invoices(&clinic, "", "2026-12-10T12:00:00Z", &list);
    ck_assert_uint_eq(list.count, 0);
    clinic_close(&clinic);
}
END_TEST

struct previewing {
    str subscription;
    instant start;
    instant end;
    json_t *statement;
};

static result preview_days(struct db_tx *tx, void *context)
{
    struct previewing *previewing = context;
    return invoice_preview_stretch(tx, previewing->subscription, previewing->start, previewing->end,
                                   (instant){0}, &previewing->statement);
}

static result preview(struct clinic *clinic, const char *start, const char *end)
{
    struct previewing previewing = {
        .subscription = clinic->subscription, .start = moment(start), .end = moment(end)};
    result made = db_transact(clinic->db, &clinic->arena, preview_days, &previewing);
    if (failed(made))
        return made;
    json_decref(clinic->statement);
    clinic->statement = previewing.statement;
    return OK;
}

START_TEST(previews_any_days_of_a_period)
{
    static const struct {
        const char *start;
        const char *end;
        const char *from; // as the statement has it
        const char *to;
        const char *subtotal;
    } cases[] = {
        // The whole period, cut to the subscription's start.
        {"2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z", "2026-11-11T05:00:00.000000Z",
         "2026-12-01T05:00:00.000000Z", "1.50"},
        // Inside days count from their midnights.
        {"2026-11-12T10:00:00Z", "2026-11-20T23:00:00Z", "2026-11-12T05:00:00.000000Z",
         "2026-11-20T05:00:00.000000Z", "0.75"},
        {"2026-12-01T05:00:00Z", "2026-12-02T05:00:00Z", "2026-12-01T05:00:00.000000Z",
         "2026-12-02T05:00:00.000000Z", "0.00"},
    };
    struct clinic clinic;
    clinic_open(&clinic);
    subscribe(&clinic,
              "{'customer': 'clinic', 'plan': 'imaging', 'start': '2026-11-11T12:00:00Z'}");
    send_event(&clinic, "a", "2026-11-12T12:00:00.000000Z", "ct");
    send_event(&clinic, "b", "2026-11-20T12:00:00.000000Z", "ct");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_ok(preview(&clinic, cases[i].start, cases[i].end));
        ck_assert_str_eq(member(clinic.statement, "subtotal"), cases[i].subtotal);
        ck_assert_str_eq(member(clinic.statement, "period.start"), cases[i].from);
        ck_assert_str_eq(member(clinic.statement, "period.end"), cases[i].to);
    }
    ck_assert_fails(INVALID, preview(&clinic, "2026-11-12T05:00:00Z", "2026-12-02T05:00:00Z"));
    ck_assert_fails(NOT_FOUND, preview(&clinic, "2026-11-01T05:00:00Z", "2026-11-02T05:00:00Z"));
    clinic_close(&clinic);
}
END_TEST

// ---- races

START_TEST(two_runs_make_each_invoice_once_and_leave_no_gap)
{
    enum { SUBSCRIPTIONS = 12, INVOICES = SUBSCRIPTIONS * 3 };
    struct clinic clinic;
    struct listing list;
    clinic_open(&clinic);
    for (int i = 0; i < SUBSCRIPTIONS; i++)
        subscribe(&clinic, "{'customer': 'clinic', 'plan': 'imaging', 'start': "
                           "'2026-09-01T12:00:00Z'}");
    pthread_t threads[2];
    struct racing racing[2] = {{.url = clinic.url}, {.url = clinic.url}};
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, bill_in_a_thread, &racing[i]), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert_ok(racing[i].outcome);
        ck_assert_int_eq(racing[i].left, 0);
    }
    ck_assert_int_eq(racing[0].run.drafted + racing[1].run.drafted, INVOICES);
    ck_assert_int_eq(racing[0].run.issued + racing[1].run.issued, INVOICES);

    list_invoices(&clinic, "", "2026-12-10T00:00:00Z", &list);
    bool seen[101] = {false};
    int64_t numbered = 0;
    for (size_t i = 0; i < list.count; i++) {
        int64_t number = 0;
        ck_assert(str_to_i64(str_slice(list.items[i].number, 8, 11), &number));
        ck_assert(number >= 1 && number <= 100 && !seen[number]);
        seen[number] = true;
        numbered++;
    }
    for (int64_t number = 1; number <= numbered; number++)
        ck_assert(seen[number]);
    clinic_close(&clinic);
}
END_TEST

TEST_MAIN("billing", every_statement_fits_the_schema,
          drafts_an_ended_period_and_issues_it_after_its_grace,
          enters_what_it_issues_into_the_ledger,
          an_issue_is_dated_as_its_entry_though_the_clock_went_back,
          a_draft_follows_late_events_and_voids, a_voided_invoice_frees_its_period,
          every_ended_period_of_a_past_start_gets_its_invoice, bills_ahead_on_an_opening_statement,
          a_change_settles_what_was_billed_ahead, unused_days_come_back_after_a_cancellation,
          all_comes_back_after_a_cancellation_at_the_start,
          an_opening_statement_can_be_there_at_once, what_never_began_has_no_statement,
          previews_any_days_of_a_period, two_runs_make_each_invoice_once_and_leave_no_gap)
