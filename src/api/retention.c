// SPDX-License-Identifier: Apache-2.0
// /v1/retention
#include "phial/audit/retention.h"

#include "page.h"
#include "states.h"

static json_t *print_class(const struct retention_terms *terms, enum retention_class number)
{
    const struct retention_rule *rule = retention_rule(number);
    bool ends = rule->years != 0;
    return json_pack("{s:s, s:o*, s:o*, s:s, s:s}", "name", rule->name, "years",
                     ends ? json_integer((json_int_t)terms->years[number]) : NULL, "least_years",
                     ends ? json_integer((json_int_t)rule->years) : NULL, "counted_from",
                     retention_start_name(rule->start), "ground", rule->ground);
}

result get_retention_classes(const struct request *request, struct reply *reply)
{
    TRY(http_parameters_known(request, ""));
    json_t *list = json_array();
    for (size_t i = 0; i < RETENTION_CLASS_COUNT; i++)
        (void)json_array_append_new(
            list, print_class(&api_of(request)->retention, (enum retention_class)i));
    return http_reply_json(request, reply, 200,
                           json_pack("{s:s, s:o}", "default", "standard-10y", "data", list));
}

// ---- runs

struct run_question {
    const struct request *request;
    struct retention_request wanted;
    struct retention_run run;
};

static result print_run(const struct request *request, const struct retention_run *run,
                        json_t **json)
{
    OWNED(json_release) json_t *plan = NULL;
    OWNED(json_release) json_t *shares = NULL;
    TRY(json_parse(run->plan, &plan));
    TRY(json_parse(run->shares, &shares));
    *json = json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o*, s:o*, s:o*, s:O, s:O}", "id", json_from_str(run->id),
        "as_of", json_instant_text(request, run->as_of), "status", json_from_str(run->status),
        "created_at", json_instant_text(request, run->created_at), "requested_by",
        json_from_str(run->requested_by), "reason", json_from_str(run->reason), "approval",
        run->approval.len == 0 ? NULL : json_from_str(run->approval), "approved_by",
        run->approved_by.len == 0 ? NULL : json_from_str(run->approved_by), "finished_at",
        run->finished ? json_instant_text(request, run->finished_at) : NULL, "plan", plan,
        "customers", shares);
    return *json == NULL ? FAIL(INTERNAL, "out of memory") : OK;
}

result state_retention_run(struct db_tx *tx, const struct request *request, str id, json_t **json)
{
    struct retention_run run = {0};
    TRY(retention_run_get(tx, id, &run));
    return print_run(request, &run, json);
}

static result reply_run(const struct run_question *question, struct reply *reply, int status)
{
    json_t *json = NULL;
    TRY(print_run(question->request, &question->run, &json));
    return reply_tagged(question->request, reply, status, json);
}

static result read_wanted(struct db_tx *tx, struct run_question *question, struct json_at document)
{
    const struct request *request = question->request;
    instant now = caller_of(request)->change.now;
    struct customer customer = {0};
    bool named = false;
    str key = STR("");
    question->wanted =
        (struct retention_request){.as_of = now, .terms = &api_of(request)->retention};
    (void)json_read(document,
                    FIELDS(json_optional_seen(json_text("customer", &key), &named),
                           json_optional(json_instant("as_of", &question->wanted.as_of))));
    TRY(faults_result(document.faults));
    if (question->wanted.as_of.us > now.us)
        json_wrong(json_member(document, "as_of"), "invalid", "as_of lies after now.");
    result found = named ? caller_customer(tx, request, key, &customer) : OK;
    if (found.code == ERR_NOT_FOUND)
        json_wrong(json_member(document, "customer"), "unknown_customer",
                   "There is no such customer.");
    else
        TRY(found);
    if (!named)
        record_customer(request, STR("*"));
    question->wanted.customer_id = customer.id;
    return faults_result(document.faults);
}

static result create(struct db_tx *tx, void *context)
{
    struct run_question *question = context;
    const struct request *request = question->request;
    TRY(read_wanted(tx, question, document_of(request)));
    TRY(retention_run_create(tx, &question->wanted, &caller_of(request)->change, &question->run));
    record_made(request, question->run.id);
    return OK;
}

result post_retention_runs(const struct request *request, struct reply *reply)
{
    struct run_question question = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(caller_unbound(request));
    TRY(document_required(request));
    TRY(caller_has_reason(request));
    TRY(db_transact(request->db, request->arena, create, &question));
    http_reply_header(
        reply, "Location",
        str_printf(request->arena, "/v1/retention/runs/%" STR_FMT, STR_ARG(question.run.id)));
    return reply_run(&question, reply, 202);
}

static result find(struct db_tx *tx, void *context)
{
    struct run_question *question = context;
    return retention_run_get(tx, question->request->args[0], &question->run);
}

result get_retention_runs_id(const struct request *request, struct reply *reply)
{
    struct run_question question = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(caller_unbound(request));
    TRY(db_transact(request->db, request->arena, find, &question));
    return reply_run(&question, reply, 200);
}

static result add_run(void *context, const struct retention_run *run)
{
    struct page *page = context;
    json_t *row = NULL;
    TRY(print_run(page->request, run, &row));
    return page_add(page, run->id, row);
}

static result list(struct db_tx *tx, void *context)
{
    struct page *page = context;
    page_clear(page);
    return retention_run_each(tx, page->after, page_rows_wanted(page), add_run, page);
}

result get_retention_runs(const struct request *request, struct reply *reply)
{
    OWNED(page_release) struct page page = {0};
    TRY(page_open(request, "", &page));
    TRY(caller_unbound(request));
    TRY(db_transact(request->db, request->arena, list, &page));
    return page_reply(&page, reply);
}
