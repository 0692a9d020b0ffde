// SPDX-License-Identifier: Apache-2.0
// /v1/subscriptions
#include "approvals.h"
#include "page.h"
#include "phial/invoicing/invoicing.h"
#include "states.h"

// As it is stored, the times and overrides as they are answered.
static json_t *describe_changes(const struct request *request, str stored)
{
    json_t *changes = NULL;
    json_t *change = NULL;
    size_t index = 0;
    if (failed(json_parse(stored, &changes)))
        return NULL;
    json_array_foreach(changes, index, change)
    {
        instant at = {0};
        json_t *overrides = NULL;
        str given = json_str(json_object_get(change, "overrides"));
        bool right = !failed(instant_parse(json_str(json_object_get(change, "at")), &at)) &&
                     (given.len == 0 || !failed(json_parse(given, &overrides))) &&
                     json_object_set_new(change, "at", json_instant_text(request, at)) == 0 &&
                     (given.len == 0 ? json_object_del(change, "overrides")
                                     : json_object_set_new(change, "overrides", overrides)) == 0;
        if (!right) {
            json_decref(changes);
            return NULL;
        }
    }
    return changes;
}

static json_t *describe(const struct request *request, const struct subscription *subscription)
{
    json_t *end = subscription->has_end ? json_instant_text(request, subscription->end) : NULL;
    json_t *overrides = NULL;
    if (subscription->overrides.len != 0 && failed(json_parse(subscription->overrides, &overrides)))
        return NULL;
    return json_pack(
        "{s:o, s:o, s:o, s:I, s:o*, s:o, s:o, s:o*, s:s, s:o, s:o*, s:o}", "id",
        json_from_str(subscription->id), "customer", json_from_str(subscription->customer), "plan",
        json_from_str(subscription->plan), "version", (json_int_t)subscription->plan_version,
        "overrides", overrides, "status", json_from_str(subscription->status), "start",
        json_instant_text(request, subscription->start), "end", end, "anchor",
        subscription->anniversary ? "anniversary" : "calendar", "created_at",
        json_instant_text(request, subscription->created_at), "at",
        subscription->changed ? json_instant_text(request, subscription->plan_start) : NULL,
        "changes", describe_changes(request, subscription->changes));
}

// Also since when its plan is the one that it is.
result state_subscription(struct db_tx *tx, const struct request *request, str id, json_t **json)
{
    struct subscription subscription = {0};
    TRY(subscription_get_whole(tx, id, caller_of(request)->change.now, &subscription));
    OWNED(json_release) json_t *root = describe(request, &subscription);
    json_t *since = json_instant_text(request, subscription.plan_start);
    if (json_object_set_new(root, "plan_start", since) != 0)
        return FAIL(INTERNAL, "out of memory");
    *json = json_incref(root);
    return OK;
}

struct subscription_list {
    struct page *page;
    str customer;
    int64_t customer_id; // 0: all
};

static result add_subscription(void *context, const struct subscription *subscription)
{
    struct subscription_list *list = context;
    return page_add(list->page, subscription->id, describe(list->page->request, subscription));
}

static result list_subscriptions(struct db_tx *tx, void *context)
{
    struct subscription_list *list = context;
    const struct request *request = list->page->request;
    page_clear(list->page);
    TRY(caller_narrow(tx, request, list->customer, &list->customer_id));
    struct subscription_filter filter = {list->customer_id, list->page->after,
                                         page_rows_wanted(list->page),
                                         caller_of(request)->change.now, true};
    return subscription_each(tx, &filter, add_subscription, list);
}

result get_subscriptions(const struct request *request, struct reply *reply)
{
    OWNED(page_release) struct page page = {0};
    TRY(page_open(request, "customer", &page));
    struct subscription_list list = {.page = &page, .customer = STR("")};
    (void)http_parameter(request, "customer", &list.customer);
    TRY(db_transact(request->db, request->arena, list_subscriptions, &list));
    return page_reply(&page, reply);
}

struct subscription_question {
    const struct request *request;
    struct subscription subscription;
};

static result find_subscription(struct db_tx *tx, void *context)
{
    struct subscription_question *question = context;
    const struct request *request = question->request;
    TRY(subscription_get_whole(tx, request->args[0], caller_of(request)->change.now,
                               &question->subscription));
    if (bound_customer(request) != 0 &&
        bound_customer(request) != question->subscription.customer_id)
        return FAIL(NOT_FOUND, "No such resource.");
    return OK;
}

result get_subscriptions_id(const struct request *request, struct reply *reply)
{
    struct subscription_question question = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(db_transact(request->db, request->arena, find_subscription, &question));
    return reply_tagged(request, reply, 200, describe(request, &question.subscription));
}

// The three changes differ in a function's name and a status.
static result reply_changed(const struct request *request, struct reply *reply, int status,
                            result (*work)(struct db_tx *, void *))
{
    struct subscription_question question = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(document_required(request));
    TRY(db_transact(request->db, request->arena, work, &question));
    return reply_tagged(request, reply, status, describe(request, &question.subscription));
}

static result create(struct db_tx *tx, void *context)
{
    struct subscription_question *question = context;
    const struct request *request = question->request;
    const struct change *change = &caller_of(request)->change;
    TRY(subscription_create(tx, document_of(request), bound_customer(request), change,
                            &question->subscription));
    record_made(request, question->subscription.id);
    record_customer(request, question->subscription.customer);
    return opening_draft(tx, question->subscription.id, change);
}

result post_subscriptions(const struct request *request, struct reply *reply)
{
    return reply_changed(request, reply, 201, create);
}

static result cancel(struct db_tx *tx, void *context)
{
    struct subscription_question *question = context;
    const struct request *request = question->request;
    TRY(subscription_cancel(tx, request->args[0], document_of(request), bound_customer(request),
                            &caller_of(request)->change, &question->subscription));
    record_customer(request, question->subscription.customer);
    return OK;
}

result post_subscriptions_id_cancel(const struct request *request, struct reply *reply)
{
    return reply_changed(request, reply, 200, cancel);
}

static result change(struct db_tx *tx, void *context)
{
    struct subscription_question *question = context;
    const struct request *request = question->request;
    TRY(subscription_change(tx, request->args[0], document_of(request), bound_customer(request),
                            &caller_of(request)->change, &question->subscription));
    record_customer(request, question->subscription.customer);
    return OK;
}

result approved_plan_change(struct db_tx *tx, const struct request *request, json_t **outcome)
{
    struct subscription_question question = {.request = request};
    TRY(change(tx, &question));
    const struct subscription *changed = &question.subscription;
    *outcome =
        json_pack("{s:o, s:o, s:o, s:I}", "customer", json_from_str(changed->customer),
                  "subscription", json_from_str(changed->id), "plan", json_from_str(changed->plan),
                  "plan_version", (json_int_t)changed->plan_version);
    return *outcome == NULL ? FAIL(INTERNAL, "out of memory") : OK;
}

result post_subscriptions_id_change(const struct request *request, struct reply *reply)
{
    TRY(http_parameters_known(request, ""));
    TRY(document_required(request));
    TRY(approval_ask(request, reply, APPROVAL_plan_change));
    return reply->status != 0 ? OK : reply_changed(request, reply, 200, change);
}
