// SPDX-License-Identifier: Apache-2.0
#include "export_range.h"

#include "audit.sql.h"
#include "phial/ledger/removed.h"
#include "phial/rating/aggregation.h"

static result entry_at(struct db_tx *tx, int64_t customer_id, int64_t index, instant *at)
{
    struct position position = {.removed = false};
    TRY(ledger_position(tx, customer_id, index, &position));
    if (position.removed) {
        *at = position.made_at;
        return OK;
    }
    str quoted = leaf_member(position.entry.leaf, "at");
    return instant_parse(str_slice(quoted, 1, quoted.len - 1), at);
}

// The first entry made at or after an instant: `at` never decreases along a log.
static result first_since(struct db_tx *tx, int64_t customer_id, int64_t size, instant since,
                          int64_t *index)
{
    int64_t low = 0;
    int64_t high = size;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        instant at = {0};
        TRY(entry_at(tx, customer_id, middle, &at));
        if (at.us < since.us)
            low = middle + 1;
        else
            high = middle;
    }
    *index = low;
    return OK;
}

// What the statements of a range need.
struct needs {
    struct db_tx *tx;
    int64_t customer_id;
    int64_t index;
    str leaf;
    int64_t first; // so far
    bool carries;  // a plan of the log has a metric that goes by what was before a period
};

static result lower(struct needs *needs, const struct db_stmt *stmt, struct db_params params,
                    const char *column)
{
    int64_t found = 0;
    TRY(db_one(needs->tx, stmt, params, COLUMNS(db_into_i64(column, &found))));
    if (found < needs->first)
        needs->first = found;
    return OK;
}

struct invoice_need {
    int64_t index;
    instant start;
    instant end;
};

struct invoice_needs {
    struct arena *arena;
    int64_t index;
    str leaf;
    struct invoice_need *items;
    size_t count;
    size_t room;
};

// What a statement bills of other periods rests on their events.
static result widen_by_adjustments(const json_t *statement, struct invoice_need *need)
{
    const json_t *lines = json_object_get(statement, "lines");
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        const json_t *period = json_object_get(line, "period");
        instant start = {0};
        instant end = {0};
        if (!str_eq(json_str(json_object_get(line, "kind")), STR("adjustment")))
            continue;
        TRY(instant_parse(json_str(json_object_get(period, "start")), &start));
        TRY(instant_parse(json_str(json_object_get(period, "end")), &end));
        need->start = start.us < need->start.us ? start : need->start;
        need->end = end.us > need->end.us ? end : need->end;
    }
    return OK;
}

static result take_invoice(void *context)
{
    struct invoice_needs *list = context;
    OWNED(json_release) json_t *root = NULL;
    TRY(json_parse(list->leaf, &root));
    const json_t *invoice = json_object_get(root, "invoice");
    const json_t *note = json_object_get(root, "credit_note");
    const json_t *period = json_object_get(invoice == NULL ? note : invoice, "period");
    struct invoice_need need = {.index = list->index}; // of a note on an invoice: the terms alone
    if (period != NULL) {
        TRY(instant_parse(json_str(json_object_get(period, "start")), &need.start));
        TRY(instant_parse(json_str(json_object_get(period, "end")), &need.end));
        TRY(widen_by_adjustments(invoice == NULL ? note : invoice, &need));
    }
    if (list->count == list->room) {
        size_t room = list->room == 0 ? 64 : list->room * 2;
        struct invoice_need *grown = arena_array(list->arena, struct invoice_need, room);
        for (size_t i = 0; i < list->count; i++)
            grown[i] = list->items[i];
        list->items = grown;
        list->room = room;
    }
    list->items[list->count++] = need;
    return OK;
}

static bool plan_carries(const json_t *root)
{
    const char *key = NULL;
    json_t *metric = NULL;
    json_t *metrics = json_object_get(json_object_get(root, "plan"), "metrics");
    json_object_foreach(metrics, key, metric)
    {
        const struct aggregation *aggregation =
            aggregation_find(json_str(json_object_get(metric, "aggregation")));
        if (aggregation != NULL && aggregation->carries)
            return true;
    }
    return false;
}

static result take_first_term(void *context)
{
    struct needs *needs = context;
    OWNED(json_release) json_t *root = NULL;
    TRY(json_parse(needs->leaf, &root));
    needs->carries = needs->carries || plan_carries(root);
    if (needs->index < needs->first)
        needs->first = needs->index;
    return OK;
}

// Invoices need their plan and subscription entries and the events of their periods; where a metric
// carries, those before as well.
static result reach_for_invoices(struct needs *needs, const struct invoice_needs *invoices)
{
    static const instant first = {FIRST_INSTANT_US};
    if (invoices->count == 0)
        return OK;
    int64_t last = invoices->items[invoices->count - 1].index;
    TRY(db_each(
        needs->tx, &audit_list_terms_sql, PARAMS(db_i64(needs->customer_id), db_i64(last)),
        COLUMNS(db_into_i64("entry_index", &needs->index), db_into_bytes("leaf", &needs->leaf)),
        take_first_term, needs));
    TRY(lower(needs, &audit_first_amended_sql, PARAMS(db_i64(needs->customer_id), db_i64(last)),
              "reference"));
    for (size_t i = 0; i < invoices->count; i++) {
        const struct invoice_need *need = &invoices->items[i];
        if (needs->first == 0)
            break; // it cannot reach back further: no log is read through for nothing
        TRY(lower(needs, &audit_first_event_sql,
                  PARAMS(db_i64(needs->customer_id), db_i64(needs->first),
                         db_instant(needs->carries ? first : need->start), db_instant(need->end)),
                  "entry_index"));
    }
    return OK;
}

static result reach_back(struct db_tx *tx, int64_t customer_id, struct export_range *range)
{
    struct invoice_needs invoices = {.arena = db_arena(tx)};
    TRY(db_each(
        tx, &audit_list_invoices_sql,
        PARAMS(db_i64(customer_id), db_i64(range->from), db_i64(range->to)),
        COLUMNS(db_into_i64("entry_index", &invoices.index), db_into_bytes("leaf", &invoices.leaf)),
        take_invoice, &invoices));
    struct needs needs = {.tx = tx, .customer_id = customer_id, .first = range->from};
    TRY(reach_for_invoices(&needs, &invoices));
    TRY(lower(&needs, &audit_first_reference_sql,
              PARAMS(db_i64(customer_id), db_i64(needs.first), db_i64(range->to)), "reference"));
    TRY(lower(&needs, &audit_first_voided_sql,
              PARAMS(db_i64(customer_id), db_i64(needs.first), db_i64(range->to)), "ledger_index"));
    range->from = needs.first;
    return OK;
}

static result range_of_invoice(struct db_tx *tx, const struct export_request *request,
                               struct export_range *range)
{
    int64_t index = -1;
    result found = db_one(tx, &audit_invoice_index_sql,
                          PARAMS(db_text(request->invoice), db_i64(request->customer_id)),
                          COLUMNS(db_into_i64("ledger_index", &index)));
    if (found.code == ERR_NOT_FOUND || (!failed(found) && index < 0))
        return FAIL(INVALID, "invoice: not an issued invoice of this customer");
    TRY(found);
    *range = (struct export_range){.from = index, .to = index + 1};
    return OK;
}

static result range_asked_for(struct db_tx *tx, const struct export_request *request, int64_t size,
                              struct export_range *range)
{
    *range = (struct export_range){.from = 0, .to = size};
    if (request->invoice.len != 0)
        return range_of_invoice(tx, request, range);
    if (request->has_indexes) {
        *range = (struct export_range){.from = request->from_index, .to = request->to_index};
        return range->from >= 0 && range->from < range->to && range->to <= size
                   ? OK
                   : FAIL(INVALID, "the log does not have this range");
    }
    if (request->has_from)
        TRY(first_since(tx, request->customer_id, size, request->from, &range->from));
    if (request->has_to)
        TRY(first_since(tx, request->customer_id, size, request->to, &range->to));
    if (range->to < range->from)
        range->to = range->from;
    return OK;
}

// Behind the last position whose body is missing.
static result cut_range(struct db_tx *tx, const struct export_request *request,
                        const struct export_range *asked, struct export_range *range)
{
    int64_t last = NO_INDEX;
    TRY(ledger_last_removed(tx, request->customer_id, range->to, &last));
    if (last < range->from)
        return OK;
    if (last + 1 >= range->to ||
        ((request->has_indexes || request->invoice.len != 0) && last >= asked->from))
        return FAIL(ENTRY_REMOVED, "Retention has removed entries of this range.");
    range->from = last + 1;
    range->cut = true;
    return OK;
}

result export_range_find(struct db_tx *tx, const struct export_request *request, int64_t size,
                         struct export_range *range)
{
    struct export_range asked;
    TRY(range_asked_for(tx, request, size, &asked));
    struct export_range wanted = asked;
    // An invoice taken in by reaching back may itself reach further: until nothing moves.
    for (int64_t before = -1; before != wanted.from;) {
        before = wanted.from;
        TRY(reach_back(tx, request->customer_id, &wanted));
    }
    TRY(cut_range(tx, request, &asked, &wanted));
    *range = wanted;
    return OK;
}
