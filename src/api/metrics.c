// SPDX-License-Identifier: Apache-2.0
// /v1/metrics
#include "catalog_reply.h"

result get_v1_metrics(const struct request *request, struct reply *reply)
{
    return catalog_reply_list(request, reply, CATALOG_METRIC);
}

result get_metrics_key(const struct request *request, struct reply *reply)
{
    return catalog_reply_item(request, reply, CATALOG_METRIC);
}

result put_metrics_key(const struct request *request, struct reply *reply)
{
    return catalog_reply_put(request, reply, CATALOG_METRIC);
}

result delete_metrics_key(const struct request *request, struct reply *reply)
{
    return catalog_reply_archive(request, reply, CATALOG_METRIC);
}
