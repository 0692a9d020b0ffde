// SPDX-License-Identifier: Apache-2.0
// /v1/customers
#include "catalog_reply.h"
#include "page.h"
#include "states.h"

static result describe(const struct request *request, const struct customer *customer,
                       json_t **json)
{
    json_t *root = NULL;
    TRY(described_document(request, customer->document, &root));
    int wrong = json_object_set_new(root, "key", json_from_str(customer->key));
    wrong |= json_object_set_new(root, "sha256", json_from_str(customer->sha256));
    wrong |=
        json_object_set_new(root, "created_at", json_instant_text(request, customer->created_at));
    if (customer->archived)
        wrong |= json_object_set_new(root, "archived", json_true());
    *json = root;
    return wrong == 0 ? OK : FAIL(INTERNAL, "out of memory");
}

result state_customer(struct db_tx *tx, const struct request *request, str id, json_t **json)
{
    struct customer customer = {0};
    TRY(customer_get(tx, id, &customer));
    return describe(request, &customer, json);
}

static result add_customer(void *context, const struct customer *customer)
{
    struct page *page = context;
    json_t *row = NULL;
    TRY(describe(page->request, customer, &row));
    return page_add(page, customer->key, row);
}

static result list_customers(struct db_tx *tx, void *context)
{
    struct page *page = context;
    page_clear(page);
    if (bound_customer(page->request) == 0)
        return customer_each(tx, page->after, page_rows_wanted(page), add_customer, page);
    struct customer own = {0};
    TRY(customer_get_by_id(tx, bound_customer(page->request), &own));
    return str_compare(own.key, page->after) > 0 ? add_customer(page, &own) : OK;
}

result get_customers(const struct request *request, struct reply *reply)
{
    OWNED(page_release) struct page page = {0};
    TRY(page_open(request, "", &page));
    TRY(db_transact(request->db, request->arena, list_customers, &page));
    return page_reply(&page, reply);
}

struct customer_question {
    const struct request *request;
    struct change change;
    struct customer customer;
};

static result find_customer(struct db_tx *tx, void *context)
{
    struct customer_question *question = context;
    return caller_customer(tx, question->request, question->request->args[0], &question->customer);
}

static result reply_customer(const struct request *request, struct reply *reply, int status,
                             const struct customer *customer)
{
    json_t *json = NULL;
    TRY(describe(request, customer, &json));
    reply_etag(request, reply, customer->sha256);
    return http_reply_json(request, reply, status, json);
}

result get_customers_customer(const struct request *request, struct reply *reply)
{
    struct customer_question question = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(db_transact(request->db, request->arena, find_customer, &question));
    if (reply_not_modified(request, reply, question.customer.sha256))
        return OK;
    return reply_customer(request, reply, 200, &question.customer);
}

static result put_customer(struct db_tx *tx, void *context)
{
    struct customer_question *question = context;
    const struct request *request = question->request;
    if (bound_customer(request) != 0)
        TRY(find_customer(tx, context));
    return customer_put(tx, request->args[0], document_of(request), &question->change,
                        &question->customer);
}

result put_customers_customer(const struct request *request, struct reply *reply)
{
    struct customer_question question = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(document_required(request));
    TRY(precondition_read(request, &question.change));
    TRY(db_transact(request->db, request->arena, put_customer, &question));
    return reply_customer(request, reply, question.customer.made == MADE_RESOURCE ? 201 : 200,
                          &question.customer);
}

static result archive_customer(struct db_tx *tx, void *context)
{
    struct customer_question *question = context;
    const struct request *request = question->request;
    TRY(find_customer(tx, context));
    return customer_archive(tx, request->args[0], &question->change);
}

result delete_customers_customer(const struct request *request, struct reply *reply)
{
    struct customer_question question = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(precondition_of_delete(request, &question.change));
    TRY(db_transact(request->db, request->arena, archive_customer, &question));
    reply->status = 204;
    return OK;
}
