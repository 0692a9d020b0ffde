// SPDX-License-Identifier: Apache-2.0
// What a reconciliation asks.
#include "phial/phi/phi.h"
#include "reconciliation.h"

enum { ID_BYTES_MAX = 128 };

// In order, none of them over another, all within the time. An end that is left out is where the
// next one begins.
static void check_windows(struct json_at document, struct reconciliation *what, const bool *has_end)
{
    for (size_t i = 0; i < what->window_count; i++) {
        struct compared_window *window = &what->windows[i];
        struct json_at at = json_item(json_member(document, "windows"), i);
        bool last = i + 1 == what->window_count;
        if (!has_end[i])
            window->end = last ? what->to : what->windows[i + 1].start;
        if (window->start.us < what->from.us || window->end.us > what->to.us)
            json_wrong(at, "invalid", "The window lies outside of from and to.");
        else if (window->start.us >= window->end.us ||
                 (!last && window->end.us > what->windows[i + 1].start.us))
            json_wrong(at, "invalid",
                       "Windows are in order, none is empty, and none lies over the next.");
    }
}

static void read_windows(struct json_at document, struct reconciliation *what)
{
    struct json_at list = json_member(document, "windows");
    size_t count = json_array_size(list.value);
    bool *has_end = arena_array(document.faults->arena, bool, count);
    size_t faults = document.faults->count;
    if (count > RECONCILED_WINDOWS_MAX) {
        json_wrong(list, "invalid", "There are at most 10,000 windows.");
        return;
    }
    what->windows = arena_array(document.faults->arena, struct compared_window, count);
    what->window_count = count;
    for (size_t i = 0; i < count; i++) {
        struct compared_window *window = &what->windows[i];
        int64_t events = 0; // as /usage answers them; the quantity is what is compared
        *window = (struct compared_window){0};
        (void)json_read(json_item(list, i),
                        FIELDS(json_instant("start", &window->start),
                               json_optional_seen(json_instant("end", &window->end), &has_end[i]),
                               json_decimal("quantity", &window->yours),
                               json_optional(json_i64("events", &events))));
    }
    if (document.faults->count == faults)
        check_windows(document, what, has_end);
}

static void check_source(struct json_at document, str source)
{
    const struct phi_detector *hit = phi_find(source, 0);
    if (source.len > ID_BYTES_MAX)
        json_wrong(json_member(document, "source"), "invalid", "A source has at most 128 bytes.");
    else if (hit != NULL)
        faults_add_phi(document.faults, json_member(document, "source").pointer, hit->name);
}

result reconciliation_read(struct json_at document, struct reconciliation_question *question)
{
    struct reconciliation *what = &question->what;
    const json_t *windows = NULL;
    bool whole = json_read(
        document,
        FIELDS(json_text("customer", &question->customer_key),
               json_optional(json_text("metric", &question->metric_key)),
               json_optional(json_text("type", &question->type_key)),
               json_instant("from", &what->from), json_instant("to", &what->to),
               json_optional_seen(json_decimal("total", &what->total), &what->has_total),
               json_optional(json_items("windows", &windows)),
               json_optional(json_items("ids", &question->ids)),
               json_optional_seen(json_text("source", &question->source), &question->has_source),
               json_optional(json_flag("staged", &question->is_staged))));
    if (!whole)
        return faults_result(document.faults);
    if ((question->metric_key.len == 0) == (question->type_key.len == 0))
        json_wrong(document, "invalid", "Either a metric or a type is named.");
    if (what->from.us >= what->to.us)
        json_wrong(json_member(document, "to"), "invalid", "to must lie after from.");
    if (question->is_staged && question->ids != NULL)
        json_wrong(json_member(document, "ids"), "invalid", "The ids of a staged one follow.");
    if (!question->is_staged && !what->has_total && windows == NULL && question->ids == NULL)
        json_wrong(document, "invalid", "There is nothing to compare: no total, windows or ids.");
    check_source(document, question->source);
    if (windows != NULL)
        read_windows(document, what);
    return faults_result(document.faults);
}

// ---- what the catalog has of it

static result see_type(struct db_tx *tx, str key, struct reconciliation_question *question)
{
    OWNED(json_release) json_t *document = NULL;
    struct catalog_item item = {0};
    struct faults faults = {.arena = db_arena(tx)};
    TRY(catalog_get(tx, CATALOG_EVENT_TYPE, key, &item));
    TRY(json_parse(item.document, &document));
    const struct event_type *type =
        event_type_parse((struct json_at){document, STR(""), &faults}, item.key);
    if (type == NULL)
        return FAIL(INTERNAL, "a stored event type is not valid");
    question->plain_ids = question->plain_ids || type->plain_id;
    if (type->precision > question->what.precision)
        question->what.precision = type->precision;
    return OK;
}

// Fails as `found` did, or adds a fault where there is no such thing.
static result missing(result found, struct json_at at, const char *code, const char *detail)
{
    if (found.code != ERR_NOT_FOUND)
        return found;
    json_wrong(at, code, detail);
    return faults_result(at.faults);
}

static result resolve_metric(struct db_tx *tx, struct json_at document, json_t *held,
                             struct reconciliation_question *question)
{
    result found = catalog_metric(tx, question->metric_key, held, &question->what.metric);
    if (failed(found))
        return missing(found, json_member(document, "metric"), "unknown_metric",
                       "There is no such metric.");
    const struct metric *metric = question->what.metric;
    for (size_t i = 0; i < metric->event_type_count; i++)
        TRY(see_type(tx, metric->event_types[i], question));
    return OK;
}

result reconciliation_resolve(struct db_tx *tx, struct json_at document, json_t *held,
                              struct reconciliation_question *question)
{
    struct reconciliation *what = &question->what;
    result found =
        caller_customer(tx, question->request, question->customer_key, &question->customer);
    if (failed(found) && bound_customer(question->request) != 0)
        return found;
    if (failed(found))
        return missing(found, json_member(document, "customer"), "unknown_customer",
                       "There is no such customer.");
    what->customer = &question->customer;
    what->type = question->type_key;
    if (question->metric_key.len != 0)
        return resolve_metric(tx, document, held, question);
    found = see_type(tx, question->type_key, question);
    return failed(found) ? missing(found, json_member(document, "type"), "unknown_type",
                                   "There is no such event type.")
                         : OK;
}
