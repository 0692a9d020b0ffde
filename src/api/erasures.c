// SPDX-License-Identifier: Apache-2.0
// /v1/erasures
#include "approvals.h"
#include "phial/audit/erasure.h"
#include "phial/audit/erasure_file.h"
#include "phial/util/array.h"

static const char *const scopes[] = {"all", "customer", "event", "period"};

struct erasing {
    const struct request *request;
    struct erasure erasure;
};

// What was asked for, and where it stands in the log.
static json_t *describe(const struct erasure *erasure)
{
    json_t *period = erasure->period.len == 0 ? NULL : json_from_str(erasure->period);
    return json_pack("{s:I, s:o, s:o, s:o*}", "index", (json_int_t)erasure->index, "customer",
                     json_from_str(erasure->customer), "scope", json_from_str(erasure->scope),
                     "period", period);
}

static bool is_month(str text)
{
    if (text.len != 7 || text.ptr[4] != '-' || !str_all_in(str_slice(text, 0, 4), "0123456789") ||
        !str_all_in(str_slice(text, 5, 7), "0123456789"))
        return false;
    int month = (text.ptr[5] - '0') * 10 + text.ptr[6] - '0';
    return month >= 1 && month <= 12;
}

static result read_document(struct json_at document, struct erasure *erasure)
{
    bool known = false;
    *erasure = (struct erasure){.period = STR("")};
    if (!json_read(document, FIELDS(json_text("customer", &erasure->customer),
                                    json_text("scope", &erasure->scope),
                                    json_optional(json_text("period", &erasure->period)))))
        return faults_result(document.faults);
    for (size_t i = 0; i < COUNT_OF(scopes); i++)
        known = known || str_eq(erasure->scope, str_from(scopes[i]));
    if (!known)
        json_wrong(json_member(document, "scope"), "invalid",
                   "The scope is all, customer, event or period.");
    if (erasure->period.len != 0 &&
        (!is_month(erasure->period) || !str_eq(erasure->scope, STR("period"))))
        json_wrong(json_member(document, "period"), "invalid",
                   "A period is a month, YYYY-MM, and goes with the scope period.");
    return faults_result(document.faults);
}

static result erase(struct db_tx *tx, void *context)
{
    struct erasing *erasing = context;
    const struct request *request = erasing->request;
    struct erasure *erasure = &erasing->erasure;
    struct json_at document = document_of(request);
    struct customer customer = {0};
    TRY(read_document(document, erasure));
    result found = caller_customer(tx, request, erasure->customer, &customer);
    if (found.code == ERR_NOT_FOUND && bound_customer(request) == 0) {
        json_wrong(json_member(document, "customer"), "unknown_customer",
                   "There is no such customer.");
        return faults_result(document.faults);
    }
    TRY(found);
    erasure->customer_id = customer.id;
    erasure->customer = customer.key;
    TRY(erasure_run(tx, erasure, &caller_of(request)->change));
    record_states(request, NULL, describe(erasure));
    return OK;
}

result approved_erasure(struct db_tx *tx, const struct request *request, json_t **outcome)
{
    struct erasing erasing = {.request = request};
    const struct erasure *erasure = &erasing.erasure;
    TRY(erase(tx, &erasing));
    *outcome = json_pack("{s:o, s:o, s:o, s:I}", "customer", json_from_str(erasure->customer),
                         "scope", json_from_str(erasure->scope), "period",
                         json_from_str(erasure->period), "keys", (json_int_t)erasure->key_count);
    return *outcome == NULL ? FAIL(INTERNAL, "out of memory") : OK;
}

void erasure_note(const struct request *request)
{
    const struct api *api = api_of(request);
    result noted = api->erasures_path == NULL
                       ? OK
                       : erasure_file_note(request->db, request->arena, api->erasures_path);
    if (failed(noted))
        log_write(api->log, LOG_ERROR, "erasure_not_noted",
                  LOG_FIELDS(log_text("error", str_from(error_info(noted.code)->slug)),
                             log_text("detail", str_from(noted.detail))));
}

result post_erasures(const struct request *request, struct reply *reply)
{
    struct erasing erasing = {.request = request};
    const struct erasure *erasure = &erasing.erasure;
    TRY(http_parameters_known(request, ""));
    TRY(document_required(request));
    TRY(approval_ask(request, reply, APPROVAL_erasure));
    if (reply->status != 0)
        return OK;
    TRY(db_transact(request->db, request->arena, erase, &erasing));
    caller_afterwards(request, erasure_note);
    json_t *answer = describe(erasure);
    if (json_object_set_new(answer, "keys", erasure_print_keys(erasure)) != 0) {
        json_decref(answer);
        return FAIL(INTERNAL, "out of memory");
    }
    return http_reply_json(request, reply, 201, answer);
}
