// SPDX-License-Identifier: Apache-2.0
// /v1/credit-notes
#include "approvals.h"
#include "page.h"
#include "phial/invoicing/settlement.h"
#include "representation.h"
#include "states.h"

struct note_question {
    const struct request *request;
    str id;
    struct credit_note note;
};

result state_credit_note(struct db_tx *tx, const struct request *request, str id, json_t **json)
{
    struct credit_note note = {0};
    (void)request;
    TRY(credit_note_get(tx, id, &note));
    return credit_note_json(&note, json);
}

struct note_list {
    struct page *page;
    str customer;
};

static result add_note(void *context, const struct credit_note *note)
{
    struct note_list *list = context;
    json_t *row = NULL;
    TRY(credit_note_json(note, &row));
    return page_add(list->page, note->id, row);
}

static result list_notes(struct db_tx *tx, void *context)
{
    struct note_list *list = context;
    struct settlement_filter filter = {0, list->page->after, page_rows_wanted(list->page)};
    page_clear(list->page);
    TRY(caller_narrow(tx, list->page->request, list->customer, &filter.customer_id));
    return credit_note_each(tx, &filter, add_note, list);
}

result get_credit_notes(const struct request *request, struct reply *reply)
{
    OWNED(page_release) struct page page = {0};
    TRY(page_open(request, "customer", &page));
    struct note_list list = {.page = &page, .customer = STR("")};
    (void)http_parameter(request, "customer", &list.customer);
    TRY(db_transact(request->db, request->arena, list_notes, &list));
    return page_reply(&page, reply);
}

static result reply_note(const struct note_question *question, struct reply *reply, int status)
{
    json_t *json = NULL;
    TRY(credit_note_json(&question->note, &json));
    return reply_tagged(question->request, reply, status, json);
}

static result record_whose(const struct request *request, const struct credit_note *note)
{
    OWNED(json_release) json_t *document = NULL;
    TRY(json_parse(note->document, &document));
    str customer = json_str(json_object_get(document, "customer"));
    record_customer(request, str_copy(request->arena, customer));
    return OK;
}

static result make(struct db_tx *tx, void *context)
{
    struct note_question *question = context;
    const struct request *request = question->request;
    TRY(credit_note_make(tx, document_of(request), bound_customer(request),
                         &caller_of(request)->change, &question->note));
    record_made(request, question->note.id);
    return record_whose(request, &question->note);
}

result approved_credit_note_above(struct db_tx *tx, const struct request *request, json_t **outcome)
{
    struct note_question question = {.request = request};
    OWNED(json_release) json_t *note = NULL;
    TRY(make(tx, &question));
    TRY(json_parse(question.note.document, &note));
    *outcome =
        json_pack("{s:O, s:O, s:O, s:O}", "customer", json_object_get(note, "customer"), "invoice",
                  json_object_get(note, "invoice"), "currency", json_object_get(note, "currency"),
                  "total", json_object_get(note, "total"));
    return *outcome == NULL ? FAIL(INTERNAL, "a credit note lacks a member") : OK;
}

result post_credit_notes(const struct request *request, struct reply *reply)
{
    struct note_question question = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(caller_has_reason(request));
    TRY(document_required(request));
    TRY(approval_ask(request, reply, APPROVAL_credit_note_above));
    if (reply->status != 0)
        return OK;
    TRY(db_transact(request->db, request->arena, make, &question));
    http_reply_header(
        reply, "Location",
        str_printf(request->arena, "/v1/credit-notes/%" STR_FMT, STR_ARG(question.note.id)));
    return reply_note(&question, reply, 201);
}

static result find(struct db_tx *tx, void *context)
{
    struct note_question *question = context;
    TRY(credit_note_get(tx, question->id, &question->note));
    int64_t bound = bound_customer(question->request);
    if (bound != 0 && bound != question->note.customer_id)
        return FAIL(NOT_FOUND, "No such resource.");
    return record_whose(question->request, &question->note);
}

struct note_reading {
    struct note_question question;
    json_t *note;
    json_t *customer;
};

static void reading_release(struct note_reading *reading)
{
    json_release(&reading->note);
    json_release(&reading->customer);
}

// A note is shown with the period of the invoice that it corrects; it holds its number alone.
static result add_period(struct db_tx *tx, json_t *note)
{
    OWNED(json_release) json_t *statement = NULL;
    struct invoice invoice = {0};
    if (json_object_get(note, "period") != NULL)
        return OK;
    TRY(invoice_get(tx, json_str(json_object_get(note, "invoice")), &invoice));
    TRY(invoice_statement(tx, &invoice, (instant){0}, &statement));
    json_t *period = json_object_get(statement, "period");
    return period == NULL || json_object_set(note, "period", period) == 0
               ? OK
               : FAIL(INTERNAL, "a credit note's period cannot be set");
}

static result read_bill(struct db_tx *tx, void *context)
{
    struct note_reading *reading = context;
    TRY(find(tx, &reading->question));
    reading_release(reading);
    reading->note = NULL;
    reading->customer = NULL;
    TRY(credit_note_json(&reading->question.note, &reading->note));
    TRY(add_period(tx, reading->note));
    return representation_customer(tx, reading->note, &reading->customer);
}

result get_credit_notes_id(const struct request *request, struct reply *reply)
{
    OWNED(reading_release) struct note_reading reading = {.question = {.request = request}};
    enum media media = MEDIA_NONE;
    TRY(http_parameters_known(request, ""));
    TRY(representation_choose(request, request->args[0], &reading.question.id, &media));
    http_reply_header(reply, "Vary", STR("Accept"));
    TRY(db_transact(request->db, request->arena, read_bill, &reading));
    if (media == MEDIA_JSON)
        return reply_note(&reading.question, reply, 200);
    struct representation what = {BILL_CREDIT_NOTE, media, reading.note, reading.customer};
    return representation_reply(request, reply, &what);
}
