// SPDX-License-Identifier: Apache-2.0
// /v1/customers/:customer/usage/current and /stream
#include "caller.h"
#include "phial/invoicing/invoicing.h"
#include "usage_privacy.h"

struct asking {
    const struct request *request;
    struct customer customer;
    json_t *answer;
};

static void asking_release(struct asking *asking)
{
    json_release(&asking->answer);
}

static result find_customer(struct db_tx *tx, void *context)
{
    struct asking *asking = context;
    return caller_customer(tx, asking->request, asking->request->args[0], &asking->customer);
}

static result measure(struct db_tx *tx, void *context)
{
    struct asking *asking = context;
    instant until = {0};
    TRY(find_customer(tx, asking));
    asking_release(asking);
    asking->answer = NULL;
    const struct caller *caller = caller_of(asking->request);
    TRY(usage_current(tx, &asking->customer, caller->change.now, &asking->answer, &until));
    return usage_privacy_spares(&caller->key)
               ? OK
               : usage_privacy_apply_current(tx, &asking->customer, asking->answer);
}

result get_customers_customer_usage_current(const struct request *request, struct reply *reply)
{
    OWNED(asking_release) struct asking asking = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(db_transact(request->db, request->arena, measure, &asking));
    return http_reply_json(request, reply, 200, json_incref(asking.answer));
}

result get_customers_customer_usage_stream(const struct request *request, struct reply *reply)
{
    struct asking asking = {.request = request};
    struct listener listener = {0};
    TRY(http_parameters_known(request, ""));
    TRY(db_transact(request->db, request->arena, find_customer, &asking));
    TRY(caller_presented(request, &listener.presented));
    listener.customer_id = asking.customer.id;
    return usage_streams_add(api_of(request)->usage_streams, &listener, reply);
}
