// SPDX-License-Identifier: Apache-2.0
// /v1/test-clock
#include "states.h"

static result only_with_test_clock(const struct request *request)
{
    if (!api_of(request)->test_clock)
        return FAIL(NOT_FOUND, "No such resource.");
    return caller_unbound(request);
}

static json_t *describe(const struct request *request, instant now)
{
    return json_pack("{s:o}", "now", json_instant_text(request, now));
}

result state_test_clock(struct db_tx *tx, const struct request *request, str id, json_t **json)
{
    instant now = {0};
    (void)id;
    TRY(clock_now(tx, true, &now));
    *json = describe(request, now);
    return OK;
}

static result reply_now(const struct request *request, struct reply *reply, instant now)
{
    return reply_tagged(request, reply, 200, describe(request, now));
}

result get_test_clock(const struct request *request, struct reply *reply)
{
    TRY(only_with_test_clock(request));
    TRY(http_parameters_known(request, ""));
    return reply_now(request, reply, caller_of(request)->change.now);
}

static result set_clock(struct db_tx *tx, void *context)
{
    const instant *now = context;
    return clock_set(tx, *now);
}

result put_test_clock(const struct request *request, struct reply *reply)
{
    instant now = {0};
    TRY(only_with_test_clock(request));
    TRY(http_parameters_known(request, ""));
    TRY(document_required(request));
    if (!json_read(document_of(request), FIELDS(json_instant("now", &now))))
        return faults_result(request->faults);
    TRY(db_transact(request->db, request->arena, set_clock, &now));
    record_end(request); // what follows is the system's own
    TRY(jobs_run_due(request->db, request->arena, now, api_of(request)->period_key_days));
    return reply_now(request, reply, now);
}
