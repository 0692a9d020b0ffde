// SPDX-License-Identifier: Apache-2.0
// /v1/event-types
#include "approvals.h"
#include "catalog_reply.h"
#include "states.h"

result get_event_types(const struct request *request, struct reply *reply)
{
    return catalog_reply_list(request, reply, CATALOG_EVENT_TYPE);
}

result get_event_types_key(const struct request *request, struct reply *reply)
{
    return catalog_reply_item(request, reply, CATALOG_EVENT_TYPE);
}

result put_event_types_key(const struct request *request, struct reply *reply)
{
    result put = catalog_reply_put(request, reply, CATALOG_EVENT_TYPE);
    return put.code == ERR_APPROVAL_REQUIRED ? approval_ask_detectors_off(request, reply) : put;
}

result delete_event_types_key(const struct request *request, struct reply *reply)
{
    return catalog_reply_archive(request, reply, CATALOG_EVENT_TYPE);
}

result state_event_type(struct db_tx *tx, const struct request *request, str id, json_t **json)
{
    return catalog_state(tx, request, id, CATALOG_EVENT_TYPE, json);
}
