// SPDX-License-Identifier: Apache-2.0
// Credit notes and payments, each against its invoice: what it says of money is computed again, and
// nothing is credited or paid beyond what was billed.
#include "phial/rating/credit.h"
#include "phial/util/array.h"
#include "verify_settlement.h"
#include "verify_terms.h"

#include <string.h>

static str text_at(const json_t *object, const char *name)
{
    return json_str(json_object_get(object, name));
}

// A note or a payment, and the invoice that it is on.
struct settling {
    struct exported *exported;
    const struct exported_document *document;
    const struct exported_document *invoice;
    struct arena *arena; // for this one alone
};

static void wrong(const struct settling *settling, const char *what)
{
    fault(settling->exported->report, "Entry %lld: %s.", (long long)settling->document->index,
          what);
}

static bool is_note_on(const struct exported_document *document, str invoice, int64_t size)
{
    return document->kind == ENTRY_credit_note && document->index < size &&
           !is_statement(document) && str_eq(text_at(document->body, "invoice"), invoice);
}

// What earlier notes left of the invoice.
static result open_left(const struct settling *settling, struct creditable *left)
{
    const struct exported *exported = settling->exported;
    str invoice = text_at(settling->invoice->body, "id");
    TRY(creditable_open(settling->arena, settling->invoice->body, left));
    for (size_t i = 0; i < exported->document_count; i++) {
        if (is_note_on(&exported->documents[i], invoice, settling->document->index))
            TRY(creditable_take(settling->arena, exported->documents[i].body, left));
    }
    return OK;
}

static result read_lines(const struct settling *settling, const struct creditable *left,
                         struct key_amounts *lines)
{
    const json_t *list = json_object_get(settling->document->body, "lines");
    money sum = {0};
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        struct key_amount line = {.key = text_at(item, "key"), .name = text_at(item, "name")};
        TRY(money_parse(text_at(item, "amount"), left->currency, &line.amount));
        if (line.amount.minor <= 0 || line.amount.minor > creditable_key(left, line.key).minor)
            wrong(settling, "it credits more of a key than is left of it");
        TRY(keys_add(settling->arena, lines, line));
    }
    TRY(keys_sum(lines, left->currency, &sum));
    if (lines->count != json_array_size(list) || lines->count == 0)
        wrong(settling, "its lines have not one key each");
    if (sum.minor > left->base.minor)
        wrong(settling, "it credits more than is left of its invoice");
    return OK;
}

// The statement of the period that a note corrects, as it stood then.
static const struct exported_document *find_corrected(const struct settling *settling)
{
    const struct exported *exported = settling->exported;
    const json_t *corrects = json_object_get(settling->document->body, "corrects");
    for (size_t i = 0; i < exported->document_count; i++) {
        const struct exported_document *document = &exported->documents[i];
        const json_t *period = json_object_get(document->body, "period");
        if (stands_at(document, settling->document->index) &&
            json_equal(json_object_get(period, "number"), json_object_get(corrects, "number")) &&
            str_eq(text_at(document->body, "subscription"), text_at(corrects, "subscription")))
            return document;
    }
    return NULL;
}

static bool same_amounts(const struct key_amounts *a, const struct key_amounts *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; i < a->count && same; i++)
        same = str_eq(a->items[i].key, b->items[i].key) &&
               a->items[i].amount.minor == b->items[i].amount.minor;
    return same;
}

// A note for usage that went or changed credits just that, as far as its invoice goes.
static result check_corrected(const struct settling *settling, const struct creditable *left,
                              const struct key_amounts *lines)
{
    struct subscription_terms terms = {0};
    struct open_difference open = {0};
    struct owed_back owed = {0};
    struct key_amounts most = {0};
    const struct exported_document *statement = find_corrected(settling);
    if (statement == NULL)
        return FAIL(VERIFICATION_FAILED, "the period that it corrects has no statement");
    TRY(terms_read(settling->arena, settling->exported, statement->body, settling->document->index,
                   &terms));
    TRY(difference_read(settling->arena, settling->exported, &terms, statement,
                        settling->document->index, &open));
    if (open.sum.minor >= 0)
        return FAIL(VERIFICATION_FAILED, "nothing of the period that it corrects was owed back");
    TRY(owed_back_read(settling->arena, &open.keys, open.sum, &owed));
    TRY(creditable_owed(settling->arena, left, &owed, &most));
    owed.any_key = most.count == 0;
    TRY(creditable_owed(settling->arena, left, &owed, &most));
    if (!same_amounts(&most, lines))
        wrong(settling, "it does not credit what its period is off by");
    return OK;
}

// What credit_print does not give a note.
static bool is_of_note(const char *name)
{
    static const char *const members[] = {"id",       "number",         "status",      "customer",
                                          "invoice",  "invoice_number", "reason_code", "reason",
                                          "corrects", "issued_at"};
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        if (strcmp(name, members[i]) == 0)
            return true;
    }
    return false;
}

static void compare(const struct settling *settling, const json_t *made)
{
    const char *name = NULL;
    json_t *value = NULL;
    const json_t *body = settling->document->body;
    json_object_foreach(json_iterable(made), name, value)
    {
        if (!json_equal(json_object_get(body, name), value))
            fault(settling->exported->report, "Entry %lld: its %s is not as recounted.",
                  (long long)settling->document->index, name);
    }
    json_object_foreach(json_iterable(body), name, value)
    {
        if (!is_of_note(name) && json_object_get(made, name) == NULL)
            wrong(settling, "no credit note has a member that it has");
    }
}

static result recount_note(const struct settling *settling)
{
    OWNED(json_release) json_t *made = NULL;
    struct creditable left = {0};
    struct key_amounts lines = {0};
    TRY(open_left(settling, &left));
    TRY(read_lines(settling, &left, &lines));
    TRY(credit_print(settling->arena, &left, &lines, &made));
    compare(settling, made);
    if (json_object_get(settling->document->body, "corrects") != NULL)
        return check_corrected(settling, &left, &lines);
    return OK;
}

static void check_note(const struct settling *settling)
{
    const struct exported_document *note = settling->document;
    struct arena *arena = settling->arena;
    if (!is_number_of(arena, true, text_at(note->body, "number"), note->at))
        wrong(settling, "its number is none of the year of its issue");
    if (text_at(note->body, "id").len == 0 ||
        !str_eq(text_at(note->body, "status"), STR("issued")) ||
        !str_eq(text_at(note->body, "issued_at"), instant_print_canonical(arena, note->at)) ||
        !str_eq(text_at(note->body, "customer"), settling->exported->customer) ||
        !str_eq(text_at(note->body, "invoice_number"), text_at(settling->invoice->body, "number")))
        wrong(settling, "it does not say of its issue what its entry does");
    if (settling->invoice->voided_by != NEVER)
        wrong(settling, "its invoice is void");
    result done = recount_note(settling);
    if (done.code == ERR_ENTRY_REMOVED)
        limit(settling->exported->report, "Entry %lld: the credit note cannot be recounted: %s.",
              (long long)note->index, done.detail);
    else if (failed(done))
        fault(settling->exported->report, "Entry %lld: the credit note cannot be recounted: %s.",
              (long long)note->index, done.detail);
}

// ---- payments

static bool is_action(const struct exported_document *document, const char *action)
{
    return document->kind == ENTRY_adjustment &&
           str_eq(text_at(document->body, "action"), str_from(action));
}

static bool is_reversed(const struct exported *exported, str id, int64_t size)
{
    for (size_t i = 0; i < exported->document_count; i++) {
        const struct exported_document *document = &exported->documents[i];
        if (document->index < size && is_action(document, "payment_reversal") &&
            str_eq(text_at(document->body, "id"), id))
            return true;
    }
    return false;
}

static result subtract(const json_t *body, const char *member, money *left)
{
    money amount = {0};
    TRY(money_parse(text_at(body, member), left->currency, &amount));
    return money_sub(*left, amount, left);
}

// What remained due before a payment.
static result read_remaining(const struct settling *settling, money *left)
{
    const struct exported *exported = settling->exported;
    int64_t size = settling->document->index;
    str invoice = text_at(settling->invoice->body, "id");
    TRY(currency_parse(text_at(settling->invoice->body, "currency"), &left->currency));
    TRY(money_parse(text_at(settling->invoice->body, "amount_due"), left->currency, left));
    for (size_t i = 0; i < exported->document_count; i++) {
        const struct exported_document *document = &exported->documents[i];
        if (is_note_on(document, invoice, size))
            TRY(subtract(document->body, "total", left));
        if (document->index < size && is_action(document, "payment") &&
            str_eq(text_at(document->body, "invoice"), invoice) &&
            !is_reversed(exported, text_at(document->body, "id"), size))
            TRY(subtract(document->body, "amount", left));
    }
    return OK;
}

static void check_payment(const struct settling *settling)
{
    money left = {0};
    money amount = {0};
    result read = read_remaining(settling, &left);
    if (!failed(read))
        read = money_parse(text_at(settling->document->body, "amount"), left.currency, &amount);
    if (failed(read))
        wrong(settling, "its payment cannot be recounted");
    else if (amount.minor <= 0 || amount.minor > left.minor)
        wrong(settling, "it pays more than what remained due");
    if (settling->invoice->voided_by != NEVER &&
        !is_reversed(settling->exported, text_at(settling->document->body, "id"),
                     settling->invoice->voided_by))
        wrong(settling, "it pays an invoice that is void");
}

void verify_notes(struct exported *exported, const struct invoice_entries *entries)
{
    for (size_t i = 0; i < exported->document_count; i++) {
        const struct exported_document *document = &exported->documents[i];
        bool note = document->kind == ENTRY_credit_note && !is_statement(document);
        struct arena arena = {0};
        if (document->carried || (!note && !is_action(document, "payment")))
            continue;
        const struct invoice_entry *found =
            invoice_entry_find(entries, text_at(document->body, "invoice"));
        struct settling settling = {.exported = exported, .document = document, .arena = &arena};
        if (found == NULL || found->document->index > document->index) {
            wrong(&settling, "no entry before it is its invoice");
            continue;
        }
        settling.invoice = found->document;
        if (note)
            check_note(&settling);
        else
            check_payment(&settling);
        arena_reset(&arena);
    }
}
