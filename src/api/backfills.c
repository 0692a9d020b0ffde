// SPDX-License-Identifier: Apache-2.0
// /v1/backfills
#include "backfills.h"

#include "page.h"
#include "phial/invoicing/effect.h"
#include "phial/ledger/removed.h"
#include "reason.h"
#include "states.h"

struct backfill_question {
    const struct request *request;
    struct backfill wanted;
    struct backfill backfill;
    bool has_effects;
    struct effects effects;
};

static result set_all(json_t *into, json_t *members)
{
    int wrong = members == NULL ? -1 : json_object_update(into, members);
    json_decref(members);
    return wrong == 0 ? OK : FAIL(INTERNAL, "out of memory");
}

static result set_closing(const struct request *request, const struct backfill *backfill,
                          json_t *into)
{
    bool reason = backfill->closing_reason.len != 0;
    if (!backfill->is_closed)
        return OK;
    TRY(set_all(into, json_pack("{s:o, s:o, s:o*}", "closed_at",
                                json_instant_text(request, backfill->closed_at), "closed_by",
                                json_from_str(backfill->closed_by), "closing_reason",
                                reason ? json_from_str(backfill->closing_reason) : NULL)));
    if (!backfill->is_committed)
        return OK;
    return set_all(into, json_pack("{s:I, s:I, s:I, s:I, s:I}", "accepted",
                                   (json_int_t)backfill->accepted, "duplicates",
                                   (json_int_t)backfill->duplicates, "conflicts",
                                   (json_int_t)backfill->conflicts, "from_index",
                                   (json_int_t)backfill->from_index, "to_index",
                                   (json_int_t)backfill->to_index));
}

static result describe(const struct request *request, const struct backfill *backfill,
                       json_t **described)
{
    OWNED(json_release)
    json_t *root = json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o}", "id", json_from_str(backfill->id),
        "customer", json_from_str(backfill->customer), "from",
        json_instant_text(request, backfill->from), "to", json_instant_text(request, backfill->to),
        "reason", json_from_str(backfill->reason), "status", json_from_str(backfill->status),
        "events", (json_int_t)backfill->events, "created_at",
        json_instant_text(request, backfill->created_at), "created_by",
        json_from_str(backfill->created_by));
    if (root == NULL)
        return FAIL(INTERNAL, "out of memory");
    TRY(set_closing(request, backfill, root));
    *described = json_incref(root);
    return OK;
}

result state_backfill(struct db_tx *tx, const struct request *request, str id, json_t **json)
{
    struct backfill backfill = {0};
    TRY(backfill_get(tx, id, 0, &backfill));
    return describe(request, &backfill, json);
}

static json_t *money_text(const struct request *request, money amount)
{
    return json_from_str(money_print(request->arena, amount));
}

static json_t *describe_effect(const struct request *request, const struct effect *effect)
{
    json_t *invoice = NULL;
    if (effect->invoice.len != 0)
        invoice = json_pack("{s:o, s:o, s:o}", "id", json_from_str(effect->invoice), "number",
                            effect->number.len == 0 ? json_null() : json_from_str(effect->number),
                            "status", json_from_str(effect->status));
    return json_pack(
        "{s:o, s:{s:o, s:o, s:I}, s:o*, s:s, s:o, s:o, s:o}", "subscription",
        json_from_str(effect->subscription), "period", "start",
        json_instant_text(request, effect->period.start), "end",
        json_instant_text(request, effect->period.end), "number", (json_int_t)effect->period.number,
        "invoice", invoice, "currency", currency_code(effect->difference.currency), "total_before",
        money_text(request, effect->before), "total_after", money_text(request, effect->after),
        "difference", money_text(request, effect->difference));
}

static result set_effects(const struct request *request, const struct effects *effects,
                          json_t *into)
{
    json_t *list = json_array();
    if (json_object_set_new(into, "preview", list) != 0)
        return FAIL(INTERNAL, "out of memory");
    for (size_t i = 0; i < effects->count; i++) {
        if (json_array_append_new(list, describe_effect(request, &effects->items[i])) != 0)
            return FAIL(INTERNAL, "out of memory");
    }
    return set_all(into, json_pack("{s:b, s:s, s:o}", "preview_complete", (int)effects->complete,
                                   "currency", currency_code(effects->difference.currency),
                                   "difference", money_text(request, effects->difference)));
}

static result reply_backfill(const struct backfill_question *question, struct reply *reply,
                             int status)
{
    OWNED(json_release) json_t *root = NULL;
    const struct request *request = question->request;
    TRY(describe(request, &question->backfill, &root));
    if (question->has_effects)
        TRY(set_effects(request, &question->effects, root));
    return reply_tagged(request, reply, status, json_incref(root));
}

// ---- opening

static result read_wanted(struct json_at document, struct backfill *wanted)
{
    bool whole = json_read(document, FIELDS(json_text("customer", &wanted->customer),
                                            json_instant("from", &wanted->from),
                                            json_instant("to", &wanted->to),
                                            json_text("reason", &wanted->reason)));
    reason_fault(json_member(document, "reason"));
    wanted->reason = str_trim(wanted->reason);
    if (whole && wanted->from.us >= wanted->to.us)
        json_wrong(json_member(document, "to"), "invalid", "to must lie after from.");
    return faults_result(document.faults);
}

static result find_customer(struct db_tx *tx, struct backfill_question *question,
                            struct json_at document)
{
    struct customer customer = {0};
    result found = caller_customer(tx, question->request, question->wanted.customer, &customer);
    if (failed(found) && (found.code != ERR_NOT_FOUND || bound_customer(question->request) != 0))
        return found;
    if (failed(found) || customer.archived)
        json_wrong(json_member(document, "customer"), "unknown_customer",
                   "There is no such customer.");
    question->wanted.customer_id = customer.id;
    return faults_result(document.faults);
}

static result open_backfill(struct db_tx *tx, void *context)
{
    struct backfill_question *question = context;
    struct json_at document = document_of(question->request);
    TRY(read_wanted(document, &question->wanted));
    TRY(find_customer(tx, question, document));
    TRY(ledger_check_unsealed(tx, question->wanted.customer_id, question->wanted.from));
    TRY(backfill_open(tx, &question->wanted, &caller_of(question->request)->change,
                      &question->backfill));
    record_made(question->request, question->backfill.id);
    record_purpose(question->request, question->backfill.reason);
    return OK;
}

result post_backfills(const struct request *request, struct reply *reply)
{
    struct backfill_question question = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(document_required(request));
    TRY(db_transact(request->db, request->arena, open_backfill, &question));
    http_reply_header(
        reply, "Location",
        str_printf(request->arena, "/v1/backfills/%" STR_FMT, STR_ARG(question.backfill.id)));
    return reply_backfill(&question, reply, 201);
}

// ---- reading

struct backfill_list {
    struct page *page;
    str customer;
    struct backfill_filter filter;
};

static result add_backfill(void *context, const struct backfill *backfill)
{
    struct backfill_list *list = context;
    json_t *row = NULL;
    TRY(describe(list->page->request, backfill, &row));
    return page_add(list->page, backfill->id, row);
}

static result list_backfills(struct db_tx *tx, void *context)
{
    struct backfill_list *list = context;
    const struct request *request = list->page->request;
    page_clear(list->page);
    TRY(caller_narrow(tx, request, list->customer, &list->filter.customer_id));
    return backfill_each(tx, &list->filter, add_backfill, list);
}

static bool status_known(str status)
{
    return status.len == 0 || str_eq(status, STR("open")) || str_eq(status, STR("committed")) ||
           str_eq(status, STR("abandoned"));
}

result get_backfills(const struct request *request, struct reply *reply)
{
    OWNED(page_release) struct page page = {0};
    TRY(page_open(request, "customer status", &page));
    struct backfill_list list = {
        .page = &page,
        .customer = STR(""),
        .filter = {.status = STR(""), .after = page.after, .limit = page_rows_wanted(&page)},
    };
    (void)http_parameter(request, "customer", &list.customer);
    (void)http_parameter(request, "status", &list.filter.status);
    if (!status_known(list.filter.status))
        return FAIL(BAD_PARAMETER, "status is open, committed or abandoned.");
    TRY(db_transact(request->db, request->arena, list_backfills, &list));
    return page_reply(&page, reply);
}

// Money is for keys that may read bills. What was open a moment ago may be closed by now: it is
// read again after its row is held.
static result read_backfill(struct db_tx *tx, void *context)
{
    struct backfill_question *question = context;
    const struct request *request = question->request;
    str id = request->args[0];
    int64_t only = bound_customer(request);
    question->has_effects = false;
    TRY(backfill_get(tx, id, only, &question->backfill));
    record_customer(request, question->backfill.customer);
    if (question->backfill.is_closed || !key_may(&caller_of(request)->key, SCOPE_billing_read))
        return OK;
    result held = backfill_effects(tx, id, &question->effects);
    if (failed(held) && held.code != ERR_NOT_FOUND)
        return held;
    question->has_effects = !failed(held);
    TRY(backfill_get(tx, id, only, &question->backfill));
    if (question->has_effects) // others go on staging
        question->backfill.events = question->effects.events;
    return OK;
}

result get_backfills_id(const struct request *request, struct reply *reply)
{
    struct backfill_question question = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(db_transact(request->db, request->arena, read_backfill, &question));
    return reply_backfill(&question, reply, 200);
}

struct finding {
    str id;
    int64_t only_customer;
    struct backfill *backfill;
};

static result find_open(struct db_tx *tx, void *context)
{
    const struct finding *finding = context;
    TRY(backfill_get(tx, finding->id, finding->only_customer, finding->backfill));
    return finding->backfill->is_closed ? FAIL(BACKFILL_CLOSED, "") : OK;
}

result find_open_backfill(const struct request *request, str id, struct backfill *backfill)
{
    struct finding finding = {id, bound_customer(request), backfill};
    return db_transact(request->db, request->arena, find_open, &finding);
}

// ---- closing

static result reply_closed(const struct request *request, struct reply *reply,
                           result (*work)(struct db_tx *, void *))
{
    struct backfill_question question = {.request = request};
    OWNED(json_release) json_t *document = NULL;
    TRY(http_parameters_known(request, ""));
    if (!json_read(document_optional(request, &document), (struct json_fields){NULL, 0}))
        return faults_result(request->faults);
    TRY(db_transact(request->db, request->arena, work, &question));
    return reply_backfill(&question, reply, 200);
}

static result commit(struct db_tx *tx, void *context)
{
    struct backfill_question *question = context;
    const struct request *request = question->request;
    return backfill_commit(tx, request->args[0], bound_customer(request),
                           &caller_of(request)->change, &question->backfill);
}

result post_backfills_id_commit(const struct request *request, struct reply *reply)
{
    return reply_closed(request, reply, commit);
}

static result abandon(struct db_tx *tx, void *context)
{
    struct backfill_question *question = context;
    const struct request *request = question->request;
    return backfill_abandon(tx, request->args[0], bound_customer(request),
                            &caller_of(request)->change, &question->backfill);
}

result post_backfills_id_abandon(const struct request *request, struct reply *reply)
{
    return reply_closed(request, reply, abandon);
}
