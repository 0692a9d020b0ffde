// SPDX-License-Identifier: Apache-2.0
// /v1/plans
#include "catalog_reply.h"
#include "states.h"

result get_plans(const struct request *request, struct reply *reply)
{
    return catalog_reply_list(request, reply, CATALOG_PLAN);
}

result get_plans_key(const struct request *request, struct reply *reply)
{
    return catalog_reply_item(request, reply, CATALOG_PLAN);
}

result put_plans_key(const struct request *request, struct reply *reply)
{
    return catalog_reply_put(request, reply, CATALOG_PLAN);
}

result delete_plans_key(const struct request *request, struct reply *reply)
{
    return catalog_reply_archive(request, reply, CATALOG_PLAN);
}

result state_plan(struct db_tx *tx, const struct request *request, str id, json_t **json)
{
    return catalog_state(tx, request, id, CATALOG_PLAN, json);
}
