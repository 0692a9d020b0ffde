// SPDX-License-Identifier: Apache-2.0
// /v1/holds
#include "phial/audit/holds.h"

#include "page.h"
#include "reason.h"
#include "states.h"

struct hold_question {
    const struct request *request;
    struct hold wanted;
    const json_t *types;
    struct hold hold;
};

static result print(const struct request *request, const struct hold *hold, json_t **json)
{
    json_t *types = NULL;
    TRY(json_parse(hold->event_types, &types));
    json_t *root = json_pack(
        "{s:o, s:o, s:o, s:o*, s:o*, s:o, s:s, s:I, s:o, s:o, s:o}", "id", json_from_str(hold->id),
        "customer", json_from_str(hold->customer), "event_types", types, "from",
        hold->has_from ? json_instant_text(request, hold->from) : NULL, "to",
        hold->has_to ? json_instant_text(request, hold->to) : NULL, "matter",
        json_from_str(hold->matter), "status", hold->released ? "released" : "active", "index",
        (json_int_t)hold->made_index, "created_at", json_instant_text(request, hold->created_at),
        "created_by", json_from_str(hold->created_by), "reason", json_from_str(hold->reason));
    int wrong = root == NULL;
    if (hold->released) {
        wrong |= json_object_set_new(root, "released_index",
                                     json_integer((json_int_t)hold->released_index));
        wrong |=
            json_object_set_new(root, "released_at", json_instant_text(request, hold->released_at));
        wrong |= json_object_set_new(root, "released_by", json_from_str(hold->released_by));
        wrong |= json_object_set_new(root, "release_reason", json_from_str(hold->release_reason));
    }
    *json = root;
    return wrong == 0 ? OK : FAIL(INTERNAL, "out of memory");
}

result state_hold(struct db_tx *tx, const struct request *request, str id, json_t **json)
{
    struct hold hold = {0};
    TRY(hold_get(tx, id, &hold));
    return print(request, &hold, json);
}

static result reply_hold(const struct hold_question *question, struct reply *reply, int status)
{
    json_t *json = NULL;
    TRY(print(question->request, &question->hold, &json));
    return reply_tagged(question->request, reply, status, json);
}

// ---- making one

static void check_types(struct db_tx *tx, struct json_at list)
{
    size_t count = json_array_size(list.value);
    if (count > HOLD_TYPES_MAX)
        json_wrong(list, "invalid", "A hold names at most 100 event types.");
    for (size_t i = 0; i < count && i < HOLD_TYPES_MAX; i++) {
        struct json_at item = json_item(list, i);
        struct catalog_item type = {0};
        str key = json_str(item.value);
        if (!catalog_key_valid(key) || failed(catalog_get(tx, CATALOG_EVENT_TYPE, key, &type)))
            json_wrong(item, "unknown_type", "No such event type is declared.");
    }
}

static result read_wanted(struct db_tx *tx, struct hold_question *question, struct json_at document)
{
    struct hold *wanted = &question->wanted;
    bool whole = json_read(
        document, FIELDS(json_text("customer", &wanted->customer),
                         json_optional(json_items("event_types", &question->types)),
                         json_optional_seen(json_instant("from", &wanted->from), &wanted->has_from),
                         json_optional_seen(json_instant("to", &wanted->to), &wanted->has_to),
                         json_text("matter", &wanted->matter)));
    reason_fault(json_member(document, "matter"));
    wanted->matter = str_trim(wanted->matter);
    if (whole && wanted->has_from && wanted->has_to && wanted->from.us >= wanted->to.us)
        json_wrong(json_member(document, "to"), "invalid", "to must lie after from.");
    if (question->types != NULL)
        check_types(tx, json_member(document, "event_types"));
    wanted->event_types =
        question->types == NULL ? STR("[]") : json_print(question->request->arena, question->types);
    return faults_result(document.faults);
}

static result create(struct db_tx *tx, void *context)
{
    struct hold_question *question = context;
    const struct request *request = question->request;
    struct json_at document = document_of(request);
    struct customer customer = {0};
    question->wanted = (struct hold){0};
    question->types = NULL;
    TRY(read_wanted(tx, question, document));
    result found = caller_customer(tx, request, question->wanted.customer, &customer);
    if (found.code == ERR_NOT_FOUND && bound_customer(request) == 0) {
        json_wrong(json_member(document, "customer"), "unknown_customer",
                   "There is no such customer.");
        return faults_result(document.faults);
    }
    TRY(found);
    question->wanted.customer_id = customer.id;
    question->wanted.customer = customer.key;
    TRY(hold_create(tx, &question->wanted, &caller_of(request)->change, &question->hold));
    record_made(request, question->hold.id);
    return OK;
}

result post_holds(const struct request *request, struct reply *reply)
{
    struct hold_question question = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(document_required(request));
    TRY(caller_has_reason(request));
    TRY(db_transact(request->db, request->arena, create, &question));
    http_reply_header(reply, "Location",
                      str_printf(request->arena, "/v1/holds/%" STR_FMT, STR_ARG(question.hold.id)));
    return reply_hold(&question, reply, 201);
}

// ---- reading, releasing

struct hold_list {
    struct page *page;
    str customer;
    struct hold_filter filter;
};

static result add_hold(void *context, const struct hold *hold)
{
    struct hold_list *list = context;
    json_t *row = NULL;
    TRY(print(list->page->request, hold, &row));
    return page_add(list->page, hold->id, row);
}

static result list_holds(struct db_tx *tx, void *context)
{
    struct hold_list *list = context;
    page_clear(list->page);
    TRY(caller_narrow(tx, list->page->request, list->customer, &list->filter.customer_id));
    return hold_each(tx, &list->filter, add_hold, list);
}

result get_holds(const struct request *request, struct reply *reply)
{
    OWNED(page_release) struct page page = {0};
    str status = STR("");
    TRY(page_open(request, "customer status", &page));
    struct hold_list list = {
        .page = &page,
        .customer = STR(""),
        .filter = {.after = page.after, .limit = page_rows_wanted(&page)},
    };
    (void)http_parameter(request, "customer", &list.customer);
    list.filter.active = http_parameter(request, "status", &status);
    if (list.filter.active && !str_eq(status, STR("active")))
        return FAIL(BAD_PARAMETER, "status is active, or left out for all.");
    TRY(db_transact(request->db, request->arena, list_holds, &list));
    return page_reply(&page, reply);
}

static result find(struct db_tx *tx, void *context)
{
    struct hold_question *question = context;
    const struct request *request = question->request;
    TRY(hold_get(tx, request->args[0], &question->hold));
    if (bound_customer(request) != 0 && bound_customer(request) != question->hold.customer_id)
        return FAIL(NOT_FOUND, "No such resource.");
    record_customer(request, question->hold.customer);
    return OK;
}

result get_holds_id(const struct request *request, struct reply *reply)
{
    struct hold_question question = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(db_transact(request->db, request->arena, find, &question));
    return reply_hold(&question, reply, 200);
}

static result release(struct db_tx *tx, void *context)
{
    struct hold_question *question = context;
    TRY(find(tx, question));
    return hold_release(tx, question->request->args[0], &caller_of(question->request)->change,
                        &question->hold);
}

result post_holds_id_release(const struct request *request, struct reply *reply)
{
    struct hold_question question = {.request = request};
    OWNED(json_release) json_t *document = NULL;
    struct json_at at = document_optional(request, &document);
    TRY(http_parameters_known(request, ""));
    if (!json_read(at, (struct json_fields){NULL, 0}))
        return faults_result(request->faults);
    TRY(caller_has_reason(request));
    TRY(db_transact(request->db, request->arena, release, &question));
    return reply_hold(&question, reply, 200);
}
