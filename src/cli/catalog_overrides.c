// SPDX-License-Identifier: Apache-2.0
#include "catalog_applying.h"
#include "catalog_diff.h"
#include "phial/catalog/overrides.h"
#include "phial/rating/plan.h"

// As the server keeps it; NULL where it has none.
static result read_plan(const struct applying *applying, str key, int64_t version, json_t **plan)
{
    struct answer answer = {0};
    str path = str_printf(applying->arena, "/v1/plans/%" STR_FMT "?version=%lld",
                          STR_ARG(client_segment(applying->arena, key)), (long long)version);
    TRY(client_send(applying->client, applying->arena,
                    &(struct call){.method = "GET", .path = path}, &answer));
    if (answer.status != 200)
        return OK;
    TRY(json_parse(answer.body, plan));
    catalog_strip(*plan);
    return OK;
}

result check_overrides(const struct applying *applying, const char *key, const json_t *wanted,
                       int64_t version, bool *possible)
{
    OWNED(json_release) json_t *plan = NULL;
    OWNED(json_release) json_t *merged = NULL;
    struct faults faults = {.arena = applying->arena};
    struct json_at document = {wanted, STR(""), &faults};
    str name = json_str(json_object_get(wanted, "plan"));
    if (version == 0)
        plan = json_deep_copy(json_object_get(json_object_get(applying->document, "plans"),
                                              str_to_c(applying->arena, name)));
    else
        TRY(read_plan(applying, name, version, &plan));
    if (plan == NULL) // no such version: the server says so
        return OK;
    result outcome = overrides_merge(json_member(document, "overrides"), plan, &merged);
    if (!failed(outcome))
        (void)plan_parse((struct json_at){merged, STR("/overrides"), &faults}, false);
    else if (faults.count == 0)
        return outcome;
    for (size_t i = 0; i < faults.count; i++)
        (void)fprintf(applying->out, "  ! subscriptions/%s%" STR_FMT ": %s: %s\n", key,
                      STR_ARG(faults.items[i].pointer), faults.items[i].code,
                      faults.items[i].detail);
    *possible = *possible && faults.count == 0;
    return OK;
}
