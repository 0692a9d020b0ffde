// SPDX-License-Identifier: Apache-2.0
// /v1/reconciliations
#include "phial/util/array.h"
#include "reconciliation.h"
#include "usage_privacy.h"

// From the body, or what was stored of it, to the answer.
struct reconciling {
    struct reconciliation_question question;
    struct json_at document;
    json_t *held; // owns what is parsed on the way
    struct claimed claimed;
    struct staged_reconciliation staged;
    struct reconciled reconciled;
    json_t *sources; // that sign their events
};

static void reconciling_release(struct reconciling *reconciling)
{
    json_release(&reconciling->held);
    json_release(&reconciling->sources);
}

static bool is_csv(const struct request *request)
{
    return str_eq(request->media_type, STR("text/csv"));
}

// What stands in the query of a body of CSV, as the document that it would be.
static result document_of_query(const struct request *request, json_t **document)
{
    static const char *const names[] = {"customer", "metric", "type",  "from",
                                        "to",       "total",  "source"};
    OWNED(json_release) json_t *made = json_object();
    TRY(http_parameters_known(request, "customer metric type from to total source format"));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        str value = {0};
        if (http_parameter(request, names[i], &value) &&
            json_object_set_new(made, names[i], json_from_str(value)) != 0)
            return FAIL(BAD_PARAMETER, "A parameter is not valid UTF-8.");
    }
    if (json_object_set_new(made, "ids", json_array()) != 0)
        return FAIL(INTERNAL, "out of memory");
    *document = json_incref(made);
    return OK;
}

static result read_document(const struct request *request, json_t **document)
{
    if (is_csv(request))
        return document_of_query(request, document);
    TRY(http_parameters_known(request, "format"));
    if (!str_eq(request->media_type, STR("application/json")))
        return FAIL(UNSUPPORTED_MEDIA_TYPE, "");
    if (request->body.len == 0)
        return FAIL(INVALID_JSON, "The request needs a JSON document as its body.");
    return json_parse(request->body, document);
}

// The held list owns the document.
static result start(const struct request *request, json_t *document,
                    struct reconciling *reconciling)
{
    reconciling->held = json_array();
    if (reconciling->held == NULL || json_array_append_new(reconciling->held, document) != 0)
        return FAIL(INTERNAL, "out of memory");
    reconciling->document = (struct json_at){document, STR(""), request->faults};
    return OK;
}

static result read_question(const struct request *request, struct reconciling *reconciling)
{
    request->faults->count = 0;
    reconciling->question = (struct reconciliation_question){.request = request, .source = STR("")};
    return reconciliation_read(reconciling->document, &reconciling->question);
}

// Usage about few persons is not for a key that may not see single events, be it by comparing.
static result check_privacy(struct db_tx *tx, const struct reconciling *reconciling)
{
    const struct reconciliation *what = &reconciling->question.what;
    struct usage_privacy privacy = {0};
    if (what->metric == NULL ||
        usage_privacy_spares(&caller_of(reconciling->question.request)->key))
        return OK;
    TRY(usage_privacy_read(tx, what->customer, what->metric, STR(""), &privacy));
    bool small =
        reconciling->reconciled.events > 0 && reconciling->reconciled.events < privacy.threshold;
    for (size_t i = 0; i < what->window_count; i++)
        small =
            small || (what->windows[i].events > 0 && what->windows[i].events < privacy.threshold);
    if (privacy.applies && small)
        return FAIL(FORBIDDEN, "The ledger's figure is of too few persons for a key that may not "
                               "send events.");
    return OK;
}

static result add_source(void *context, const struct attested_source *source)
{
    const struct reconciling *reconciling = context;
    return json_array_append_new(reconciling->sources, attested_source_print(source)) == 0
               ? OK
               : FAIL(INTERNAL, "out of memory");
}

static result compare(struct db_tx *tx, struct reconciling *reconciling)
{
    TRY(reconcile(tx, &reconciling->question.what, &reconciling->reconciled));
    TRY(check_privacy(tx, reconciling));
    json_release(&reconciling->sources);
    reconciling->sources = json_array();
    return attested_sources_each(tx, reconciling->question.customer.id, add_source, reconciling);
}

// ---- POST /v1/reconciliations

static result read_claims(const struct request *request, struct reconciling *reconciling)
{
    struct reconciliation_question *question = &reconciling->question;
    if (question->ids == NULL)
        return OK;
    bool csv = is_csv(request);
    struct claimed *claimed = &reconciling->claimed;
    size_t most = csv ? claims_count_lines(request->body) : json_array_size(question->ids);
    struct claim_sink sink = claimed_sink(claimed, request->arena, most);
    TRY(csv ? claims_read_csv(question, request->body, &sink)
            : claims_read_json(question, json_member(reconciling->document, "ids"), &sink));
    claimed->sent = sink.sent;
    claimed->refused = sink.refused;
    question->what.claimed = claimed;
    return OK;
}

// What is kept of the question: all of it, as it was asked.
static result open_staged(struct db_tx *tx, struct reconciling *reconciling)
{
    struct reconciliation_question *question = &reconciling->question;
    TRY(reconciliation_open(tx, question->customer.id,
                            json_print(db_arena(tx), reconciling->document.value),
                            &caller_of(question->request)->change, &reconciling->staged));
    record_made(question->request, reconciling->staged.id);
    return OK;
}

static result run(struct db_tx *tx, void *context)
{
    struct reconciling *reconciling = context;
    const struct request *request = reconciling->question.request;
    TRY(read_question(request, reconciling));
    TRY(reconciliation_resolve(tx, reconciling->document, reconciling->held,
                               &reconciling->question));
    record_customer(request, reconciling->question.customer.key);
    if (reconciling->question.is_staged)
        return open_staged(tx, reconciling);
    TRY(read_claims(request, reconciling));
    return compare(tx, reconciling);
}

// By ?format=, or else by Accept.
static result choose_form(const struct request *request, struct reply *reply, bool *csv)
{
    static const enum media offered[] = {MEDIA_JSON, MEDIA_CSV};
    str format = {0};
    http_reply_header(reply, "Vary", STR("Accept"));
    if (http_parameter(request, "format", &format))
        return parameter_csv(request, csv);
    enum media media =
        accept_media(http_header_list(request, "Accept"), offered, COUNT_OF(offered));
    *csv = media == MEDIA_CSV;
    return media == MEDIA_NONE ? FAIL(NOT_ACCEPTABLE, "A reconciliation is JSON or CSV.") : OK;
}

static result reply_answer(const struct reconciling *reconciling, bool csv, struct reply *reply)
{
    const struct reconciliation_question *question = &reconciling->question;
    const struct request *request = question->request;
    if (csv)
        return http_reply_text(reply, 200, "text/csv; charset=utf-8",
                               reconciliation_print_csv(question, &reconciling->reconciled));
    json_t *answer = reconciliation_print(question, &reconciling->reconciled);
    const struct reconciled *reconciled = &reconciling->reconciled;
    if (reconciled->looked_through && json_array_size(reconciling->sources) > 0)
        (void)json_object_set_new(answer, "attested",
                                  json_pack("{s:I, s:I, s:O}", "covered",
                                            (json_int_t)reconciled->attested, "uncovered",
                                            (json_int_t)(reconciled->events - reconciled->attested),
                                            "sources", reconciling->sources));
    if (reconciling->staged.id.len != 0)
        (void)json_object_set_new(answer, "id", json_from_str(reconciling->staged.id));
    return http_reply_json(request, reply, 200, answer);
}

static result reply_staged(const struct reconciling *reconciling, const struct request *request,
                           struct reply *reply, int status)
{
    const struct staged_reconciliation *staged = &reconciling->staged;
    return http_reply_json(request, reply, status,
                           json_pack("{s:o, s:s, s:I, s:I, s:o}", "id", json_from_str(staged->id),
                                     "status", "open", "sent", (json_int_t)staged->sent, "refused",
                                     (json_int_t)(staged->sent - staged->ids), "created_at",
                                     json_instant_text(request, staged->created_at)));
}

result post_reconciliations(const struct request *request, struct reply *reply)
{
    OWNED(reconciling_release) struct reconciling reconciling = {0};
    json_t *document = NULL;
    bool csv = false;
    TRY(read_document(request, &document));
    TRY(start(request, document, &reconciling));
    TRY(choose_form(request, reply, &csv));
    reconciling.question.request = request;
    TRY(db_transact(request->db, request->arena, run, &reconciling));
    if (!reconciling.question.is_staged)
        return reply_answer(&reconciling, csv, reply);
    http_reply_header(reply, "Location",
                      str_printf(request->arena, "/v1/reconciliations/%" STR_FMT,
                                 STR_ARG(reconciling.staged.id)));
    return reply_staged(&reconciling, request, reply, 201);
}

// ---- /v1/reconciliations/:id

// The stored question, asked again.
static result reopen(struct db_tx *tx, struct reconciling *reconciling,
                     const struct request *request)
{
    json_t *document = NULL;
    TRY(reconciliation_get(tx, request->args[0], bound_customer(request), &reconciling->staged));
    TRY(json_parse(reconciling->staged.question, &document));
    json_release(&reconciling->held);
    TRY(start(request, document, reconciling));
    TRY(read_question(request, reconciling));
    TRY(reconciliation_resolve(tx, reconciling->document, reconciling->held,
                               &reconciling->question));
    record_customer(request, reconciling->question.customer.key);
    return OK;
}

static result read_part(void *context, struct claim_sink *sink)
{
    const struct reconciliation_question *question = context;
    str body = question->request->body;
    return is_csv(question->request) ? claims_read_csv(question, body, sink)
                                     : claims_read_ndjson(question, body, sink);
}

static result add_part(struct db_tx *tx, void *context)
{
    struct reconciling *reconciling = context;
    const struct request *request = reconciling->question.request;
    TRY(reopen(tx, reconciling, request));
    if (!is_csv(request) && !str_eq(request->media_type, STR("application/x-ndjson")))
        return FAIL(UNSUPPORTED_MEDIA_TYPE, "Ids come as application/x-ndjson or text/csv.");
    return reconciliation_add(tx, &reconciling->staged, read_part, &reconciling->question);
}

result post_reconciliations_id_ids(const struct request *request, struct reply *reply)
{
    OWNED(reconciling_release) struct reconciling reconciling = {.question = {.request = request}};
    TRY(http_parameters_known(request, ""));
    TRY(db_transact(request->db, request->arena, add_part, &reconciling));
    return reply_staged(&reconciling, request, reply, 200);
}

static result compare_staged(struct db_tx *tx, void *context)
{
    struct reconciling *reconciling = context;
    TRY(reopen(tx, reconciling, reconciling->question.request));
    const struct staged_reconciliation *staged = &reconciling->staged;
    reconciling->claimed = (struct claimed){
        .sent = staged->sent, .refused = staged->sent - staged->ids, .staged = staged};
    reconciling->question.what.claimed = &reconciling->claimed;
    return compare(tx, reconciling);
}

result get_reconciliations_id(const struct request *request, struct reply *reply)
{
    OWNED(reconciling_release) struct reconciling reconciling = {.question = {.request = request}};
    bool csv = false;
    TRY(http_parameters_known(request, "format"));
    TRY(choose_form(request, reply, &csv));
    TRY(db_transact(request->db, request->arena, compare_staged, &reconciling));
    return reply_answer(&reconciling, csv, reply);
}

static result drop(struct db_tx *tx, void *context)
{
    const struct request *request = context;
    struct staged_reconciliation staged = {0};
    struct customer customer = {0};
    TRY(reconciliation_get(tx, request->args[0], bound_customer(request), &staged));
    TRY(customer_get_by_id(tx, staged.customer_id, &customer));
    record_customer(request, customer.key);
    return reconciliation_drop(tx, request->args[0], bound_customer(request));
}

result delete_reconciliations_id(const struct request *request, struct reply *reply)
{
    struct request asked = *request;
    TRY(http_parameters_known(request, ""));
    TRY(db_transact(request->db, request->arena, drop, &asked));
    reply->status = 204;
    return OK;
}
