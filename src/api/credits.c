// SPDX-License-Identifier: Apache-2.0
// /v1/customers/:customer/credits
#include "approvals.h"
#include "page.h"
#include "phial/invoicing/settlement.h"

struct credit_question {
    const struct request *request;
    struct customer customer;
    struct wallet_credit credit;
};

static json_t *describe(const struct request *request, const struct wallet_credit *credit)
{
    instant now = caller_of(request)->change.now;
    bool expired = credit->has_expiry && credit->expires_at.us <= now.us;
    const char *status = credit->left.minor == 0 ? "used" : expired ? "expired" : "active";
    money left = expired ? (money){0, credit->left.currency} : credit->left;
    json_t *expires =
        credit->has_expiry ? json_instant_text(request, credit->expires_at) : json_null();
    return json_pack("{s:o, s:o, s:o, s:s, s:o, s:b, s:s, s:o}", "id", json_from_str(credit->id),
                     "amount", json_from_str(money_print(request->arena, credit->amount)),
                     "remaining", json_from_str(money_print(request->arena, left)), "currency",
                     currency_code(credit->amount.currency), "expires", expires, "paid",
                     credit->paid, "status", status, "created_at",
                     json_instant_text(request, credit->created_at));
}

struct credit_list {
    struct page *page;
    struct customer customer;
    money balance;
};

static result add_credit(void *context, const struct wallet_credit *credit)
{
    struct credit_list *list = context;
    return page_add(list->page, credit->id, describe(list->page->request, credit));
}

static result list_credits(struct db_tx *tx, void *context)
{
    struct credit_list *list = context;
    const struct request *request = list->page->request;
    page_clear(list->page);
    TRY(caller_customer(tx, request, request->args[0], &list->customer));
    TRY(wallet_balance(tx, &list->customer, caller_of(request)->change.now, &list->balance));
    struct settlement_filter filter = {list->customer.id, list->page->after,
                                       page_rows_wanted(list->page)};
    return wallet_credit_each(tx, &filter, add_credit, list);
}

result get_customers_customer_credits(const struct request *request, struct reply *reply)
{
    OWNED(page_release) struct page page = {0};
    TRY(page_open(request, "", &page));
    struct credit_list list = {.page = &page};
    TRY(db_transact(request->db, request->arena, list_credits, &list));
    return page_reply_with(&page, reply,
                           json_pack("{s:o, s:s}", "balance",
                                     json_from_str(money_print(request->arena, list.balance)),
                                     "currency", currency_code(list.balance.currency)));
}

static result make(struct db_tx *tx, void *context)
{
    struct credit_question *question = context;
    const struct request *request = question->request;
    TRY(caller_customer(tx, request, request->args[0], &question->customer));
    TRY(wallet_credit_make(tx, &question->customer, document_of(request),
                           &caller_of(request)->change, &question->credit));
    record_made(request, question->credit.id);
    record_states(request, NULL, describe(request, &question->credit));
    return OK;
}

result approved_credits_above(struct db_tx *tx, const struct request *request, json_t **outcome)
{
    struct credit_question question = {.request = request};
    TRY(make(tx, &question));
    const struct wallet_credit *credit = &question.credit;
    *outcome =
        json_pack("{s:o, s:s, s:o, s:b}", "customer", json_from_str(question.customer.key),
                  "currency", currency_code(credit->amount.currency), "total",
                  json_from_str(money_print(request->arena, credit->amount)), "paid", credit->paid);
    return *outcome == NULL ? FAIL(INTERNAL, "out of memory") : OK;
}

result post_customers_customer_credits(const struct request *request, struct reply *reply)
{
    struct credit_question question = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(document_required(request));
    TRY(approval_ask(request, reply, APPROVAL_credits_above));
    if (reply->status != 0)
        return OK;
    TRY(db_transact(request->db, request->arena, make, &question));
    return http_reply_json(request, reply, 201, describe(request, &question.credit));
}
