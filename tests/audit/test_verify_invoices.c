// SPDX-License-Identifier: Apache-2.0
// Logs whose invoices are wrong, or right, by what their operator did with every key in hand.
#include "verify_fixture.h"

static struct outcome verify_all(struct built *built)
{
    files_build(built, (struct range){0, built->leaf_count, built->leaf_count, 0});
    return verify_built(built);
}

START_TEST(refuses_an_invoice_that_was_not_issued_like_this)
{
    static const struct {
        const char *from;
        const char *to;
        const char *sentence;
    } cases[] = {
        {"\"status\":\"issued\"", "\"status\":\"paid\"", "its status is not issued."},
        {"\"status\":\"issued\"", "\"status\":\"void\"", "its status is not issued."},
        {"2026-000001", "2025-000001", "its number is none of the year of its issue."},
        {"2026-000001", "2026-00001", "its number is none of the year of its issue."},
        {"2026-000001", "2026-0000001", "its number is none of the year of its issue."},
        {"2026-000001", "2026-000000", "its number is none of the year of its issue."},
        {"2026-000001", "2026--00001", "its number is none of the year of its issue."},
        {"2026-000001", "free", "its number is none of the year of its issue."},
        {"10:00:14.000000Z\",\"led", "10:00:13.000000Z\",\"led",
         "its issued_at is not its entry's"},
        {"10:00:14.000000Z\",\"led", "10:00:14Z\",\"led", "its issued_at is not its entry's time."},
        {"\"2027-01-02T10:00:14.000000Z\"", "null", "it is not due at or after its issue."},
        {"2027-01-02T10:00:14.000000Z", "2027-01-02T10:00:14Z", "it is not due at or after"},
        {"2027-01-02T10:00:14.000000Z", "2026-12-02T10:00:14.000000Z", "it is not due at or after"},
        {"\"end\":\"2026-12-01T05:00:00.000000Z\",\"num",
         "\"end\":\"2026-12-05T05:00:00.000000Z\",\"num",
         "it was issued before its period had ended."},
        {"\"invoice-1\"", "\"\"", "it has no id."},
        {"\"invoice-1\"", "7", "it has no id."},
        {"\"lines\":", "\"payment_status\":\"paid\",\"lines\":",
         "no invoice has a member payment_status."},
        {"\"lines\":", "\"exempt_reason\":\"\",\"lines\":",
         "no invoice has a member exempt_reason."},
        {"\"lines\":", "\"discount\":\"5.00\",\"lines\":", "no invoice has a member discount."},
        {"\"ledger\":{", "\"ledger\":{\"at\":1,", "its ledger is not a customer, size and root."},
        {"\"size\":14", "\"size\":13", "it was not computed on every entry before it."},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct built built;
        log_begin(&built, NOTHING_WRONG);
        log_build_changed(&built, cases[i].from, cases[i].to);
        struct outcome outcome = verify_all(&built);
        expect(&outcome, str_printf(&built.arena, "Entry 14: %s", cases[i].sentence).ptr);
        ck_assert_ptr_null(strstr(outcome.text, "The root of"));
        built_release(&built);
    }
}
END_TEST

static void append_second(struct built *built, const char *id, const char *number)
{
    append_invoice(built, (struct invoicing){.id = id, .number = number, .period = 1});
}

START_TEST(takes_a_second_invoice_of_a_period_whose_first_was_voided)
{
    struct built built;
    log_build(&built, NOTHING_WRONG);
    append_adjustment(&built, "void", "invoice-1", "2026-000001");
    struct outcome outcome = verify_all(&built);
    ck_assert_str_eq(outcome.text, "");
    append_second(&built, "invoice-2", "2026-000007"); // between them those of others
    append_adjustment(&built, "void", "invoice-2", "2026-000007");
    append_second(&built, "invoice-3", "2026-1000000");
    outcome = verify_all(&built);
    ck_assert_str_eq(outcome.text, "");
    ck_assert_int_eq(outcome.verification.invoices, 3);
    built_release(&built);
}
END_TEST

START_TEST(refuses_two_invoices_of_one_period)
{
    struct built built;
    log_build(&built, NOTHING_WRONG);
    append_second(&built, "invoice-2", "2026-000002");
    struct outcome outcome = verify_all(&built);
    expect(&outcome, "Entries 14 and 16 are invoices of one period.");
    ck_assert_int_eq(outcome.verification.faults, 1);

    append_adjustment(&built, "void", "invoice-1", "2026-000001"); // too late
    outcome = verify_all(&built);
    expect(&outcome, "Entries 14 and 16 are invoices of one period.");
    built_release(&built);
}
END_TEST

START_TEST(refuses_invoices_that_share_an_id_or_whose_numbers_do_not_rise)
{
    static const struct {
        const char *id;
        const char *number;
        const char *sentence;
    } cases[] = {
        {"invoice-2", "2026-000001", "Entry 17: its number is not above those before it."},
        {"invoice-1", "2026-000002", "Entries 14 and 17 are invoices with one id."},
        {"invoice-2", "2026-000000", "Entry 17: its number is not above those before it."},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct built built;
        log_build(&built, NOTHING_WRONG);
        append_adjustment(&built, "void", "invoice-1", "2026-000001");
        append_second(&built, cases[i].id, cases[i].number);
        struct outcome outcome = verify_all(&built);
        expect(&outcome, cases[i].sentence);
        built_release(&built);
    }
}
END_TEST

START_TEST(refuses_a_void_of_what_does_not_stand)
{
    static const struct {
        const char *action;
        const char *invoice;
        const char *number;
        const char *sentence;
    } cases[] = {
        {"undo", "invoice-1", "2026-000001", "Entry 16: its adjustment is none that there is."},
        {"void", "invoice-2", "2026-000001", "Entry 16 voids an invoice that no entry before it"},
        {"void", "", "2026-000001", "Entry 16 voids an invoice that no entry before it is."},
        {"void", "invoice-1", "2026-000002", "Entry 16 voids an invoice under another number."},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct built built;
        log_build(&built, NOTHING_WRONG);
        append_adjustment(&built, cases[i].action, cases[i].invoice, cases[i].number);
        struct outcome outcome = verify_all(&built);
        expect(&outcome, cases[i].sentence);
        built_release(&built);
    }
    struct built built;
    log_build(&built, NOTHING_WRONG);
    append_adjustment(&built, "void", "invoice-1", "2026-000001");
    append_adjustment(&built, "void", "invoice-1", "2026-000001");
    struct outcome outcome = verify_all(&built);
    expect(&outcome, "Entry 17 voids an invoice that was voided before.");
    files_build(&built, (struct range){15, 17, 18, 0}); // without the invoice
    outcome = verify_built(&built);
    expect(&outcome, "Entry 16 voids an invoice that no entry before it is.");
    built_release(&built);
}
END_TEST

START_TEST(refuses_an_adjustment_of_another_form)
{
    static const char *const forms[] = {
        "{\"adjustment\":{\"action\":\"void\",\"invoice\":\"invoice-1\",\"number\":\"2026-000001\","
        "\"reason\":\"\"}}",
        "{\"adjustment\":{\"action\":\"void\",\"invoice\":\"invoice-1\",\"number\":\"2026-000001\"}}",
        "{\"adjustment\":{\"action\":\"void\",\"invoice\":\"invoice-1\",\"number\":1,"
        "\"reason\":\"x\"}}",
        "{\"adjustment\":{\"action\":\"void\",\"amount\":\"1\",\"invoice\":\"invoice-1\","
        "\"number\":\"2026-000001\",\"reason\":\"x\"}}",
        "{\"adjustment\":{\"action\":\"void\",\"invoice\":\"invoice-1\",\"number\":\"2026-000001\","
        "\"reason\":\"x\"},\"more\":1}",
        "{\"adjustment\":\"void\"}",
    };
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        struct built built;
        log_build(&built, NOTHING_WRONG);
        append_leaf(&built, leaf_text(&built, "adjustment", parsed(forms[i])));
        struct outcome outcome = verify_all(&built);
        expect(&outcome, "Entry 16: ");
        built_release(&built);
    }
}
END_TEST

// The opening statement bills a whole month ahead; then the subscription is ended within it. The
// first period's invoice gives back half of the fee if the opening statement stands.
static struct outcome verify_settled(bool voided, bool settled)
{
    struct built built;
    log_begin(&built, NOTHING_WRONG);
    built.advance = true;
    append_terms(&built);
    append_invoice(&built, (struct invoicing){.id = "opening", .number = "2026-000001"});
    if (voided)
        append_adjustment(&built, "void", "opening", "2026-000001");
    built.end = "2026-11-16T05:00:00.000000Z";
    append_subscription(&built);
    OWNED(json_release) json_t *opening = parsed(str_to_c(&built.arena, built.statements[0].bytes));
    append_invoice(&built, (struct invoicing){.id = "first",
                                              .number = settled ? "CN-2026-000001" : "2026-000002",
                                              .note = settled,
                                              .period = 1,
                                              .before = settled ? opening : NULL});
    struct outcome outcome = verify_all(&built);
    ck_assert((strstr(built.statements[1].bytes.ptr, "\"-5.00\"") != NULL) == settled);
    outcome.text = strstr(outcome.text, "recounted") == NULL ? "" : "recounted";
    built_release(&built);
    return outcome;
}

START_TEST(settles_with_the_statement_that_stood_and_no_other)
{
    struct outcome outcome = verify_settled(false, true);
    ck_assert_int_eq(outcome.verification.faults, 0);
    outcome = verify_settled(true, false);
    ck_assert_int_eq(outcome.verification.faults, 0);
    outcome = verify_settled(false, false);
    expect(&outcome, "recounted");
    outcome = verify_settled(true, true);
    expect(&outcome, "recounted");
}
END_TEST

TEST_MAIN("verify_invoices", refuses_an_invoice_that_was_not_issued_like_this,
          takes_a_second_invoice_of_a_period_whose_first_was_voided,
          refuses_two_invoices_of_one_period,
          refuses_invoices_that_share_an_id_or_whose_numbers_do_not_rise,
          refuses_a_void_of_what_does_not_stand, refuses_an_adjustment_of_another_form,
          settles_with_the_statement_that_stood_and_no_other)
