// SPDX-License-Identifier: Apache-2.0
// /v1/customers/:customer/discounts
#include "page.h"
#include "phial/invoicing/settlement.h"
#include "states.h"

struct discount_question {
    const struct request *request;
    struct customer customer;
    struct discount_row discount;
};

static str status_of(const struct discount_row *discount)
{
    if (discount->has_ended)
        return STR("ended");
    bool used_up = discount->periods != 0 && discount->used >= discount->periods;
    return used_up ? STR("used_up") : STR("active");
}

static result describe(const struct request *request, const struct customer *customer,
                       const struct discount_row *discount, json_t **json)
{
    OWNED(json_release) json_t *read = NULL;
    TRY(json_parse(discount->document, &read));
    (void)json_object_del(read, "action");
    json_t *ended = discount->has_ended ? json_instant_text(request, discount->ended_at) : NULL;
    OWNED(json_release)
    json_t *more = json_pack("{s:o, s:I, s:o, s:o, s:o*}", "customer", json_from_str(customer->key),
                             "periods_used", (json_int_t)discount->used, "status",
                             json_from_str(status_of(discount)), "created_at",
                             json_instant_text(request, discount->created_at), "ended_at", ended);
    if (more == NULL || json_object_update(read, more) != 0)
        return FAIL(INTERNAL, "out of memory");
    *json = json_incref(read);
    return OK;
}

result state_discount(struct db_tx *tx, const struct request *request, str id, json_t **json)
{
    struct customer customer = {0};
    struct discount_row discount = {0};
    TRY(customer_get(tx, request->args[0], &customer));
    TRY(discount_get(tx, customer.id, id, &discount));
    return describe(request, &customer, &discount, json);
}

struct discount_list {
    struct page *page;
    struct customer customer;
};

static result add_discount(void *context, const struct discount_row *discount)
{
    struct discount_list *list = context;
    json_t *row = NULL;
    TRY(describe(list->page->request, &list->customer, discount, &row));
    return page_add(list->page, discount->id, row);
}

static result list_discounts(struct db_tx *tx, void *context)
{
    struct discount_list *list = context;
    const struct request *request = list->page->request;
    page_clear(list->page);
    TRY(caller_customer(tx, request, request->args[0], &list->customer));
    struct settlement_filter filter = {list->customer.id, list->page->after,
                                       page_rows_wanted(list->page)};
    return discount_each(tx, &filter, add_discount, list);
}

result get_customers_customer_discounts(const struct request *request, struct reply *reply)
{
    OWNED(page_release) struct page page = {0};
    TRY(page_open(request, "", &page));
    struct discount_list list = {.page = &page};
    TRY(db_transact(request->db, request->arena, list_discounts, &list));
    return page_reply(&page, reply);
}

static result reply_discount(const struct discount_question *question, struct reply *reply,
                             int status)
{
    json_t *json = NULL;
    TRY(describe(question->request, &question->customer, &question->discount, &json));
    return reply_tagged(question->request, reply, status, json);
}

static result make(struct db_tx *tx, void *context)
{
    struct discount_question *question = context;
    const struct request *request = question->request;
    TRY(caller_customer(tx, request, request->args[0], &question->customer));
    TRY(discount_make(tx, &question->customer, document_of(request), &caller_of(request)->change,
                      &question->discount));
    record_made(request, question->discount.id);
    return OK;
}

result post_customers_customer_discounts(const struct request *request, struct reply *reply)
{
    struct discount_question question = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(document_required(request));
    TRY(db_transact(request->db, request->arena, make, &question));
    return reply_discount(&question, reply, 201);
}

static result find(struct db_tx *tx, void *context)
{
    struct discount_question *question = context;
    const struct request *request = question->request;
    TRY(caller_customer(tx, request, request->args[0], &question->customer));
    return discount_get(tx, question->customer.id, request->args[1], &question->discount);
}

result get_customers_customer_discounts_id(const struct request *request, struct reply *reply)
{
    struct discount_question question = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(db_transact(request->db, request->arena, find, &question));
    return reply_discount(&question, reply, 200);
}

static result end(struct db_tx *tx, void *context)
{
    struct discount_question *question = context;
    const struct request *request = question->request;
    json_t *json = NULL;
    TRY(find(tx, context));
    TRY(describe(request, &question->customer, &question->discount, &json));
    TRY(precondition_on(request, json));
    return discount_end(tx, &question->customer, request->args[1], &caller_of(request)->change);
}

result delete_customers_customer_discounts_id(const struct request *request, struct reply *reply)
{
    struct discount_question question = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(db_transact(request->db, request->arena, end, &question));
    reply->status = 204;
    return OK;
}
