// SPDX-License-Identifier: Apache-2.0
// Logs in which what follows an invoice, or reduces one, is right, or is not.
#include "phial/rating/credit.h"
#include "verify_fixture.h"

static struct outcome verify_all(struct built *built)
{
    files_build(built, (struct range){0, built->leaf_count, built->leaf_count, 0});
    return verify_built(built);
}

// A note on the log's invoice as it should be, with the first `from` replaced by `to`.
static void append_note(struct built *built, int64_t place, const char *from, const char *to)
{
    OWNED(json_release)
    json_t *statement = parsed(str_to_c(&built->arena, built->statements[0].bytes));
    struct creditable left = {0};
    struct key_amounts lines = {0};
    json_t *note = NULL;
    struct key_amount line = {STR("reads"), STR("Images read"), {150, CURRENCY_USD}};
    ck_assert_ok(keys_add(&built->arena, &lines, line));
    ck_assert_ok(creditable_open(&built->arena, statement, &left));
    ck_assert_ok(credit_print(&built->arena, &left, &lines, &note));
    size_t second = built->leaf_count;
    set(note, "id", json_from_str(str_printf(&built->arena, "note-%lld", (long long)place)));
    set(note, "number",
        json_from_str(str_printf(&built->arena, "CN-2026-%06lld", (long long)place)));
    set(note, "status", json_string("issued"));
    set(note, "customer", json_string(CUSTOMER));
    set(note, "invoice", json_string("invoice-1"));
    set(note, "invoice_number", json_string("2026-000001"));
    set(note, "reason_code", json_string("goodwill"));
    set(note, "issued_at",
        json_from_str(str_printf(&built->arena, "2026-12-03T10:00:%02zu.000000Z", second)));
    str text = replaced(&built->arena, canonical(&built->arena, note), from, to);
    json_decref(note);
    json_t *changed = parsed(str_to_c(&built->arena, text));
    append_leaf(built, leaf_text(built, "credit_note", json_pack("{s:o}", "credit_note", changed)));
}

static void append_action(struct built *built, const char *members)
{
    append_leaf(built,
                leaf_text(built, "adjustment", json_pack("{s:o}", "adjustment", parsed(members))));
}

#define PAYMENT(id, amount)                                                                     \
    "{\"action\":\"payment\",\"amount\":\"" amount "\",\"at\":\"2026-12-03T00:00:00.000000Z\"," \
    "\"currency\":\"USD\",\"id\":\"" id "\",\"invoice\":\"invoice-1\"}"

START_TEST(takes_notes_and_payments_up_to_what_was_billed)
{
    struct built built;
    log_build(&built, NOTHING_WRONG);
    append_note(&built, 1, "goodwill", "goodwill");
    append_note(&built, 2, "goodwill", "duplicate");
    append_action(&built, PAYMENT("p1", "1.00"));
    append_action(&built,
                  "{\"action\":\"payment_reversal\",\"id\":\"p1\",\"invoice\":\"invoice-1\","
                  "\"reason\":\"bounced\"}");
    append_action(&built, PAYMENT("p2", "1.00"));
    struct outcome outcome = verify_all(&built);
    ck_assert_msg(outcome.verification.faults == 0, "%s", outcome.text);
    built_release(&built);
}
END_TEST

START_TEST(refuses_a_note_that_is_not_what_it_comes_to)
{
    static const struct {
        const char *from;
        const char *to;
        const char *sentence;
    } cases[] = {
        {"\"amount\":\"1.50\"", "\"amount\":\"900.00\"", "it credits more of a key than is left"},
        {"\"amount\":\"1.50\"", "\"amount\":\"-1.50\"", "it credits more of a key than is left"},
        {"\"key\":\"reads\"", "\"key\":\"other\"", "it credits more of a key than is left"},
        {"\"subtotal\":\"1.50\"", "\"subtotal\":\"1.49\"", "its subtotal is not as recounted."},
        {"\"amount\":\"0.12\"", "\"amount\":\"0.13\"", "its tax is not as recounted."},
        {"\"total\":\"1.62\"", "\"total\":\"1.63\"", "its total is not as recounted."},
        {"\"currency\":\"USD\"", "\"currency\":\"EUR\"", "its currency is not as recounted."},
        {"\"subtotal\"", "\"more\":1,\"subtotal\"", "no credit note has a member that it has."},
        {"CN-2026-000001", "2026-000002", "its number is none of the year of its issue."},
        {"CN-2026-000001", "CN-2025-000001", "its number is none of the year of its issue."},
        {"\"invoice-1\"", "\"invoice-2\"", "no entry before it is its invoice."},
        {"\"2026-000001\"", "\"2026-000002\"", "it does not say of its issue what its entry does."},
        {"\"reason_code\":\"goodwill\"",
         "\"corrects\":{\"number\":1,\"subscription\":\"subscription-1\"},\"reason_code\":\"late\"",
         "the credit note cannot be recounted: "},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct built built;
        log_build(&built, NOTHING_WRONG);
        append_note(&built, 1, cases[i].from, cases[i].to);
        struct outcome outcome = verify_all(&built);
        expect(&outcome, cases[i].sentence);
        built_release(&built);
    }
}
END_TEST

START_TEST(refuses_more_than_is_left)
{
    struct built built;
    log_build(&built, NOTHING_WRONG);
    for (int64_t i = 1; i <= 12; i++)
        append_note(&built, i, "goodwill", "goodwill");
    struct outcome outcome = verify_all(&built);
    expect(&outcome, "it credits more of a key than is left of it.");
    built_release(&built);

    log_build(&built, NOTHING_WRONG);
    append_action(&built, PAYMENT("p1", "900.00"));
    outcome = verify_all(&built);
    expect(&outcome, "it pays more than what remained due.");
    built_release(&built);

    log_build(&built, NOTHING_WRONG);
    append_note(&built, 1, "goodwill", "goodwill");
    append_adjustment(&built, "void", "invoice-1", "2026-000001");
    outcome = verify_all(&built);
    expect(&outcome, "its invoice is void.");
    built_release(&built);

    log_build(&built, NOTHING_WRONG);
    append_note(&built, 2, "goodwill", "goodwill");
    append_note(&built, 1, "goodwill", "goodwill");
    outcome = verify_all(&built);
    expect(&outcome, "its number is not above those before it.");
    built_release(&built);
}
END_TEST

// Of discounts and credit that the log has and the invoice does not name, or the other way about.
START_TEST(reductions_stand_in_the_log)
{
    static const struct {
        const char *members;
        const char *sentence; // NULL: they change nothing
    } cases[] = {
        {"{\"action\":\"discount\",\"currency\":\"USD\",\"id\":\"d\",\"percent\":\"10\"}",
         "discounts is 0.00, recounted "},
        {"{\"action\":\"discount\",\"charges\":[\"nothing\"],\"currency\":\"USD\",\"id\":\"d\","
         "\"percent\":\"10\"}",
         NULL},
        {"{\"action\":\"credit\",\"amount\":\"1.00\",\"currency\":\"USD\",\"id\":\"w\","
         "\"paid\":true}",
         "credits is 0.00, recounted 1.00."},
        {"{\"action\":\"credit\",\"amount\":\"1.00\",\"currency\":\"EUR\",\"id\":\"w\","
         "\"paid\":true}",
         NULL},
        {"{\"action\":\"credit\",\"amount\":\"1.00\",\"currency\":\"USD\",\"expires\":"
         "\"2026-12-03T10:00:00.000000Z\",\"id\":\"w\",\"paid\":false}",
         NULL},
        {"{\"action\":\"credit\",\"amount\":\"1.00\",\"currency\":\"USD\",\"id\":\"w\","
         "\"paid\":\"yes\"}",
         "its adjustment has not the members that it must have."},
        {"{\"action\":\"discount\",\"currency\":\"USD\",\"id\":\"d\",\"percent\":\"10\",\"to\":1}",
         "its adjustment has not the members that it must have."},
        {"{\"action\":\"discount\",\"currency\":\"USD\",\"id\":\"d\"}",
         "the invoice cannot be recounted: a discount cannot be read."},
        {"{\"action\":\"payment_reversal\",\"id\":\"p\",\"invoice\":\"invoice-1\"}",
         "it gives no reason."},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct built built;
        log_begin(&built, NOTHING_WRONG);
        append_terms(&built);
        append_events(&built);
        append_action(&built, cases[i].members);
        append_invoice(&built,
                       (struct invoicing){.id = "invoice-1", .number = "2026-000001", .period = 1});
        struct outcome outcome = verify_all(&built);
        if (cases[i].sentence == NULL)
            ck_assert_msg(outcome.verification.faults == 0, "%s", outcome.text);
        else
            expect(&outcome, cases[i].sentence);
        built_release(&built);
    }
}
END_TEST

// An event of the invoice's period that comes after it: the next invoice must bill it.
START_TEST(late_usage_is_not_forgotten)
{
    struct built built;
    log_build(&built, NOTHING_WRONG);
    append_leaf(&built, event_leaf(&built, "event-later", "2026-11-20T12:00:00.000000Z"));
    append_invoice(&built,
                   (struct invoicing){.id = "invoice-0", .number = "2026-000002", .period = 0});
    struct outcome outcome = verify_all(&built);
    expect(&outcome, "it has 0 lines, recounted 1.");
    built_release(&built);
}
END_TEST

TEST_MAIN("verify_settlement", takes_notes_and_payments_up_to_what_was_billed,
          refuses_a_note_that_is_not_what_it_comes_to, refuses_more_than_is_left,
          reductions_stand_in_the_log, late_usage_is_not_forgotten)
