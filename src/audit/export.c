// SPDX-License-Identifier: Apache-2.0
// export.c - the requests for exports and their states.
#include "audit.sql.h"
#include "export_archive.h"
#include "export_range.h"
#include "phial/audit/audit.h"
#include "phial/crypto/crypto.h"
#include "phial/ledger/ledger.h"
#include "phial/outbox/outbox.h"
#include "phial/trail/trail.h"

static str request_text(struct arena *arena, const struct export_request *request)
{
    OWNED(json_release) json_t *document = json_object();
    if (request->has_from)
        (void)json_object_set_new(document, "from",
                                  json_from_str(instant_print(arena, request->from)));
    if (request->has_to)
        (void)json_object_set_new(document, "to", json_from_str(instant_print(arena, request->to)));
    if (request->has_indexes) {
        (void)json_object_set_new(document, "from_index", json_integer(request->from_index));
        (void)json_object_set_new(document, "to_index", json_integer(request->to_index));
    }
    if (request->invoice.len != 0)
        (void)json_object_set_new(document, "invoice", json_from_str(request->invoice));
    if (request->has_since)
        (void)json_object_set_new(document, "since", json_integer(request->since));
    return json_print(arena, document);
}

static result request_read(struct arena *arena, str text, struct export_request *request)
{
    OWNED(json_release) json_t *document = NULL;
    TRY(json_parse(text, &document));
    const json_t *from = json_object_get(document, "from");
    const json_t *to = json_object_get(document, "to");
    const json_t *since = json_object_get(document, "since");
    request->has_from = from != NULL;
    request->has_to = to != NULL;
    request->has_since = since != NULL;
    request->has_indexes = json_object_get(document, "to_index") != NULL;
    request->from_index = json_integer_value(json_object_get(document, "from_index"));
    request->to_index = json_integer_value(json_object_get(document, "to_index"));
    if (from != NULL)
        TRY(instant_parse(json_str(from), &request->from));
    if (to != NULL)
        TRY(instant_parse(json_str(to), &request->to));
    request->since = json_integer_value(since);
    request->invoice = str_copy(arena, json_str(json_object_get(document, "invoice")));
    return OK;
}

result export_create(struct db_tx *tx, const struct export_request *request, instant now,
                     struct export_state *state)
{
    struct arena *arena = db_arena(tx);
    struct head head = {0};
    struct export_range range = {0};
    TRY(ledger_head(tx, request->customer_id, &head));
    if (request->has_since && (request->since < 1 || request->since > head.size))
        return FAIL(INVALID, "since: not a size that the log has had");
    TRY(export_range_find(tx, request, head.size, &range)); // a bad request fails now, not later

    str id = crypto_id(arena);
    TRY(db_exec(tx, &audit_insert_export_sql,
                PARAMS(db_text(id), db_i64(request->customer_id),
                       db_text(request_text(arena, request)), db_text(request->requested_by),
                       db_text(request->purpose), db_instant(now))));
    return export_get(tx, id, state);
}

result export_get(struct db_tx *tx, str id, struct export_state *state)
{
    struct export_state draft = {0};
    if (!crypto_is_id(id))
        return FAIL(NOT_FOUND, "No such resource.");
    TRY(db_one(tx, &audit_find_export_sql, PARAMS(db_text(id)),
               COLUMNS(db_into_text("export_id", &draft.id),
                       db_into_text("customer", &draft.customer),
                       db_into_i64("customer_id", &draft.customer_id),
                       db_into_text("status", &draft.status), db_into_text("path", &draft.path),
                       db_into_text("purpose", &draft.purpose), db_into_i64("bytes", &draft.bytes),
                       db_into_instant("created_at", &draft.created_at))));
    *state = draft;
    return OK;
}

static result claim(struct db_tx *tx, void *context)
{
    struct export_work *work = context;
    struct export_request *request = &work->request;
    str text = {0};
    TRY(db_one(tx, &audit_claim_export_sql, NO_PARAMS,
               COLUMNS(db_into_text("export_id", &work->id),
                       db_into_i64("customer_id", &request->customer_id),
                       db_into_text("request", &text),
                       db_into_text("requested_by", &request->requested_by),
                       db_into_text("purpose", &request->purpose))));
    TRY(request_read(db_arena(tx), text, request));
    request->customer = STR(""); // the audit trail's
    if (request->customer_id == TRAIL_LOG)
        return trail_append_whole(tx, work->now);
    return db_one(tx, &audit_find_customer_key_sql, PARAMS(db_i64(request->customer_id)),
                  COLUMNS(db_into_text("key", &request->customer)));
}

static result finish(struct db_tx *tx, struct export_work *work, bool made)
{
    if (made)
        TRY(outbox_put(tx, OUTBOX_export_ready, work->now,
                       json_pack("{s:o, s:o}", "export", json_from_str(work->id), "customer",
                                 json_from_str(work->request.customer))));
    return db_exec(tx, &audit_finish_export_sql,
                   PARAMS(db_text(work->id), db_text(made ? STR("ready") : STR("failed")),
                          made ? db_text(str_from(work->path)) : db_null(),
                          made ? db_i64(work->bytes) : db_null()));
}

// The row is held for as long as it takes: nobody else takes up a run that goes on.
static result make(struct db_tx *tx, void *context)
{
    struct export_work *work = context;
    str status = {0};
    TRY(db_one(tx, &audit_hold_export_sql, PARAMS(db_text(work->id)),
               COLUMNS(db_into_text("status", &status))));
    if (!str_eq(status, STR("running")))
        return OK; // another has made it
    TRY(export_archive_make(tx, work));
    return finish(tx, work, true);
}

static result give_up(struct db_tx *tx, void *context)
{
    return finish(tx, context, false);
}

result export_run_one(struct db *db, struct arena *arena, const struct export_tools *tools,
                      instant now, bool *done)
{
    struct export_work work = {.signer = tools->signer, .renderer = tools->renderer, .now = now};
    result claimed = db_transact(db, arena, claim, &work);
    if (claimed.code == ERR_NOT_FOUND) {
        *done = false;
        return OK;
    }
    TRY(claimed);
    work.path = str_printf(arena, "%s/%" STR_FMT ".tar", tools->folder, STR_ARG(work.id)).ptr;
    result made = db_transact(db, arena, make, &work);
    if (failed(made))
        TRY(db_transact(db, arena, give_up, &work));
    *done = true;
    return made;
}
