// SPDX-License-Identifier: Apache-2.0
// /v1/invoices/:invoice/proof, /v1/invoices/:invoice/lines/:key/events
#include "invoice_caller.h"
#include "page.h"
#include "phial/audit/proof.h"

struct proof_question {
    const struct request *request;
    json_t *proof;
};

static void proof_release(struct proof_question *question)
{
    json_release(&question->proof);
}

static result prove(struct db_tx *tx, void *context)
{
    struct proof_question *question = context;
    struct invoice invoice = {0};
    TRY(caller_invoice(tx, question->request, question->request->args[0], &invoice));
    json_release(&question->proof);
    return invoice_proof(tx, &invoice, &question->proof);
}

result get_invoices_invoice_proof(const struct request *request, struct reply *reply)
{
    OWNED(proof_release) struct proof_question question = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(db_transact(request->db, request->arena, prove, &question));
    return http_reply_json(request, reply, 200, json_incref(question.proof));
}

struct event_list {
    struct page *page;
    const struct zone *zone; // the statement's
    int64_t after;
};

// "2026-11-03"
static json_t *local_day(struct arena *arena, const struct zone *zone, instant at)
{
    int year = 0;
    int month = 0;
    int day_of_month = 0;
    day_to_civil(zone_day(zone, at), &year, &month, &day_of_month);
    return json_from_str(str_printf(arena, "%04d-%02d-%02d", year, month, day_of_month));
}

static result add_event(void *context, const struct usage_event *event)
{
    struct event_list *list = context;
    const struct request *request = list->page->request;
    struct arena *arena = request->arena;
    str key = str_printf(arena, "%lld", (long long)event->index);
    json_t *properties = usage_event_properties(event);
    if (properties == NULL)
        properties = json_object();
    return page_add(
        list->page, key,
        json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "index", (json_int_t)event->index,
                  "id", json_from_str(event->id), "source", json_from_str(event->source), "type",
                  json_from_str(event->type), "time", json_instant_text(request, event->time),
                  "day", local_day(arena, list->zone, event->time), "quantity",
                  json_from_str(decimal_print(arena, event->quantity)), "properties", properties));
}

static result list_events(struct db_tx *tx, void *context)
{
    struct event_list *list = context;
    const struct request *request = list->page->request;
    OWNED(json_release) json_t *statement = NULL;
    struct invoice invoice = {0};
    page_clear(list->page);
    TRY(caller_invoice(tx, request, request->args[0], &invoice));
    TRY(invoice_statement(tx, &invoice, caller_of(request)->change.now, &statement));
    const json_t *period = json_object_get(statement, "period");
    TRY(zone_load(request->arena, json_str(json_object_get(period, "time_zone")), &list->zone));
    struct line_query query = {&invoice, statement, request->args[1], list->after,
                               page_rows_wanted(list->page)};
    return line_events_each(tx, &query, add_event, list);
}

result get_invoices_invoice_lines_key_events(const struct request *request, struct reply *reply)
{
    OWNED(page_release) struct page page = {0};
    TRY(page_open(request, "", &page));
    struct event_list list = {.page = &page};
    int64_t last = -1;
    if (page.after.len != 0 && !str_to_i64(page.after, &last))
        return FAIL(BAD_CURSOR, "The cursor is not one that this list gave out.");
    list.after = last + 1;
    TRY(db_transact(request->db, request->arena, list_events, &list));
    return page_reply(&page, reply);
}
