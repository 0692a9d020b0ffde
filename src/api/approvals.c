// SPDX-License-Identifier: Apache-2.0
// /v1/approvals, and what each action does once it is approved.
#include "approvals.h"

#include "page.h"
#include "phial/audit/retention.h"
#include "phial/audit/signatures.h"
#include "phial/invoicing/invoicing.h"
#include "phial/util/array.h"
#include "reason.h"
#include "states.h"

static json_t *text_or_null(str text)
{
    return text.len == 0 ? json_null() : json_from_str(text);
}

static result print(const struct request *request, const struct approval *approval, json_t **json)
{
    json_t *document = NULL;
    TRY(json_parse(approval->document, &document));
    json_t *root = json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", json_from_str(approval->id), "action",
        json_from_str(approval->action), "subject", json_from_str(approval->subject), "status",
        json_from_str(approval->status), "requested_by", json_from_str(approval->requested_by),
        "requested_at", json_instant_text(request, approval->requested_at), "reason",
        json_from_str(approval->reason), "document", document);
    int wrong = json_object_set_new(root, "decided_by", text_or_null(approval->decided_by));
    wrong |= json_object_set_new(
        root, "decided_at",
        approval->decided ? json_instant_text(request, approval->decided_at) : json_null());
    wrong |= json_object_set_new(root, "decision_reason", text_or_null(approval->decision_reason));
    wrong |= json_object_set_new(root, "meaning", text_or_null(approval->meaning));
    json_t *signature = NULL;
    TRY(signature_print(request->arena, approval, &signature));
    wrong |= json_object_set_new(root, "signature", signature);
    *json = root;
    return wrong == 0 ? OK : FAIL(INTERNAL, "out of memory");
}

result state_approval(struct db_tx *tx, const struct request *request, str id, json_t **json)
{
    struct approval approval = {0};
    TRY(approval_get(tx, id, STR(""), &approval));
    return print(request, &approval, json);
}

static result reply_approval(const struct request *request, struct reply *reply, int status,
                             const struct approval *approval)
{
    json_t *json = NULL;
    TRY(print(request, approval, &json));
    return reply_tagged(request, reply, status, json);
}

// {"declaration", "if_match"}: the version that it is to follow, null for a new type.
static result put_declaration(struct db_tx *tx, const struct approval *approval,
                              const struct change *decision, struct faults *faults)
{
    OWNED(json_release) json_t *document = NULL;
    struct catalog_item item = {0};
    TRY(json_parse(approval->document, &document));
    str tag = json_str(json_object_get(document, "if_match"));
    struct change change = {
        .actor = approval->requested_by,
        .reason = approval->reason,
        .now = decision->now,
        .precondition = {.if_match = tag, .create_only = tag.len == 0},
    };
    struct json_at declaration = {json_object_get(document, "declaration"), STR(""), faults};
    faults->count = 0;
    return catalog_put(tx, CATALOG_EVENT_TYPE, approval->subject, declaration, &change, &item);
}

static result run_retention(struct db_tx *tx, const struct approval *approval,
                            const struct change *decision, struct faults *faults)
{
    (void)faults; // everything was checked when it was asked for, and is judged once more
    return retention_run_approve(tx, approval, decision);
}

static const struct {
    const char *name;
    // In the transaction of the decision. PRECONDITION_FAILED where what it goes by has changed.
    result (*execute)(struct db_tx *tx, const struct approval *approval,
                      const struct change *decision, struct faults *faults);
} actions[] = {
    {"phi_detectors_off", put_declaration},
    {RETENTION_ACTION, run_retention},
};

// What has no way of its own is the request that was made then.
static result execute(struct db_tx *tx, const struct approval *approval,
                      const struct request *decision)
{
    for (size_t i = 0; i < COUNT_OF(actions); i++) {
        if (str_eq(approval->action, str_from(actions[i].name)))
            return actions[i].execute(tx, approval, &caller_of(decision)->change, decision->faults);
    }
    return approval_execute(tx, approval, decision);
}

struct asking {
    const struct request *request;
    struct approval wanted;
    struct approval approval;
    bool made;
};

static result open_approval(struct db_tx *tx, void *context)
{
    struct asking *asking = context;
    const struct request *request = asking->request;
    TRY(approval_open(tx, &asking->wanted, &caller_of(request)->change, &asking->approval,
                      &asking->made));
    record_made(request, asking->approval.id);
    record_unchanged(request, !asking->made);
    return OK;
}

static result reply_asked(struct asking *asking, struct reply *reply,
                          result (*ask)(struct db_tx *, void *))
{
    const struct request *request = asking->request;
    TRY(caller_has_reason(request));
    record_becomes(request, STR("approvals"));
    TRY(db_transact(request->db, request->arena, ask, asking));
    http_reply_header(
        reply, "Location",
        str_printf(request->arena, "/v1/approvals/%" STR_FMT, STR_ARG(asking->approval.id)));
    return reply_approval(request, reply, 202, &asking->approval);
}

result approval_reply_asked(const struct request *request, struct reply *reply,
                            const struct approval *wanted)
{
    struct asking asking = {.request = request, .wanted = *wanted};
    return reply_asked(&asking, reply, open_approval);
}

static result ask_detectors_off(struct db_tx *tx, void *context)
{
    struct asking *asking = context;
    const struct request *request = asking->request;
    struct catalog_item current = {0};
    result found = catalog_get(tx, CATALOG_EVENT_TYPE, request->args[0], &current);
    if (failed(found) && found.code != ERR_NOT_FOUND)
        return found;
    bool live = !failed(found) && !current.archived;
    OWNED(json_release)
    json_t *document = json_pack("{s:O, s:o}", "declaration", request->json, "if_match",
                                 live ? json_from_str(current.sha256) : json_null());
    if (document == NULL)
        return FAIL(INTERNAL, "out of memory");
    asking->wanted = (struct approval){
        .action = STR("phi_detectors_off"),
        .subject = request->args[0],
    };
    TRY(json_canonical(request->arena, document, &asking->wanted.document)); // a signature signs it
    return open_approval(tx, asking);
}

result approval_ask_detectors_off(const struct request *request, struct reply *reply)
{
    struct asking asking = {.request = request};
    return reply_asked(&asking, reply, ask_detectors_off);
}

// Who decides and who audits sees them all, anybody else what they asked for.
static str only_of(const struct request *request)
{
    const struct caller *caller = caller_of(request);
    bool all =
        key_may(&caller->key, SCOPE_billing_approve) || key_may(&caller->key, SCOPE_audit_read);
    return all ? STR("") : caller->change.actor;
}

struct approval_list {
    struct page *page;
    struct approval_filter filter;
};

static result add_approval(void *context, const struct approval *approval)
{
    struct approval_list *list = context;
    json_t *row = NULL;
    TRY(print(list->page->request, approval, &row));
    return page_add(list->page, approval->id, row);
}

static result list_approvals(struct db_tx *tx, void *context)
{
    struct approval_list *list = context;
    page_clear(list->page);
    return approval_each(tx, &list->filter, add_approval, list);
}

result get_approvals(const struct request *request, struct reply *reply)
{
    OWNED(page_release) struct page page = {0};
    TRY(page_open(request, "status", &page));
    TRY(caller_unbound(request));
    struct approval_list list = {
        .page = &page,
        .filter = {only_of(request), STR(""), page.after, page_rows_wanted(&page)},
    };
    (void)http_parameter(request, "status", &list.filter.status);
    str status = list.filter.status;
    if (status.len != 0 && !str_eq(status, STR("pending")) && !str_eq(status, STR("approved")) &&
        !str_eq(status, STR("refused")))
        return FAIL(BAD_PARAMETER, "status is pending, approved or refused.");
    TRY(db_transact(request->db, request->arena, list_approvals, &list));
    return page_reply(&page, reply);
}

static result find_approval(struct db_tx *tx, void *context)
{
    struct asking *asking = context;
    const struct request *request = asking->request;
    return approval_get(tx, request->args[0], only_of(request), &asking->approval);
}

result get_approvals_id(const struct request *request, struct reply *reply)
{
    struct asking asking = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(caller_unbound(request));
    TRY(db_transact(request->db, request->arena, find_approval, &asking));
    return reply_approval(request, reply, 200, &asking.approval);
}

struct decision {
    const struct request *request;
    bool approves;
    str meaning;
    struct approval approval;
};

// Whose records a refusal concerns: what was asked for says it, or the invoice that it is about.
static result record_whose(struct db_tx *tx, const struct request *request,
                           const struct approval *approval)
{
    OWNED(json_release) json_t *document = NULL;
    struct invoice invoice = {.customer = STR("")};
    str kind = STR("");
    str id = STR("");
    str rest = STR("");
    TRY(json_parse(approval->document, &document));
    const json_t *outcome = json_object_get(document, "outcome");
    str customer = json_str(json_object_get(outcome, "customer"));
    if (customer.len == 0 && str_cut(approval->subject, '/', &kind, &id) &&
        str_eq(kind, STR("invoices"))) {
        if (str_cut(id, '/', &kind, &rest))
            id = kind;
        TRY(invoice_get(tx, id, &invoice));
        customer = invoice.customer;
    }
    record_customer(request, str_copy(request->arena, customer));
    return OK;
}

static result decide(struct db_tx *tx, void *context)
{
    struct decision *decision = context;
    const struct request *request = decision->request;
    const struct caller *caller = caller_of(request);
    const struct change *change = &caller->change;
    str id = request->args[0];
    TRY(approval_lock(tx, id, STR(""), &decision->approval));
    if (decision->approves) {
        TRY(approval_check_approver(&decision->approval, change->actor));
        TRY(execute(tx, &decision->approval, request));
    } else {
        TRY(record_whose(tx, request, &decision->approval));
    }
    TRY(approval_decide(tx, id, decision->approves, decision->meaning, change));
    if (decision->approves)
        TRY(signature_add(tx, &decision->approval,
                          &(struct signing){change, caller->key.name, decision->meaning,
                                            caller->record.trail.customer}));
    return approval_get(tx, id, STR(""), &decision->approval);
}

// {"meaning"}: what the signature says; required to approve.
static result read_meaning(const struct request *request, struct decision *decision)
{
    OWNED(json_release) json_t *document = NULL;
    struct json_at at = document_optional(request, &document);
    str meaning = STR("");
    json_field field = json_text("meaning", &meaning);
    (void)json_read(at, decision->approves ? FIELDS(field) : FIELDS(json_optional(field)));
    if (json_object_get(document, "meaning") != NULL)
        reason_fault(json_member(at, "meaning"));
    TRY(faults_result(request->faults));
    decision->meaning = str_copy(request->arena, meaning);
    return OK;
}

// What it was may be to be noted, or for the jobs to do.
static void approved(const struct request *request)
{
    erasure_note(request);
    caller_nudge_jobs(request);
}

static result settle(const struct request *request, struct reply *reply, bool approves)
{
    struct decision decision = {.request = request, .approves = approves};
    TRY(http_parameters_known(request, ""));
    TRY(caller_unbound(request));
    TRY(read_meaning(request, &decision));
    TRY(caller_has_reason(request));
    TRY(db_transact(request->db, request->arena, decide, &decision));
    caller_afterwards(request, approves ? approved : caller_nudge_jobs);
    return reply_approval(request, reply, 200, &decision.approval);
}

result post_approvals_id_approve(const struct request *request, struct reply *reply)
{
    return settle(request, reply, true);
}

result post_approvals_id_refuse(const struct request *request, struct reply *reply)
{
    return settle(request, reply, false);
}
