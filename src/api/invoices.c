// SPDX-License-Identifier: Apache-2.0
// /v1/invoices
#include "accept.h"
#include "approvals.h"
#include "invoice_caller.h"
#include "page.h"
#include "phial/invoicing/settlement.h"
#include "representation.h"
#include "states.h"

static json_t *describe(const struct request *request, const struct invoice *invoice)
{
    json_t *period =
        json_pack("{s:o, s:o, s:I}", "start", json_instant_text(request, invoice->period_start),
                  "end", json_instant_text(request, invoice->period_end), "number",
                  (json_int_t)invoice->period_number);
    json_t *number = invoice->number.len == 0 ? json_null() : json_from_str(invoice->number);
    json_t *total = invoice->total.len == 0 ? json_null() : json_from_str(invoice->total);
    json_t *paid = invoice->payment_status.len == 0 ? NULL : json_from_str(invoice->payment_status);
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o*, s:o, s:o}", "id",
                     json_from_str(invoice->id), "number", number, "customer",
                     json_from_str(invoice->customer), "subscription",
                     json_from_str(invoice->subscription), "period", period, "status",
                     json_from_str(invoice->status), "payment_status", paid, "currency",
                     json_from_str(invoice->currency), "total", total);
}

// A list's row of it: the statement is in the ledger, and its hash is enough here.
result state_invoice(struct db_tx *tx, const struct request *request, str id, json_t **json)
{
    struct invoice_marks marks = {0};
    TRY(invoice_marks_get(tx, id, &marks));
    OWNED(json_release) json_t *root = describe(request, &marks.invoice);
    OWNED(json_release)
    json_t *more = json_pack(
        "{s:o*, s:o*, s:o*, s:o*}", "due_at",
        marks.has_due ? json_instant_text(request, marks.due_at) : NULL, "voided_at",
        marks.has_voided ? json_instant_text(request, marks.voided_at) : NULL, "statement_sha256",
        marks.statement_sha256.len == 0 ? NULL : json_from_str(marks.statement_sha256),
        "released_index",
        marks.has_released ? json_integer((json_int_t)marks.released_index) : NULL);
    if (more == NULL || json_object_update(root, more) != 0)
        return FAIL(INTERNAL, "out of memory");
    *json = json_incref(root);
    return OK;
}

struct invoice_list {
    struct page *page;
    str customer;
    struct invoice_filter filter;
};

static result add_invoice(void *context, const struct invoice *invoice)
{
    struct invoice_list *list = context;
    return page_add(list->page, invoice->id, describe(list->page->request, invoice));
}

static result list_invoices(struct db_tx *tx, void *context)
{
    struct invoice_list *list = context;
    const struct request *request = list->page->request;
    page_clear(list->page);
    TRY(caller_narrow(tx, request, list->customer, &list->filter.customer_id));
    return invoice_each(tx, &list->filter, caller_of(request)->change.now, add_invoice, list);
}

static bool status_known(str status)
{
    return status.len == 0 || str_eq(status, STR("draft")) || str_eq(status, STR("issued")) ||
           str_eq(status, STR("void"));
}

result get_invoices(const struct request *request, struct reply *reply)
{
    OWNED(page_release) struct page page = {0};
    TRY(page_open(request, "customer status from to", &page));
    struct invoice_list list = {
        .page = &page,
        .customer = STR(""),
        .filter = {.status = STR(""), .after = page.after, .limit = page_rows_wanted(&page)},
    };
    (void)http_parameter(request, "customer", &list.customer);
    (void)http_parameter(request, "status", &list.filter.status);
    if (!status_known(list.filter.status))
        return FAIL(BAD_PARAMETER, "status is draft, issued or void.");
    TRY(parameter_instant(request, "from", &list.filter.has_from, &list.filter.from));
    TRY(parameter_instant(request, "to", &list.filter.has_to, &list.filter.to));
    TRY(db_transact(request->db, request->arena, list_invoices, &list));
    return page_reply(&page, reply);
}

struct invoice_question {
    const struct request *request;
    str id;
    struct invoice invoice;
    json_t *statement;
    json_t *customer; // as of then
};

static void question_release(struct invoice_question *question)
{
    json_release(&question->customer);
    json_release(&question->statement);
}

result caller_invoice(struct db_tx *tx, const struct request *request, str id,
                      struct invoice *invoice)
{
    struct invoice found = {0};
    TRY(invoice_get(tx, id, &found));
    if (bound_customer(request) != 0 && bound_customer(request) != found.customer_id)
        return FAIL(NOT_FOUND, "No such resource.");
    record_customer(request, found.customer);
    *invoice = found;
    return OK;
}

static result find_invoice(struct db_tx *tx, struct invoice_question *question)
{
    return caller_invoice(tx, question->request, question->id, &question->invoice);
}

static result read_statement(struct db_tx *tx, void *context)
{
    struct invoice_question *question = context;
    TRY(find_invoice(tx, question));
    json_release(&question->statement);
    return invoice_statement(tx, &question->invoice, caller_of(question->request)->change.now,
                             &question->statement);
}

static result read_bill(struct db_tx *tx, void *context)
{
    struct invoice_question *question = context;
    TRY(read_statement(tx, question));
    json_release(&question->customer);
    return representation_customer(tx, question->statement, &question->customer);
}

result get_invoices_invoice(const struct request *request, struct reply *reply)
{
    OWNED(question_release) struct invoice_question question = {.request = request};
    enum media media = MEDIA_NONE;
    TRY(http_parameters_known(request, ""));
    TRY(representation_choose(request, request->args[0], &question.id, &media));
    http_reply_header(reply, "Vary", STR("Accept"));
    TRY(db_transact(request->db, request->arena, media == MEDIA_JSON ? read_statement : read_bill,
                    &question));
    if (media == MEDIA_JSON)
        return reply_tagged(request, reply, 200, json_incref(question.statement));
    struct representation what = {BILL_INVOICE, media, question.statement, question.customer};
    return representation_reply(request, reply, &what);
}

static result issue(struct db_tx *tx, void *context)
{
    struct invoice_question *question = context;
    const struct change *change = &caller_of(question->request)->change;
    TRY(find_invoice(tx, question));
    TRY(invoice_issue(tx, question->id, change, &question->invoice));
    return read_statement(tx, context);
}

static result void_issued(struct db_tx *tx, void *context)
{
    struct invoice_question *question = context;
    const struct change *change = &caller_of(question->request)->change;
    TRY(find_invoice(tx, question));
    TRY(invoice_void(tx, question->id, change, &question->invoice));
    return read_statement(tx, context);
}

static result reply_changed(const struct request *request, struct reply *reply,
                            result (*work)(struct db_tx *, void *))
{
    OWNED(question_release)
    struct invoice_question question = {.request = request, .id = request->args[0]};
    OWNED(json_release) json_t *document = NULL;
    TRY(http_parameters_known(request, ""));
    if (!json_read(document_optional(request, &document), (struct json_fields){NULL, 0}))
        return faults_result(request->faults);
    TRY(db_transact(request->db, request->arena, work, &question));
    return reply_tagged(request, reply, 200, json_incref(question.statement));
}

result post_invoices_invoice_issue(const struct request *request, struct reply *reply)
{
    return reply_changed(request, reply, issue);
}

result approved_invoice_void(struct db_tx *tx, const struct request *request, json_t **outcome)
{
    OWNED(question_release)
    struct invoice_question question = {.request = request, .id = request->args[0]};
    TRY(void_issued(tx, &question));
    const struct invoice *invoice = &question.invoice;
    *outcome = json_pack("{s:o, s:o, s:o, s:o, s:o}", "customer", json_from_str(invoice->customer),
                         "invoice", json_from_str(invoice->id), "number",
                         json_from_str(invoice->number), "currency",
                         json_from_str(invoice->currency), "total", json_from_str(invoice->total));
    return *outcome == NULL ? FAIL(INTERNAL, "out of memory") : OK;
}

result post_invoices_invoice_void(const struct request *request, struct reply *reply)
{
    TRY(caller_has_reason(request));
    TRY(http_parameters_known(request, ""));
    TRY(approval_ask(request, reply, APPROVAL_invoice_void));
    if (reply->status != 0)
        return OK;
    return reply_changed(request, reply, void_issued);
}

static result release_late(struct db_tx *tx, void *context)
{
    struct invoice_question *question = context;
    TRY(find_invoice(tx, question));
    TRY(late_release(tx, question->id, &caller_of(question->request)->change));
    return read_statement(tx, context);
}

result post_invoices_invoice_release(const struct request *request, struct reply *reply)
{
    TRY(caller_has_reason(request));
    return reply_changed(request, reply, release_late);
}

enum { SUBSCRIPTIONS_MAX = 1000 };

struct preview {
    const struct request *request;
    str customer;
    str subscription;
    instant at;
    bool has_period; // then these, not `at`
    instant start;
    instant end;
    size_t subscriptions; // of the customer
    size_t running;       // then
    str one;              // of those running, or of all
    json_t *statement;
};

static void preview_release(struct preview *preview)
{
    json_release(&preview->statement);
}

static result count_subscription(void *context, const struct subscription *subscription)
{
    struct preview *preview = context;
    instant first = preview->has_period ? preview->start : preview->at;
    instant last = preview->has_period ? (instant){preview->end.us - 1} : preview->at;
    bool runs = subscription->start.us <= last.us &&
                (!subscription->has_end || subscription->end.us > first.us);
    preview->running += runs;
    if (preview->subscriptions++ == 0 || (runs && preview->running == 1))
        preview->one = str_copy(preview->request->arena, subscription->id);
    return OK;
}

// A customer stands for its subscription as long as only one runs then, or there is only one.
static result find_subscription(struct db_tx *tx, struct preview *preview, struct json_at document)
{
    const struct request *request = preview->request;
    struct subscription subscription = {0};
    struct customer customer = {0};
    instant now = caller_of(request)->change.now;
    if (preview->customer.len != 0) {
        TRY(caller_customer(tx, request, preview->customer, &customer));
        preview->subscriptions = 0;
        preview->running = 0;
        struct subscription_filter filter = {customer.id, STR(""), SUBSCRIPTIONS_MAX, now, false};
        TRY(subscription_each(tx, &filter, count_subscription, preview));
        if (preview->running != 1 && preview->subscriptions != 1)
            json_wrong(document, "invalid",
                       "The customer does not have exactly one subscription then: name it.");
        preview->subscription = preview->one;
        return faults_result(document.faults);
    }
    TRY(subscription_get(tx, preview->subscription, now, &subscription));
    if (bound_customer(request) != 0 && bound_customer(request) != subscription.customer_id)
        return FAIL(NOT_FOUND, "No such resource.");
    record_customer(request, subscription.customer);
    return OK;
}

static result compute_preview(struct db_tx *tx, void *context)
{
    struct preview *preview = context;
    instant now = caller_of(preview->request)->change.now;
    TRY(find_subscription(tx, preview, document_of(preview->request)));
    json_release(&preview->statement);
    if (preview->has_period)
        return invoice_preview_stretch(tx, preview->subscription, preview->start, preview->end, now,
                                       &preview->statement);
    return invoice_preview(tx, preview->subscription, preview->at, now, &preview->statement);
}

static void read_preview(struct json_at document, struct preview *preview)
{
    struct json_at period = json_member(document, "period");
    const json_t *bounds = NULL;
    bool has_at = false;
    (void)json_read(
        document,
        FIELDS(json_optional(json_text("customer", &preview->customer)),
               json_optional(json_text("subscription", &preview->subscription)),
               json_optional_seen(json_instant("at", &preview->at), &has_at),
               json_optional_seen(json_members("period", &bounds), &preview->has_period)));
    if ((preview->customer.len == 0) == (preview->subscription.len == 0))
        json_wrong(document, "missing_member", "A preview is of a customer or of a subscription.");
    if (!preview->has_period)
        return;
    if (has_at)
        json_wrong(period, "invalid", "A preview is of an instant's period or of these days.");
    if (json_read(period, FIELDS(json_instant("start", &preview->start),
                                 json_instant("end", &preview->end))) &&
        preview->end.us <= preview->start.us)
        json_wrong(json_member(period, "end"), "invalid", "The end must lie after the start.");
}

result post_invoices_preview(const struct request *request, struct reply *reply)
{
    OWNED(preview_release) struct preview preview = {.request = request};
    struct json_at document = document_of(request);
    TRY(http_parameters_known(request, ""));
    TRY(document_required(request));
    preview.at = caller_of(request)->change.now;
    read_preview(document, &preview);
    TRY(faults_result(request->faults));
    TRY(db_transact(request->db, request->arena, compute_preview, &preview));
    return http_reply_json(request, reply, 200, json_incref(preview.statement));
}
