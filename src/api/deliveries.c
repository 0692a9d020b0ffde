// SPDX-License-Identifier: Apache-2.0
// /v1/webhooks/:id/deliveries
#include "page.h"
#include "phial/webhooks/webhooks.h"
#include "states.h"

static json_t *describe(const struct request *request, const struct delivery *delivery)
{
    json_t *status =
        delivery->has_last_status ? json_integer((json_int_t)delivery->last_status) : json_null();
    json_t *error =
        delivery->last_error.len == 0 ? json_null() : json_from_str(delivery->last_error);
    json_t *next = delivery->has_next_attempt
                       ? json_instant_text(request, delivery->next_attempt_at)
                       : json_null();
    json_t *finished =
        delivery->has_finished ? json_instant_text(request, delivery->finished_at) : json_null();
    return json_pack("{s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o}", "id",
                     json_from_str(delivery->message), "type", json_from_str(delivery->type),
                     "status", json_from_str(delivery->status), "attempts",
                     (json_int_t)delivery->attempts, "last_status", status, "last_error", error,
                     "next_attempt_at", next, "created_at",
                     json_instant_text(request, delivery->created_at), "finished_at", finished);
}

result state_delivery(struct db_tx *tx, const struct request *request, str id, json_t **json)
{
    struct delivery delivery = {0};
    TRY(delivery_get(tx, request->args[0], id, &delivery));
    *json = describe(request, &delivery);
    return OK;
}

struct delivery_list {
    struct page *page;
    struct delivery_filter filter;
};

static result add_delivery(void *context, const struct delivery *delivery)
{
    struct delivery_list *list = context;
    return page_add(list->page, delivery->message, describe(list->page->request, delivery));
}

static result list_deliveries(struct db_tx *tx, void *context)
{
    struct delivery_list *list = context;
    struct webhook webhook = {0};
    page_clear(list->page);
    TRY(webhook_get(tx, list->filter.webhook, &webhook));
    return delivery_each(tx, &list->filter, add_delivery, list);
}

static bool status_known(str status)
{
    return status.len == 0 || str_eq(status, STR("pending")) || str_eq(status, STR("held")) ||
           str_eq(status, STR("delivered")) || str_eq(status, STR("failed"));
}

result get_webhooks_id_deliveries(const struct request *request, struct reply *reply)
{
    OWNED(page_release) struct page page = {0};
    TRY(caller_unbound(request));
    TRY(page_open(request, "status", &page));
    struct delivery_list list = {
        .page = &page,
        .filter = {.webhook = request->args[0],
                   .status = STR(""),
                   .before = page.after,
                   .limit = page_rows_wanted(&page)},
    };
    (void)http_parameter(request, "status", &list.filter.status);
    if (!status_known(list.filter.status))
        return FAIL(BAD_PARAMETER, "The status is pending, held, delivered or failed.");
    TRY(db_transact(request->db, request->arena, list_deliveries, &list));
    return page_reply(&page, reply);
}

struct replaying {
    const struct request *request;
    struct delivery delivery;
};

static result replay(struct db_tx *tx, void *context)
{
    struct replaying *replaying = context;
    const struct request *request = replaying->request;
    return delivery_replay(tx, request->args[0], request->args[1], &replaying->delivery);
}

result post_webhooks_id_deliveries_delivery_replay(const struct request *request,
                                                   struct reply *reply)
{
    struct replaying replaying = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(caller_unbound(request));
    TRY(db_transact(request->db, request->arena, replay, &replaying));
    return http_reply_json(request, reply, 202, describe(request, &replaying.delivery));
}
