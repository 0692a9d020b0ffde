// SPDX-License-Identifier: Apache-2.0
// /v1/billing
#include "caller.h"
#include "phial/invoicing/invoicing.h"

result post_billing_run(const struct request *request, struct reply *reply)
{
    OWNED(json_release) json_t *document = NULL;
    struct billing_run run = {0};
    instant now = caller_of(request)->change.now;
    instant as_of = now;
    struct json_at at = document_optional(request, &document);
    TRY(http_parameters_known(request, ""));
    TRY(caller_unbound(request));
    (void)json_read(at, FIELDS(json_optional(json_instant("as_of", &as_of))));
    if (as_of.us > now.us)
        json_wrong(json_member(at, "as_of"), "time_in_future", "as_of must not lie after now.");
    TRY(faults_result(request->faults));
    TRY(billing_run(request->db, request->arena, as_of, caller_of(request)->change.actor, &run));
    return http_reply_json(request, reply, 200,
                           json_pack("{s:o, s:I, s:I, s:I}", "as_of",
                                     json_instant_text(request, as_of), "drafted",
                                     (json_int_t)run.drafted, "issued", (json_int_t)run.issued,
                                     "credited", (json_int_t)run.credited));
}
