// SPDX-License-Identifier: Apache-2.0
// /v1/keys
#include "page.h"
#include "states.h"

static result print_scopes(const struct api_key *key, json_t *into)
{
    for (int scope = 0; scope < SCOPE_COUNT; scope++) {
        bool has = (key->scopes >> (unsigned)scope & 1U) != 0;
        if (has && json_array_append_new(into, json_from_str(scope_print((enum scope)scope))) != 0)
            return FAIL(INTERNAL, "out of memory");
    }
    return OK;
}

static result describe(const struct request *request, const struct api_key *key, json_t **json)
{
    OWNED(json_release) json_t *scopes = json_array();
    TRY(print_scopes(key, scopes));
    json_t *customer = key->customer_id == 0 ? NULL : json_from_str(key->customer);
    json_t *expires = key->has_expiry ? json_instant_text(request, key->expires) : NULL;
    json_t *root =
        json_pack("{s:o, s:o, s:O, s:o*, s:o*, s:o}", "id", json_from_str(key->id), "name",
                  json_from_str(key->name), "scopes", scopes, "customer", customer, "expires",
                  expires, "created_at", json_instant_text(request, key->created_at));
    if (root == NULL)
        return FAIL(INTERNAL, "out of memory");
    *json = root;
    return OK;
}

result state_key(struct db_tx *tx, const struct request *request, str id, json_t **json)
{
    struct api_key key = {0};
    TRY(key_get(tx, id, &key));
    return describe(request, &key, json);
}

static result add_key(void *context, const struct api_key *key)
{
    struct page *page = context;
    json_t *row = NULL;
    TRY(describe(page->request, key, &row));
    return page_add(page, key->id, row);
}

static result list_keys(struct db_tx *tx, void *context)
{
    struct page *page = context;
    struct key_filter filter = {bound_customer(page->request), page->after, page_rows_wanted(page)};
    page_clear(page);
    return key_each(tx, &filter, add_key, page);
}

result get_keys(const struct request *request, struct reply *reply)
{
    OWNED(page_release) struct page page = {0};
    TRY(page_open(request, "", &page));
    TRY(db_transact(request->db, request->arena, list_keys, &page));
    return page_reply(&page, reply);
}

struct key_making {
    const struct request *request;
    struct api_key key;
    str secret;
};

static result make_key(struct db_tx *tx, void *context)
{
    struct key_making *making = context;
    const struct request *request = making->request;
    TRY(key_create(tx, document_of(request), &caller_of(request)->change, &making->key,
                   &making->secret));
    record_made(request, making->key.id);
    return OK;
}

result post_keys(const struct request *request, struct reply *reply)
{
    struct key_making making = {.request = request};
    json_t *json = NULL;
    TRY(http_parameters_known(request, ""));
    TRY(caller_unbound(request)); // it could give itself the rest
    TRY(document_required(request));
    TRY(db_transact(request->db, request->arena, make_key, &making));
    TRY(describe(request, &making.key, &json));
    if (json_object_set_new(json, "key", json_from_str(making.secret)) != 0) {
        json_decref(json);
        return FAIL(INTERNAL, "out of memory");
    }
    return http_reply_json(request, reply, 201, json);
}

static result revoke_key(struct db_tx *tx, void *context)
{
    const struct key_making *making = context;
    const struct request *request = making->request;
    return key_revoke(tx, request->args[0], &caller_of(request)->change);
}

result delete_keys_id(const struct request *request, struct reply *reply)
{
    struct key_making making = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(caller_unbound(request));
    TRY(db_transact(request->db, request->arena, revoke_key, &making));
    reply->status = 204;
    return OK;
}
