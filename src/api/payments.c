// SPDX-License-Identifier: Apache-2.0
// /v1/invoices/:invoice/payments
#include "approvals.h"
#include "invoice_caller.h"
#include "page.h"
#include "phial/invoicing/settlement.h"
#include "states.h"

struct payment_question {
    const struct request *request;
    struct payment payment;
    struct balance balance;
};

static json_t *describe(const struct request *request, const struct payment *payment)
{
    json_t *reference = payment->reference.len == 0 ? NULL : json_from_str(payment->reference);
    json_t *reversed =
        payment->has_reversed ? json_instant_text(request, payment->reversed_at) : NULL;
    return json_pack("{s:o, s:o, s:o, s:s, s:o*, s:o, s:o, s:s, s:o*}", "id",
                     json_from_str(payment->id), "invoice", json_from_str(payment->invoice),
                     "amount", json_from_str(money_print(request->arena, payment->amount)),
                     "currency", currency_code(payment->amount.currency), "reference", reference,
                     "at", json_instant_text(request, payment->at), "created_at",
                     json_instant_text(request, payment->created_at), "status",
                     payment->has_reversed ? "reversed" : "recorded", "reversed_at", reversed);
}

result state_payment(struct db_tx *tx, const struct request *request, str id, json_t **json)
{
    struct payment payment = {0};
    TRY(payment_get(tx, request->args[0], id, &payment));
    *json = describe(request, &payment);
    return OK;
}

static json_t *describe_balance(const struct request *request, const struct balance *balance)
{
    struct arena *arena = request->arena;
    json_t *status =
        balance->payment_status.len == 0 ? NULL : json_from_str(balance->payment_status);
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o*}", "amount_due", json_from_str(money_print(arena, balance->due)),
        "credited", json_from_str(money_print(arena, balance->credited)), "paid",
        json_from_str(money_print(arena, balance->paid)), "remaining",
        json_from_str(money_print(arena, balance->remaining)), "payment_status", status);
}

struct payment_list {
    struct page *page;
    struct balance balance;
};

static result add_payment(void *context, const struct payment *payment)
{
    struct payment_list *list = context;
    return page_add(list->page, payment->id, describe(list->page->request, payment));
}

static result list_payments(struct db_tx *tx, void *context)
{
    struct payment_list *list = context;
    const struct request *request = list->page->request;
    struct invoice invoice = {0};
    page_clear(list->page);
    TRY(caller_invoice(tx, request, request->args[0], &invoice));
    TRY(invoice_balance(tx, invoice.id, caller_of(request)->change.now, &list->balance));
    return payment_each(tx, invoice.id, list->page->after, page_rows_wanted(list->page),
                        add_payment, list);
}

result get_invoices_invoice_payments(const struct request *request, struct reply *reply)
{
    OWNED(page_release) struct page page = {0};
    TRY(page_open(request, "", &page));
    struct payment_list list = {.page = &page};
    TRY(db_transact(request->db, request->arena, list_payments, &list));
    return page_reply_with(&page, reply, describe_balance(request, &list.balance));
}

// The payment, and what the invoice stands at by it.
static result reply_payment(const struct payment_question *question, struct reply *reply,
                            int status)
{
    OWNED(json_release) json_t *json = describe(question->request, &question->payment);
    OWNED(json_release) json_t *balance = describe_balance(question->request, &question->balance);
    (void)json_object_del(balance, "amount_due");
    (void)json_object_del(balance, "paid");
    (void)json_object_del(balance, "credited");
    if (json == NULL || json_object_update(json, balance) != 0)
        return FAIL(INTERNAL, "out of memory");
    return http_reply_json(question->request, reply, status, json_incref(json));
}

static result record(struct db_tx *tx, void *context)
{
    struct payment_question *question = context;
    const struct request *request = question->request;
    const struct change *change = &caller_of(request)->change;
    struct invoice invoice = {0};
    TRY(caller_invoice(tx, request, request->args[0], &invoice));
    TRY(payment_record(tx, invoice.id, document_of(request), change, &question->payment));
    record_made(request, question->payment.id);
    return invoice_balance(tx, invoice.id, change->now, &question->balance);
}

result post_invoices_invoice_payments(const struct request *request, struct reply *reply)
{
    struct payment_question question = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(document_required(request));
    TRY(db_transact(request->db, request->arena, record, &question));
    return reply_payment(&question, reply, 201);
}

static result reverse(struct db_tx *tx, void *context)
{
    struct payment_question *question = context;
    const struct request *request = question->request;
    const struct change *change = &caller_of(request)->change;
    struct invoice invoice = {0};
    TRY(caller_invoice(tx, request, request->args[0], &invoice));
    TRY(payment_reverse(tx, invoice.id, request->args[1], change, &question->payment));
    return invoice_balance(tx, invoice.id, change->now, &question->balance);
}

result approved_payment_reversal(struct db_tx *tx, const struct request *request, json_t **outcome)
{
    struct payment_question question = {.request = request};
    TRY(reverse(tx, &question));
    const struct payment *payment = &question.payment;
    *outcome =
        json_pack("{s:o, s:o, s:s, s:o}", "invoice", json_from_str(payment->invoice), "payment",
                  json_from_str(payment->id), "currency", currency_code(payment->amount.currency),
                  "total", json_from_str(money_print(request->arena, payment->amount)));
    return *outcome == NULL ? FAIL(INTERNAL, "out of memory") : OK;
}

result delete_invoices_invoice_payments_id(const struct request *request, struct reply *reply)
{
    struct payment_question question = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(caller_has_reason(request));
    TRY(approval_ask(request, reply, APPROVAL_payment_reversal));
    if (reply->status != 0)
        return OK;
    TRY(db_transact(request->db, request->arena, reverse, &question));
    return reply_payment(&question, reply, 200);
}
