// SPDX-License-Identifier: Apache-2.0
#include "catalog_reply.h"

#include "page.h"

result described_document(const struct request *request, str document, json_t **json)
{
    (void)request;
    json_t *root = NULL;
    TRY(json_parse(document, &root));
    if (!json_is_object(root)) {
        json_decref(root);
        return FAIL(INTERNAL, "a stored document is no object");
    }
    *json = root;
    return OK;
}

// What was put, with key, version, sha256 and created_at.
static result describe(const struct request *request, const struct catalog_item *item,
                       json_t **json)
{
    json_t *root = NULL;
    TRY(described_document(request, item->document, &root));
    int wrong = json_object_set_new(root, "key", json_from_str(item->key));
    wrong |= json_object_set_new(root, "version", json_integer(item->version));
    wrong |= json_object_set_new(root, "sha256", json_from_str(item->sha256));
    wrong |= json_object_set_new(root, "created_at", json_instant_text(request, item->created_at));
    if (item->archived)
        wrong |= json_object_set_new(root, "archived", json_true());
    *json = root;
    return wrong == 0 ? OK : FAIL(INTERNAL, "out of memory");
}

result catalog_state(struct db_tx *tx, const struct request *request, str key,
                     enum catalog_kind kind, json_t **json)
{
    struct catalog_item item = {0};
    TRY(catalog_get(tx, kind, key, &item));
    return describe(request, &item, json);
}

struct item_list {
    struct page *page;
    enum catalog_kind kind;
};

static result add_item(void *context, const struct catalog_item *item)
{
    struct item_list *list = context;
    json_t *row = NULL;
    TRY(describe(list->page->request, item, &row));
    return page_add(list->page, item->key, row);
}

static result list_items(struct db_tx *tx, void *context)
{
    struct item_list *list = context;
    page_clear(list->page);
    return catalog_each(tx, list->kind, list->page->after, page_rows_wanted(list->page), add_item,
                        list);
}

result catalog_reply_list(const struct request *request, struct reply *reply,
                          enum catalog_kind kind)
{
    OWNED(page_release) struct page page = {0};
    TRY(page_open(request, "", &page));
    struct item_list list = {&page, kind};
    TRY(db_transact(request->db, request->arena, list_items, &list));
    return page_reply(&page, reply);
}

struct item_question {
    const struct request *request;
    enum catalog_kind kind;
    int64_t version; // 0: the current one
    struct change change;
    struct catalog_item item;
};

static result get_item(struct db_tx *tx, void *context)
{
    struct item_question *question = context;
    if (question->version != 0)
        return catalog_get_version(tx, question->kind, question->request->args[0],
                                   question->version, &question->item);
    return catalog_get(tx, question->kind, question->request->args[0], &question->item);
}

static result reply_item(const struct request *request, struct reply *reply, int status,
                         const struct catalog_item *item)
{
    json_t *json = NULL;
    TRY(describe(request, item, &json));
    reply_etag(request, reply, item->sha256);
    return http_reply_json(request, reply, status, json);
}

result catalog_reply_item(const struct request *request, struct reply *reply,
                          enum catalog_kind kind)
{
    struct item_question question = {.request = request, .kind = kind};
    bool versioned = false;
    TRY(http_parameters_known(request, "version"));
    TRY(parameter_i64(request, "version", INT64_MAX, &versioned, &question.version));
    if (versioned && question.version == 0)
        return FAIL(NOT_FOUND, "No such version.");
    TRY(db_transact(request->db, request->arena, get_item, &question));
    if (reply_not_modified(request, reply, question.item.sha256))
        return OK;
    return reply_item(request, reply, 200, &question.item);
}

static result put_item(struct db_tx *tx, void *context)
{
    struct item_question *question = context;
    const struct request *request = question->request;
    return catalog_put(tx, question->kind, request->args[0], document_of(request),
                       &question->change, &question->item);
}

result catalog_reply_put(const struct request *request, struct reply *reply, enum catalog_kind kind)
{
    struct item_question question = {.request = request, .kind = kind};
    TRY(http_parameters_known(request, ""));
    TRY(caller_unbound(request));
    TRY(document_required(request));
    TRY(precondition_read(request, &question.change));
    question.change.asks_approval = api_of(request)->approve_detectors_off;
    TRY(db_transact(request->db, request->arena, put_item, &question));
    return reply_item(request, reply, question.item.made == MADE_RESOURCE ? 201 : 200,
                      &question.item);
}

static result archive_item(struct db_tx *tx, void *context)
{
    struct item_question *question = context;
    const struct request *request = question->request;
    return catalog_archive(tx, question->kind, request->args[0], &question->change);
}

result catalog_reply_archive(const struct request *request, struct reply *reply,
                             enum catalog_kind kind)
{
    struct item_question question = {.request = request, .kind = kind};
    TRY(http_parameters_known(request, ""));
    TRY(caller_unbound(request));
    TRY(precondition_of_delete(request, &question.change));
    TRY(db_transact(request->db, request->arena, archive_item, &question));
    reply->status = 204;
    return OK;
}
