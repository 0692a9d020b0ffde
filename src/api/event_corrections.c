// SPDX-License-Identifier: Apache-2.0
// /v1/events/:customer/:id/void and .../amend: entries that refer to the original.
#include "event_view.h"
#include "phial/ingest/amend.h"
#include "phial/ledger/removed.h"
#include "phial/util/encode.h"

struct correction {
    const struct request *request;
    enum entry_kind kind;
    str source;
    str set; // of an amendment, canonical
    struct customer customer;
    struct entry original;
    // of an amendment: what its check needs
    const struct cached_customer *cached;
    const struct event_type *type;
    instant time;
    json_t *properties;
    int64_t last;     // the entry that corrected it last, 0 without one
    int64_t revision; // of the catalog that it was checked by
    // answers
    int64_t index;
    json_t *event;
};

static void correction_release(struct correction *correction)
{
    json_release(&correction->properties);
    json_release(&correction->event);
}

static int64_t last_of(const struct event_view *view)
{
    int64_t last = 0;
    for (const struct correction_entry *one = view->corrections; one != NULL; one = one->next)
        last = one->entry.index;
    return last;
}

// The original, with its corrections. ALREADY_VOID where nothing can be corrected any more.
static result find_original(struct db_tx *tx, struct correction *correction,
                            struct event_view *view)
{
    const struct request *request = correction->request;
    TRY(caller_customer(tx, request, request->args[0], &correction->customer));
    TRY(ledger_find(tx, correction->customer.id, identity_of(correction->source, request->args[1]),
                    &correction->original));
    TRY(event_view_read(tx, correction->customer.id, &correction->original, view));
    if (view->effective->voided)
        return FAIL(ALREADY_VOID, "The event has been voided before.");
    return ledger_check_unsealed(tx, correction->customer.id, view->effective->time);
}

static str print_reference(const struct correction *correction)
{
    struct arena *arena = correction->request->arena;
    sha256 leaf = merkle_leaf(correction->original.leaf);
    return str_printf(arena, "{\"index\":%lld,\"leaf\":\"%" STR_FMT "\"}",
                      (long long)correction->original.index,
                      STR_ARG(encode_base64(arena, sha256_str(&leaf))));
}

static result append_correction(struct db_tx *tx, struct correction *correction)
{
    const struct change *change = &caller_of(correction->request)->change;
    struct buf reason = {.arena = correction->request->arena};
    json_quote(&reason, change->reason);
    struct append entry = {
        .customer_id = correction->customer.id,
        .customer = correction->customer.key,
        .kind = correction->kind,
        .has_reference = true,
        .reference = correction->original.index,
        .members = {{"reason", buf_str(&reason)},
                    {"ref", print_reference(correction)},
                    {"set", correction->set}},
        .member_count = correction->kind == ENTRY_amend ? 3 : 2,
    };
    TRY(ledger_append(tx, change->now, change->actor, &entry, 1));
    correction->index = entry.index;
    return OK;
}

// With the log's head locked nobody else corrects the event meanwhile.
static result correct(struct db_tx *tx, void *context)
{
    struct correction *correction = context;
    const struct request *request = correction->request;
    OWNED(event_view_release) struct event_view before = {0};
    OWNED(event_view_release) struct event_view after = {0};
    OWNED(json_release) json_t *was = NULL;
    OWNED(json_release) json_t *is = NULL;
    struct head head;
    TRY(caller_customer(tx, request, request->args[0], &correction->customer));
    TRY(ledger_head_lock(tx, correction->customer.id, &head));
    TRY(find_original(tx, correction, &before));
    if (correction->kind == ENTRY_amend && last_of(&before) != correction->last)
        return FAIL(CATALOG_CHANGED, "The event was corrected meanwhile.");
    TRY(event_state_print(request, &before, &was));
    TRY(append_correction(tx, correction));
    // With the head held: its tokens are not of a key that has been destroyed.
    if (correction->kind == ENTRY_amend)
        TRY(catalog_require_revision(tx, correction->revision));
    TRY(event_view_read(tx, correction->customer.id, &correction->original, &after));
    TRY(ledger_check_unsealed(tx, correction->customer.id, after.effective->time));
    json_release(&correction->event);
    TRY(event_state_print(request, &after, &is));
    record_states(request, json_incref(was), json_incref(is));
    return event_view_print(request, &after, &correction->event);
}

static result reply_corrected(const struct request *request, struct reply *reply,
                              struct correction *correction)
{
    TRY(db_transact(request->db, request->arena, correct, correction));
    return http_reply_json(request, reply, 201,
                           json_pack("{s:I, s:O}", "index", (json_int_t)correction->index, "event",
                                     correction->event));
}

static result read_question(const struct request *request, struct correction *correction)
{
    TRY(http_parameters_known(request, "source"));
    (void)http_parameter(request, "source", &correction->source);
    return caller_has_reason(request);
}

result post_events_customer_id_void(const struct request *request, struct reply *reply)
{
    OWNED(correction_release)
    struct correction correction = {.request = request, .kind = ENTRY_void, .source = STR("")};
    OWNED(json_release) json_t *document = NULL;
    struct json_at at = document_optional(request, &document);
    TRY(read_question(request, &correction));
    if (!json_read(at, (struct json_fields){NULL, 0}))
        return faults_result(request->faults);
    return reply_corrected(request, reply, &correction);
}

static result look_up(struct db_tx *tx, void *context)
{
    struct correction *correction = context;
    OWNED(event_view_release) struct event_view view = {0};
    struct catalog_cache *cache = worker_of(correction->request)->cache;
    TRY(find_original(tx, correction, &view));
    TRY(cache_refresh(cache, tx));
    TRY(cache_customer(cache, tx, correction->customer.key, &correction->cached));
    TRY(cache_event_type(cache, tx, view.effective->type, &correction->type));
    correction->time = view.effective->time;
    json_release(&correction->properties);
    correction->properties = usage_event_properties(view.effective);
    correction->last = last_of(&view);
    correction->revision = cache_revision(cache);
    if (correction->cached == NULL || correction->type == NULL)
        return FAIL(CONFLICT, "The customer or the event type is archived.");
    return OK;
}

static result check_amendment(struct correction *correction)
{
    const struct request *request = correction->request;
    TRY(db_transact(request->db, request->arena, look_up, correction));
    struct amendment amendment = {
        .db = request->db,
        .cache = worker_of(request)->cache,
        .customer = correction->cached,
        .type = correction->type,
        .source = correction->source,
        .id = request->args[1],
        .time = correction->time,
        .properties = correction->properties,
        .now = caller_of(request)->change.now,
    };
    return amendment_read(&amendment, document_of(request), &correction->set);
}

result post_events_customer_id_amend(const struct request *request, struct reply *reply)
{
    OWNED(correction_release)
    struct correction correction = {.request = request, .kind = ENTRY_amend, .source = STR("")};
    TRY(read_question(request, &correction));
    TRY(document_required(request));
    result done = FAIL(CATALOG_CHANGED, "");
    for (int turn = 0; turn < CATALOG_TURNS_MAX && done.code == ERR_CATALOG_CHANGED; turn++) {
        done = check_amendment(&correction);
        if (!failed(done))
            done = reply_corrected(request, reply, &correction);
    }
    return done;
}
