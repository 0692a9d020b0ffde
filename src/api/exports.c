// SPDX-License-Identifier: Apache-2.0
// /v1/exports
#include "caller.h"
#include "phial/audit/audit.h"
#include "phial/invoicing/invoicing.h"
#include "phial/ledger/ledger.h"
#include "phial/phi/phi.h"
#include "range.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PURPOSE_BYTES_MAX = 500 };

struct export_question {
    const struct request *request;
    struct export_request wanted;
    struct export_state state;
};

static json_t *describe(const struct request *request, const struct export_state *state)
{
    return json_pack("{s:o, s:o*, s:o, s:o}", "id", json_from_str(state->id), "customer",
                     state->customer.len == 0 ? NULL : json_from_str(state->customer), "status",
                     json_from_str(state->status), "created_at",
                     json_instant_text(request, state->created_at));
}

// What was asked for, whose purpose is the record's reason.
static result record_wanted(const struct export_question *question)
{
    const struct request *request = question->request;
    const struct export_request *wanted = &question->wanted;
    json_t *state = describe(request, &question->state);
    json_t *more =
        json_pack("{s:o*, s:o*, s:o*, s:o*}", "from",
                  wanted->has_from ? json_instant_text(request, wanted->from) : NULL, "to",
                  wanted->has_to ? json_instant_text(request, wanted->to) : NULL, "invoice",
                  wanted->invoice.len == 0 ? NULL : json_from_str(wanted->invoice), "since",
                  wanted->has_since ? json_integer((json_int_t)wanted->since) : NULL);
    int wrong = json_object_update_new(state, more);
    record_states(request, NULL, state);
    return wrong == 0 ? OK : FAIL(INTERNAL, "out of memory");
}

static void check_purpose(struct json_at at)
{
    str purpose = json_str(at.value);
    const struct phi_detector *hit = phi_find(purpose, 0);
    if (!json_is_string(at.value))
        return; // its absence or type is a fault already
    if (purpose.len == 0 || purpose.len > PURPOSE_BYTES_MAX)
        json_wrong(at, "invalid", "The purpose has 1 to 500 bytes.");
    else if (hit != NULL)
        faults_add_phi(at.faults, at.pointer, hit->name);
}

static result read_wanted(struct json_at document, struct export_request *wanted)
{
    bool trail = false;
    wanted->invoice = STR("");
    wanted->customer = STR("");
    (void)json_read(
        document, FIELDS(json_optional(json_text("customer", &wanted->customer)),
                         json_optional(json_flag("trail", &trail)),
                         json_optional_seen(json_instant("from", &wanted->from), &wanted->has_from),
                         json_optional_seen(json_instant("to", &wanted->to), &wanted->has_to),
                         json_optional(json_text("invoice", &wanted->invoice)),
                         json_optional_seen(json_i64("since", &wanted->since), &wanted->has_since),
                         json_text("purpose", &wanted->purpose)));
    check_purpose(json_member(document, "purpose"));
    if (wanted->has_from && wanted->has_to && wanted->from.us >= wanted->to.us)
        json_wrong(json_member(document, "to"), "invalid", "to must lie after from.");
    if (wanted->has_since && wanted->since < 1)
        json_wrong(json_member(document, "since"), "invalid",
                   "An earlier size is 1 or more: every log extends the empty one.");
    bool named = json_object_get(document.value, "customer") != NULL;
    if (!trail && !named)
        json_wrong(json_member(document, "customer"), "missing_member",
                   "An export is of a customer's log, or of the audit trail.");
    if (trail && named)
        json_wrong(json_member(document, "customer"), "invalid",
                   "The audit trail is nobody's: an export is of it or of a customer's log.");
    if (!trail && named && wanted->customer.len == 0)
        json_wrong(json_member(document, "customer"), "unknown_customer",
                   "There is no such customer.");
    if (trail && wanted->invoice.len != 0)
        json_wrong(json_member(document, "invoice"), "invalid",
                   "The audit trail holds no invoices.");
    return faults_result(document.faults);
}

static result find_customer(struct db_tx *tx, struct export_question *question,
                            struct json_at document)
{
    struct customer customer = {0};
    question->wanted.customer_id = TRAIL_LOG;
    if (question->wanted.customer.len == 0) {
        TRY(caller_unbound(question->request));
        return trail_append_whole(tx, caller_of(question->request)->change.now);
    }
    result found = caller_customer(tx, question->request, question->wanted.customer, &customer);
    if (found.code == ERR_NOT_FOUND && bound_customer(question->request) == 0) {
        json_wrong(json_member(document, "customer"), "unknown_customer",
                   "There is no such customer.");
        return faults_result(document.faults);
    }
    TRY(found);
    question->wanted.customer_id = customer.id;
    return OK;
}

// The invoice must be one of this customer's, and the earlier size one that the log has had.
static result check_references(struct db_tx *tx, struct export_question *question,
                               struct json_at document)
{
    struct invoice invoice = {0};
    struct head head;
    const struct export_request *wanted = &question->wanted;
    if (wanted->invoice.len != 0) {
        result found = invoice_get(tx, wanted->invoice, &invoice);
        if (failed(found) && found.code != ERR_NOT_FOUND)
            return found;
        if (failed(found) || invoice.customer_id != wanted->customer_id)
            json_wrong(json_member(document, "invoice"), "invalid",
                       "The customer has no such invoice.");
    }
    TRY(ledger_head(tx, wanted->customer_id, &head));
    if (wanted->has_since && wanted->since > head.size)
        json_wrong(json_member(document, "since"), "invalid", "The log has never had that size.");
    return faults_result(document.faults);
}

static result create(struct db_tx *tx, void *context)
{
    struct export_question *question = context;
    const struct request *request = question->request;
    struct json_at document = document_of(request);
    TRY(read_wanted(document, &question->wanted));
    TRY(find_customer(tx, question, document));
    TRY(check_references(tx, question, document));
    question->wanted.requested_by = caller_of(request)->change.actor;
    TRY(export_create(tx, &question->wanted, caller_of(request)->change.now, &question->state));
    record_made(request, question->state.id);
    record_purpose(request, question->wanted.purpose);
    return record_wanted(question);
}

result post_exports(const struct request *request, struct reply *reply)
{
    struct export_question question = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(document_required(request));
    TRY(db_transact(request->db, request->arena, create, &question));
    caller_afterwards(request, caller_nudge_jobs);
    http_reply_header(
        reply, "Location",
        str_printf(request->arena, "/v1/exports/%" STR_FMT, STR_ARG(question.state.id)));
    return reply_tagged(request, reply, 202, describe(request, &question.state));
}

static result find_export(struct db_tx *tx, void *context)
{
    struct export_question *question = context;
    const struct request *request = question->request;
    TRY(export_get(tx, request->args[0], &question->state));
    if (bound_customer(request) != 0 && bound_customer(request) != question->state.customer_id)
        return FAIL(NOT_FOUND, "No such resource.");
    record_customer(request, question->state.customer);
    record_purpose(request, question->state.purpose);
    return OK;
}

static result find_ready(struct db_tx *tx, void *context)
{
    struct export_question *question = context;
    TRY(find_export(tx, question));
    return str_eq(question->state.status, STR("ready"))
               ? OK
               : FAIL(NOT_READY, "The export is not ready.");
}

result get_exports_id(const struct request *request, struct reply *reply)
{
    struct export_question question = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(db_transact(request->db, request->arena, find_export, &question));
    return reply_tagged(request, reply, 200, describe(request, &question.state));
}

// The whole archive, or the part of it that is asked for: an archive that is ready never changes.
static result reply_archive(const struct request *request, struct reply *reply, str tag)
{
    int64_t to = reply->file_bytes;
    str range = http_header(request, "Range");
    str if_range = http_header(request, "If-Range");
    str quoted = str_printf(request->arena, "\"%" STR_FMT "\"", STR_ARG(tag));
    reply->status = 200;
    http_reply_header(reply, "Accept-Ranges", STR("bytes"));
    if (if_range.len != 0 && !str_eq(if_range, quoted))
        return OK;
    enum range_kind kind = range_read(range, reply->file_bytes, &reply->file_from, &to);
    if (kind == RANGE_WHOLE)
        return OK;
    if (kind == RANGE_NONE) {
        http_reply_header(reply, "Content-Range",
                          str_printf(request->arena, "bytes */%lld", (long long)reply->file_bytes));
        return FAIL(RANGE_NOT_SATISFIABLE, "The archive has no such part.");
    }
    http_reply_header(reply, "Content-Range",
                      str_printf(request->arena, "bytes %lld-%lld/%lld",
                                 (long long)reply->file_from, (long long)to - 1,
                                 (long long)reply->file_bytes));
    reply->status = 206;
    reply->file_bytes = to - reply->file_from;
    return OK;
}

result get_exports_id_download(const struct request *request, struct reply *reply)
{
    struct export_question question = {.request = request};
    struct stat about = {0};
    TRY(http_parameters_known(request, ""));
    TRY(db_transact(request->db, request->arena, find_ready, &question));
    int file = open(str_to_c(request->arena, question.state.path), O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return FAIL(NOT_FOUND, "The archive is not kept any more.");
    if (fstat(file, &about) != 0) {
        (void)close(file);
        return FAIL(INTERNAL, "the archive cannot be read");
    }
    reply_etag(request, reply, question.state.id);
    http_reply_header(reply, "Content-Disposition",
                      str_printf(request->arena, "attachment; filename=\"%" STR_FMT ".tar\"",
                                 STR_ARG(question.state.id)));
    reply->media_type = STR("application/x-tar");
    reply->file = file;
    reply->file_bytes = about.st_size;
    return reply_archive(request, reply, question.state.id);
}
