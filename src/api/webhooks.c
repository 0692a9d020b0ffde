// SPDX-License-Identifier: Apache-2.0
// /v1/webhooks
#include "phial/webhooks/webhooks.h"

#include "page.h"
#include "states.h"

static json_t *print_types(str types)
{
    json_t *list = json_array();
    while (types.len != 0) {
        str type = types;
        str rest = STR("");
        if (!str_cut(types, ',', &type, &rest))
            type = types;
        (void)json_array_append_new(list, json_from_str(type));
        types = rest;
    }
    return list;
}

// Whether anything would leave for it, by the configuration of this daemon.
static bool egress_names(const struct request *request, const struct webhook *webhook)
{
    struct egress_url url;
    return egress_url_parse(webhook->url, &url) == NULL &&
           egress_judge(api_of(request)->egress, &url) == EGRESS_ALLOWED;
}

static json_t *describe(const struct request *request, const struct webhook *webhook)
{
    json_t *why = webhook->why.len == 0 ? NULL : json_from_str(webhook->why);
    json_t *until = webhook->has_old_secret ? json_instant_text(request, webhook->old_until) : NULL;
    return json_pack("{s:o, s:o, s:o, s:o, s:o*, s:s, s:o*, s:o}", "id", json_from_str(webhook->id),
                     "url", json_from_str(webhook->url), "types", print_types(webhook->types),
                     "status", json_from_str(webhook->status), "disabled_why", why, "egress",
                     egress_names(request, webhook) ? "allowed" : "not_allowed", "old_secret_until",
                     until, "created_at", json_instant_text(request, webhook->created_at));
}

result state_webhook(struct db_tx *tx, const struct request *request, str id, json_t **json)
{
    struct webhook webhook = {0};
    TRY(webhook_get(tx, id, &webhook));
    *json = describe(request, &webhook);
    return OK;
}

struct webhook_question {
    const struct request *request;
    struct webhook webhook;
    struct webhook_secret secret;
};

static struct webhook_question question_of(const struct request *request)
{
    return (struct webhook_question){.request = request,
                                     .secret = {.keyring = api_of(request)->keyring}};
}

static result reply_with_secret(const struct webhook_question *question, struct reply *reply,
                                int status)
{
    const struct request *request = question->request;
    json_t *json = describe(request, &question->webhook);
    if (json == NULL)
        return FAIL(INTERNAL, "out of memory");
    str tag = json_tag(request, json); // of the webhook as it is read, without the secret
    if (json_object_set_new(json, "secret", json_from_str(question->secret.text)) != 0) {
        json_decref(json);
        return FAIL(INTERNAL, "out of memory");
    }
    reply_etag(request, reply, tag);
    return http_reply_json(request, reply, status, json);
}

// For all of them: a webhook is told of every customer.
static result enter(const struct request *request)
{
    TRY(http_parameters_known(request, ""));
    return caller_unbound(request);
}

static result create(struct db_tx *tx, void *context)
{
    struct webhook_question *question = context;
    const struct request *request = question->request;
    TRY(webhook_create(tx, document_of(request), api_of(request)->egress,
                       &caller_of(request)->change, &question->webhook, &question->secret));
    record_made(request, question->webhook.id);
    return OK;
}

result post_webhooks(const struct request *request, struct reply *reply)
{
    struct webhook_question question = question_of(request);
    TRY(enter(request));
    TRY(document_required(request));
    TRY(db_transact(request->db, request->arena, create, &question));
    http_reply_header(
        reply, "Location",
        str_printf(request->arena, "/v1/webhooks/%" STR_FMT, STR_ARG(question.webhook.id)));
    return reply_with_secret(&question, reply, 201);
}

static result add_webhook(void *context, const struct webhook *webhook)
{
    struct page *page = context;
    return page_add(page, webhook->id, describe(page->request, webhook));
}

static result list_webhooks(struct db_tx *tx, void *context)
{
    struct page *page = context;
    page_clear(page);
    return webhook_each(tx, page->after, page_rows_wanted(page), add_webhook, page);
}

result get_webhooks(const struct request *request, struct reply *reply)
{
    OWNED(page_release) struct page page = {0};
    TRY(caller_unbound(request));
    TRY(page_open(request, "", &page));
    TRY(db_transact(request->db, request->arena, list_webhooks, &page));
    return page_reply(&page, reply);
}

static result find(struct db_tx *tx, void *context)
{
    struct webhook_question *question = context;
    return webhook_get(tx, question->request->args[0], &question->webhook);
}

result get_webhooks_id(const struct request *request, struct reply *reply)
{
    struct webhook_question question = question_of(request);
    TRY(enter(request));
    TRY(db_transact(request->db, request->arena, find, &question));
    return reply_tagged(request, reply, 200, describe(request, &question.webhook));
}

static result delete (struct db_tx *tx, void *context)
{
    struct webhook_question *question = context;
    TRY(find(tx, question));
    TRY(precondition_on(question->request, describe(question->request, &question->webhook)));
    return webhook_delete(tx, question->request->args[0]);
}

result delete_webhooks_id(const struct request *request, struct reply *reply)
{
    struct webhook_question question = question_of(request);
    TRY(enter(request));
    TRY(db_transact(request->db, request->arena, delete, &question));
    reply->status = 204;
    return OK;
}

static result rotate(struct db_tx *tx, void *context)
{
    struct webhook_question *question = context;
    return webhook_rotate(tx, question->request->args[0], &question->webhook, &question->secret);
}

result post_webhooks_id_rotate(const struct request *request, struct reply *reply)
{
    struct webhook_question question = question_of(request);
    TRY(enter(request));
    TRY(db_transact(request->db, request->arena, rotate, &question));
    return reply_with_secret(&question, reply, 200);
}

static result enable(struct db_tx *tx, void *context)
{
    struct webhook_question *question = context;
    return webhook_enable(tx, question->request->args[0], &question->webhook);
}

result post_webhooks_id_enable(const struct request *request, struct reply *reply)
{
    struct webhook_question question = question_of(request);
    TRY(enter(request));
    TRY(db_transact(request->db, request->arena, enable, &question));
    return reply_tagged(request, reply, 200, describe(request, &question.webhook));
}
