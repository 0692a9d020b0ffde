// SPDX-License-Identifier: Apache-2.0
// /v1/plans
#include "catalog_reply.h"

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
