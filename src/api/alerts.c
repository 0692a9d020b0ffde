// SPDX-License-Identifier: Apache-2.0
// /v1/alerts
#include "phial/alerts/alerts.h"

#include "page.h"
#include "states.h"

static json_t *text_or_nothing(str text)
{
    return text.len == 0 ? NULL : json_from_str(text);
}

static json_t *describe(const struct request *request, const struct alert *alert)
{
    return json_pack(
        "{s:o, s:o, s:o*, s:o, s:o*, s:o*, s:o, s:o}", "id", json_from_str(alert->id), "customer",
        json_from_str(alert->customer), "name", text_or_nothing(alert->name), "on",
        json_from_str(alert->measures), "metric", text_or_nothing(alert->metric), "subscription",
        text_or_nothing(alert->subscription), "threshold", json_from_str(alert->threshold),
        "created_at", json_instant_text(request, alert->created_at));
}

result state_alert(struct db_tx *tx, const struct request *request, str id, json_t **json)
{
    struct alert alert = {0};
    TRY(alert_get(tx, id, 0, &alert));
    *json = describe(request, &alert);
    return OK;
}

struct alert_question {
    const struct request *request;
    struct alert alert;
    json_t *firings;
};

static void release_question(struct alert_question *question)
{
    json_decref(question->firings);
}

static result create(struct db_tx *tx, void *context)
{
    struct alert_question *question = context;
    const struct request *request = question->request;
    TRY(alert_create(tx, document_of(request), bound_customer(request), &caller_of(request)->change,
                     &question->alert));
    record_made(request, question->alert.id);
    record_customer(request, question->alert.customer);
    return OK;
}

static json_t *describe_read(const struct alert_question *question)
{
    json_t *json = describe(question->request, &question->alert);
    if (json_object_set(json, "firings", question->firings) != 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

result post_alerts(const struct request *request, struct reply *reply)
{
    OWNED(release_question)
    struct alert_question question = {.request = request, .firings = json_array()};
    OWNED(json_release) json_t *read = NULL;
    TRY(http_parameters_known(request, ""));
    TRY(document_required(request));
    TRY(db_transact(request->db, request->arena, create, &question));
    if (api_of(request)->jobs != NULL)
        jobs_nudge(api_of(request)->jobs); // it may have been reached before
    http_reply_header(
        reply, "Location",
        str_printf(request->arena, "/v1/alerts/%" STR_FMT, STR_ARG(question.alert.id)));
    read = describe_read(&question);
    if (read == NULL)
        return FAIL(INTERNAL, "out of memory");
    reply_etag(request, reply, json_tag(request, read));
    return http_reply_json(request, reply, 201, describe(request, &question.alert));
}

struct alert_list {
    struct page *page;
    str customer;
    struct alert_filter filter;
};

static result add_alert(void *context, const struct alert *alert)
{
    struct alert_list *list = context;
    return page_add(list->page, alert->id, describe(list->page->request, alert));
}

static result list_alerts(struct db_tx *tx, void *context)
{
    struct alert_list *list = context;
    page_clear(list->page);
    TRY(caller_narrow(tx, list->page->request, list->customer, &list->filter.customer_id));
    return alert_each(tx, &list->filter, add_alert, list);
}

result get_alerts(const struct request *request, struct reply *reply)
{
    OWNED(page_release) struct page page = {0};
    TRY(page_open(request, "customer", &page));
    struct alert_list list = {
        .page = &page,
        .customer = STR(""),
        .filter = {.after = page.after, .limit = page_rows_wanted(&page)},
    };
    (void)http_parameter(request, "customer", &list.customer);
    TRY(db_transact(request->db, request->arena, list_alerts, &list));
    return page_reply(&page, reply);
}

static result add_firing(void *context, const struct alert_firing *firing)
{
    struct alert_question *question = context;
    const struct request *request = question->request;
    json_t *period =
        json_pack("{s:o, s:o}", "start", json_instant_text(request, firing->period_start), "end",
                  json_instant_text(request, firing->period_end));
    json_t *row =
        json_pack("{s:o, s:o, s:o, s:o}", "subscription", json_from_str(firing->subscription),
                  "period", period, "value", json_from_str(firing->value), "fired_at",
                  json_instant_text(request, firing->fired_at));
    if (row == NULL || json_array_append_new(question->firings, row) != 0)
        return FAIL(INTERNAL, "out of memory");
    return OK;
}

static result find(struct db_tx *tx, void *context)
{
    struct alert_question *question = context;
    const struct request *request = question->request;
    json_array_clear(question->firings);
    TRY(alert_get(tx, request->args[0], bound_customer(request), &question->alert));
    record_customer(request, question->alert.customer);
    return alert_each_firing(tx, question->alert.id, add_firing, question);
}

result get_alerts_id(const struct request *request, struct reply *reply)
{
    OWNED(release_question)
    struct alert_question question = {.request = request, .firings = json_array()};
    TRY(http_parameters_known(request, ""));
    TRY(db_transact(request->db, request->arena, find, &question));
    return reply_tagged(request, reply, 200, describe_read(&question));
}

static result delete (struct db_tx *tx, void *context)
{
    struct alert_question *question = context;
    const struct request *request = question->request;
    TRY(find(tx, question));
    TRY(precondition_on(request, describe_read(question)));
    return alert_delete(tx, request->args[0], bound_customer(request));
}

result delete_alerts_id(const struct request *request, struct reply *reply)
{
    OWNED(release_question)
    struct alert_question question = {.request = request, .firings = json_array()};
    TRY(http_parameters_known(request, ""));
    TRY(db_transact(request->db, request->arena, delete, &question));
    reply->status = 204;
    return OK;
}
