// SPDX-License-Identifier: Apache-2.0
// /v1/customers/:customer/entitlements
#include "caller.h"
#include "phial/invoicing/invoicing.h"

struct asking {
    const struct request *request;
    struct entitlement found;
};

static result find(struct db_tx *tx, void *context)
{
    struct asking *asking = context;
    const struct request *request = asking->request;
    struct customer customer = {0};
    TRY(caller_customer(tx, request, request->args[0], &customer));
    return entitlement_find(tx, &customer, request->args[1], caller_of(request)->change.now,
                            &asking->found);
}

static json_t *print_exact(struct arena *arena, bool present, exact value)
{
    return present ? json_from_str(exact_print(arena, value)) : json_null();
}

// What is left, and nothing below zero.
static exact remaining(struct arena *arena, const struct entitlement *entitlement)
{
    exact left = exact_sub(arena, entitlement->limit, entitlement->used);
    return exact_sign(left) < 0 ? exact_zero() : left;
}

result get_customers_customer_entitlements_name(const struct request *request, struct reply *reply)
{
    struct asking asking = {.request = request};
    struct arena *arena = request->arena;
    const struct entitlement *found = &asking.found;
    TRY(http_parameters_known(request, ""));
    TRY(db_transact(request->db, arena, find, &asking));
    json_t *answer = json_pack("{s:b, s:o, s:o, s:o}", "granted", found->granted, "limit",
                               print_exact(arena, found->has_limit, found->limit), "used",
                               print_exact(arena, found->has_used, found->used), "remaining",
                               print_exact(arena, found->has_limit, remaining(arena, found)));
    if (found->value.len != 0)
        (void)json_object_set_new(answer, "value", json_from_str(found->value));
    if (found->has_used)
        (void)json_object_set_new(answer, "as_of",
                                  json_pack("{s:I}", "index", (json_int_t)found->as_of_index));
    return http_reply_json(request, reply, 200, answer);
}
