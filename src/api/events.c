// SPDX-License-Identifier: Apache-2.0
// /v1/events
#include "backfills.h"
#include "event_view.h"
#include "page.h"
#include "phial/ingest/ingest.h"
#include "phial/invoicing/invoicing.h"
#include "phial/util/encode.h"
#include "prefer.h"

enum { SCAN_ROWS = 1000, INVOICES_MAX = 100 };

// Far enough either way for RFC 3339's years 1 to 9999.
static const int64_t year_us = INT64_C(366) * 86400 * 1000000;
static const int64_t time_min_us = INT64_C(-62135596800000000);
static const int64_t time_max_us = INT64_C(253402300800000000);

// A request with events, from its body to its answer.
struct posting {
    const struct request *request;
    struct ingest ingest;
    struct backfill backfill; // where there is one
    struct ingest_run *run;
    int turns; // begun
};

static result read_ingest(const struct request *request, struct ingest *ingest)
{
    str atomic = {0};
    TRY(http_parameters_known(request, "atomic backfill"));
    if (http_parameter(request, "atomic", &atomic)) {
        if (!str_eq(atomic, STR("true")) && !str_eq(atomic, STR("false")))
            return FAIL(BAD_PARAMETER, "atomic is true or false.");
        ingest->atomic = str_eq(atomic, STR("true"));
    }
    ingest->represent_all = prefer_representation(http_header_list(request, "Prefer"));
    ingest->lanes = api_of(request)->lanes;
    ingest->tally = api_of(request)->tally;
    return OK;
}

// What is this worker's, and what the caller's last authentication says.
static void bind_ingest(const struct request *request, struct ingest *ingest)
{
    ingest->db = request->db;
    ingest->arena = request->arena;
    ingest->cache = worker_of(request)->cache;
    ingest->now = caller_of(request)->change.now;
    ingest->actor = caller_of(request)->change.actor;
    // Nobody's events but the backfill's customer's go there.
    ingest->only_customer =
        ingest->backfill != NULL ? ingest->backfill->customer_id : bound_customer(request);
}

static result read_backfill(const struct request *request, struct posting *posting)
{
    str id = {0};
    if (!http_parameter(request, "backfill", &id))
        return OK;
    TRY(find_open_backfill(request, id, &posting->backfill));
    posting->ingest.backfill = &posting->backfill;
    return OK;
}

static void count_events(struct api *api, const struct ingest_answer *answer)
{
    api->events.accepted += (uint64_t)answer->accepted;
    api->events.duplicates += (uint64_t)answer->duplicates;
    api->events.rejected += (uint64_t)answer->rejected;
}

static result answer_posting(const struct request *request, struct reply *reply,
                             const struct posting *posting)
{
    struct ingest_answer answer = {0};
    ingest_answer(posting->run, &answer);
    if (posting->ingest.represent_all)
        http_reply_header(reply, "Preference-Applied", STR("return=representation"));
    if (!posting->ingest.validate)
        count_events(api_of(request), &answer);
    return http_reply_text(reply, answer.status, "application/json", answer.body);
}

static result finish_posting(const struct request *request, struct reply *reply);

static void on_submitted(void *context)
{
    const struct posting *posting = context;
    http_resume(posting->request);
}

// Decides, and stores at once or lets the request wait for its commit. The catalog that lets the
// caller in and the one that decides on the events have to be the same.
static result begin_posting(const struct request *request, struct reply *reply,
                            struct posting *posting)
{
    int64_t revision = 0;
    bool waits = false;
    while (++posting->turns <= CATALOG_TURNS_MAX) {
        bind_ingest(request, &posting->ingest);
        result admitted = ingest_admit(posting->run, &posting->ingest, &revision);
        if (admitted.code == ERR_CATALOG_CHANGED) {
            TRY(caller_again(request));
            continue;
        }
        TRY(admitted);
        if (revision != caller_of(request)->revision) {
            TRY(caller_again(request));
            continue;
        }
        reply->later = finish_posting; // before it can be resumed
        TRY(ingest_submit(posting->run, on_submitted, posting, &waits));
        if (waits)
            return OK;
        reply->later = NULL;
        result stored = ingest_store(posting->run);
        if (!failed(stored))
            return answer_posting(request, reply, posting);
        if (stored.code != ERR_CATALOG_CHANGED)
            return stored;
        TRY(caller_again(request));
    }
    return FAIL(CATALOG_CHANGED, "");
}

static result finish_posting(const struct request *request, struct reply *reply)
{
    struct posting *posting = caller_of(request)->work;
    result stored = ingest_submitted(posting->run);
    if (stored.code == ERR_CATALOG_CHANGED) {
        TRY(caller_again(request));
        return begin_posting(request, reply, posting);
    }
    TRY(stored);
    bind_ingest(request, &posting->ingest);
    TRY(ingest_count(posting->run, &posting->ingest));
    return answer_posting(request, reply, posting);
}

static result take_events(const struct request *request, struct reply *reply, bool validate)
{
    struct posting *posting = arena_new(request->arena, struct posting);
    enum event_format format = FORMAT_JSON;
    posting->request = request;
    posting->ingest.validate = validate;
    TRY(read_ingest(request, &posting->ingest));
    if (!event_format_parse(request->media_type, &format))
        return FAIL(UNSUPPORTED_MEDIA_TYPE, "The Content-Type is not one that carries events.");
    TRY(read_backfill(request, posting));
    bind_ingest(request, &posting->ingest);
    TRY(ingest_open(&posting->ingest, format, request->body, &posting->run));
    caller_of(request)->work = posting;
    return begin_posting(request, reply, posting);
}

result post_events(const struct request *request, struct reply *reply)
{
    return take_events(request, reply, false);
}

result post_events_validate(const struct request *request, struct reply *reply)
{
    return take_events(request, reply, true);
}

struct event_list {
    struct page *page;
    str customer;
    str type; // "" for any
    struct event_filter filter;
    // one stretch of the log, of the type, kept until its statement has ended
    struct entry *rows;
    size_t row_count;
    int64_t seen; // of any type
    int64_t next; // index after the last one seen
};

static bool has_type(str leaf, str type)
{
    OWNED(json_release) json_t *event = NULL;
    if (failed(json_parse(leaf_member(leaf, "event"), &event)))
        return false;
    return str_eq(json_str(json_object_get(event, "type")), type);
}

// Of a log that is read to its end for a type that is rare in it nothing else is kept.
static result keep_row(void *context, const struct entry *entry)
{
    struct event_list *list = context;
    list->seen++;
    list->next = entry->index + 1;
    if (list->type.len != 0 && !has_type(entry->leaf, list->type))
        return OK;
    struct entry *kept = &list->rows[list->row_count++];
    *kept = *entry;
    kept->leaf = str_copy(list->page->request->arena, entry->leaf);
    return OK;
}

static result add_event(struct db_tx *tx, struct event_list *list, const struct entry *entry)
{
    OWNED(event_view_release) struct event_view view = {0};
    const struct request *request = list->page->request;
    json_t *row = NULL;
    TRY(event_view_read(tx, list->filter.customer_id, entry, &view));
    TRY(event_view_print(request, &view, &row));
    return page_add(list->page, str_printf(request->arena, "%lld", (long long)entry->index), row);
}

static result list_events(struct db_tx *tx, void *context)
{
    struct event_list *list = context;
    struct customer customer = {0};
    page_clear(list->page);
    TRY(caller_customer(tx, list->page->request, list->customer, &customer));
    struct event_filter filter = list->filter;
    list->filter.customer_id = customer.id;
    filter.customer_id = customer.id;
    filter.limit = list->type.len == 0 ? page_rows_wanted(list->page) : SCAN_ROWS;
    list->rows = arena_array(list->page->request->arena, struct entry, (size_t)filter.limit);
    do {
        list->row_count = 0;
        list->seen = 0;
        TRY(ledger_each_event(tx, &filter, keep_row, list));
        for (size_t i = 0; i < list->row_count && !list->page->more; i++)
            TRY(add_event(tx, list, &list->rows[i]));
        filter.after = list->next;
    } while (list->seen == filter.limit && !list->page->more && list->type.len != 0);
    return OK;
}

result get_events(const struct request *request, struct reply *reply)
{
    OWNED(page_release) struct page page = {0};
    bool present = false;
    TRY(page_open(request, "customer type from to", &page));
    struct event_list list = {
        .page = &page,
        .type = STR(""),
        .filter = {.from = {time_min_us}, .to = {time_max_us}},
    };
    (void)http_parameter(request, "type", &list.type);
    if (!http_parameter(request, "customer", &list.customer))
        return FAIL(BAD_PARAMETER, "The list of events is one customer's: name it.");
    TRY(parameter_instant(request, "from", &present, &list.filter.from));
    TRY(parameter_instant(request, "to", &present, &list.filter.to));
    if (page.after.len != 0) {
        if (!str_to_i64(page.after, &list.filter.after) || list.filter.after < 0 ||
            list.filter.after == INT64_MAX)
            return FAIL(BAD_CURSOR, "The cursor is not one that this list gave out.");
        list.filter.after++;
    }
    TRY(db_transact(request->db, request->arena, list_events, &list));
    return page_reply(&page, reply);
}

struct event_question {
    const struct request *request;
    str source;
    json_t *json;
};

static void question_release(struct event_question *question)
{
    json_release(&question->json);
}

// {"index", "leaf", "at", "actor"}: where an entry stands, its leaf's hash, who wrote it and when.
static result print_entry(const struct request *request, const struct entry *entry, json_t **json)
{
    OWNED(json_release) json_t *leaf = NULL;
    instant at = {0};
    sha256 hash = merkle_leaf(entry->leaf);
    TRY(json_parse(entry->leaf, &leaf));
    TRY(instant_parse(json_str(json_object_get(leaf, "at")), &at));
    str base64 = encode_base64(request->arena, sha256_str(&hash));
    json_t *root = json_pack("{s:I, s:o, s:o, s:O}", "index", (json_int_t)entry->index, "leaf",
                             json_from_str(base64), "at", json_instant_text(request, at), "actor",
                             json_object_get(leaf, "actor"));
    int wrong = root == NULL;
    if (entry->kind != ENTRY_usage) {
        wrong |= json_object_set_new(root, "kind", json_from_str(entry_kind_name(entry->kind)));
        wrong |= json_object_set(root, "reason", json_object_get(leaf, "reason"));
    }
    if (entry->kind == ENTRY_amend)
        wrong |= json_object_set(root, "set", json_object_get(leaf, "set"));
    *json = root;
    return wrong == 0 ? OK : FAIL(INTERNAL, "a stored entry cannot be printed");
}

static result add_invoice(void *context, const struct invoice *invoice)
{
    json_t *list = context;
    json_t *number = invoice->number.len == 0 ? NULL : json_from_str(invoice->number);
    json_t *row = json_pack("{s:o, s:o*, s:o}", "id", json_from_str(invoice->id), "number", number,
                            "status", json_from_str(invoice->status));
    return json_array_append_new(list, row) == 0 ? OK : FAIL(INTERNAL, "out of memory");
}

struct invoices_at {
    instant time;
    int64_t index; // of the event in the log
    bool late;     // a statement of its period was issued before it came
    json_t *list;
};

static result add_covering(void *context, const struct invoice *invoice)
{
    struct invoices_at *at = context;
    if (invoice->period_start.us > at->time.us || invoice->period_end.us <= at->time.us)
        return OK;
    if (invoice->has_ledger_index && invoice->ledger_index < at->index) {
        at->late = true;
        return OK;
    }
    return add_invoice(at->list, invoice);
}

// The statements whose period holds the event's time, and those that billed what came after the
// issue of one. No period is longer than a year.
static result print_invoices(struct db_tx *tx, const struct request *request, int64_t customer_id,
                             const struct event_view *view, json_t **list)
{
    OWNED(json_release) json_t *rows = json_array();
    instant time = view->effective->time;
    struct invoices_at at = {time, view->original.index, false, rows};
    struct invoice_filter filter = {
        .customer_id = customer_id,
        .status = STR(""),
        .has_from = true,
        .has_to = true,
        .from = {time.us - year_us},
        .to = {time.us + 1},
        .after = STR(""),
        .limit = INVOICES_MAX,
    };
    TRY(invoice_each(tx, &filter, caller_of(request)->change.now, add_covering, &at));
    if (at.late)
        TRY(invoice_each_late(tx, customer_id, time, at.index, add_invoice, rows));
    *list = json_incref(rows);
    return OK;
}

static result print_corrections(const struct request *request, const struct event_view *view,
                                json_t **list)
{
    OWNED(json_release) json_t *rows = json_array();
    for (const struct correction_entry *one = view->corrections; one != NULL; one = one->next) {
        json_t *row = NULL;
        TRY(print_entry(request, &one->entry, &row));
        if (json_array_append_new(rows, row) != 0)
            return FAIL(INTERNAL, "out of memory");
    }
    *list = json_incref(rows);
    return OK;
}

static result print_event(struct db_tx *tx, const struct request *request,
                          const struct customer *customer, const struct event_view *view,
                          json_t **json)
{
    OWNED(json_release) json_t *root = NULL;
    json_t *entry = NULL;
    json_t *corrections = NULL;
    json_t *invoices = NULL;
    TRY(event_state_print(request, view, &root));
    TRY(print_entry(request, &view->original, &entry));
    int wrong = json_object_set_new(root, "entry", entry);
    TRY(print_corrections(request, view, &corrections));
    wrong |= json_object_set_new(root, "corrections", corrections);
    TRY(print_invoices(tx, request, customer->id, view, &invoices));
    wrong |= json_object_set_new(root, "invoices", invoices);
    wrong |= json_object_set_new(root, "customer", json_from_str(customer->key));
    *json = json_incref(root);
    return wrong == 0 ? OK : FAIL(INTERNAL, "out of memory");
}

static result find_event(struct db_tx *tx, void *context)
{
    struct event_question *question = context;
    const struct request *request = question->request;
    OWNED(event_view_release) struct event_view view = {0};
    struct customer customer = {0};
    struct entry entry = {0};
    TRY(caller_customer(tx, request, request->args[0], &customer));
    TRY(ledger_find(tx, customer.id, identity_of(question->source, request->args[1]), &entry));
    TRY(event_view_read(tx, customer.id, &entry, &view));
    json_release(&question->json);
    return print_event(tx, request, &customer, &view, &question->json);
}

result get_events_customer_id(const struct request *request, struct reply *reply)
{
    OWNED(question_release)
    struct event_question question = {.request = request, .source = STR("")};
    TRY(http_parameters_known(request, "source"));
    (void)http_parameter(request, "source", &question.source);
    TRY(db_transact(request->db, request->arena, find_event, &question));
    return reply_tagged(request, reply, 200, json_incref(question.json));
}
