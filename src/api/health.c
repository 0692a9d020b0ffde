// SPDX-License-Identifier: Apache-2.0
// /livez and /readyz
#include "caller.h"

result get_livez(const struct request *request, struct reply *reply)
{
    return http_reply_json(request, reply, 200, json_pack("{s:s}", "status", "ok"));
}

result get_readyz(const struct request *request, struct reply *reply)
{
    const struct api *api = api_of(request);
    if (api->ready != NULL)
        TRY(api->ready(api->ready_context));
    TRY(db_ping(request->db));
    return http_reply_json(request, reply, 200, json_pack("{s:s}", "status", "ok"));
}
