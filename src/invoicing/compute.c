// SPDX-License-Identifier: Apache-2.0
#include "compute.h"

#include "invoicing.sql.h"
#include "phial/util/encode.h"
#include "sums_read.h"

static result add_entry(void *context, const struct entry *entry)
{
    return usage_fold_add(context, entry->index, entry->leaf);
}

struct staged_rows {
    struct usage_fold *fold;
    struct buf leaf; // of the row that is being read
    int64_t size;    // of the log
    int64_t number;
    str event;
};

// As the leaf that the event would be, as far as measuring reads it.
static result add_staged(void *context)
{
    struct staged_rows *rows = context;
    rows->leaf.len = 0;
    buf_add(&rows->leaf, STR("{\"event\":"));
    buf_add(&rows->leaf, rows->event);
    buf_add(&rows->leaf, STR(",\"kind\":\"usage\"}"));
    return usage_fold_add(rows->fold, rows->size + rows->number, buf_str(&rows->leaf));
}

static result read_staged(struct db_tx *tx, const struct usage_span *span, struct usage_fold *fold)
{
    const struct head *head = span->head;
    struct staged_rows rows = {.fold = fold, .leaf = {.arena = db_arena(tx)}, .size = head->size};
    return db_each(
        tx, &invoicing_each_staged_sql,
        PARAMS(db_i64(head->customer_id), db_text(span->staged->backfill),
               db_i64(span->staged->count), db_i64(head->size), db_instant(span->from),
               db_instant(span->to)),
        COLUMNS(db_into_i64("number", &rows.number), db_into_bytes("event", &rows.event)),
        add_staged, &rows);
}

result usage_read(struct db_tx *tx, const struct usage_span *span, struct usage_fold **fold,
                  struct usage *usage)
{
    const struct head *head = span->head;
    *fold = usage_fold_new(db_arena(tx));
    if (span->from.us >= span->to.us) {
        *usage = (struct usage){0};
        return OK;
    }
    TRY(ledger_each_usage(tx, head->customer_id, head->size, span->from, span->to, add_entry,
                          *fold));
    if (span->staged != NULL)
        TRY(read_staged(tx, span, *fold));
    return usage_fold_end(*fold, usage);
}

result statement_set(json_t *statement, const char *name, json_t *value)
{
    return json_object_set_new(statement, name, value) == 0
               ? OK
               : FAIL(INTERNAL, "a statement's member cannot be set");
}

// What the statement of the period before billed ahead, if it is issued.
static result read_before(struct db_tx *tx, str subscription, int64_t number, json_t **before)
{
    str bytes = {0};
    result found =
        db_one(tx, &invoicing_find_before_sql, PARAMS(db_text(subscription), db_i64(number - 1)),
               COLUMNS(db_into_bytes("statement", &bytes)));
    if (found.code == ERR_NOT_FOUND)
        return OK;
    TRY(found);
    return json_parse(bytes, before);
}

static result add_ledger(struct arena *arena, str customer, const struct head *head,
                         json_t *statement)
{
    sha256 root = merkle_root(&head->range);
    return statement_set(statement, "ledger",
                         json_pack("{s:o, s:I, s:o}", "customer", json_from_str(customer), "size",
                                   (json_int_t)head->size, "root",
                                   json_from_str(encode_base64(arena, sha256_str(&root)))));
}

result statement_of(struct db_tx *tx, const struct computation *what, json_t **statement)
{
    OWNED(json_release) json_t *held = NULL;
    OWNED(json_release) json_t *before = NULL;
    OWNED(json_release) json_t *made = NULL;
    OWNED(sums_source_release) struct sums_source source = {0};
    struct subscription_terms terms = {0};
    struct period period = {0};
    TRY(subscription_terms_read(tx, what->subscription, &terms, &held));
    TRY(period_find(&terms, what->number, &period));
    TRY(read_before(tx, what->subscription, what->number, &before));
    terms.before = before;
    terms.projects = what->projected_from != NULL;
    if (terms.projects)
        terms.projected_from = *what->projected_from;
    if (what->stretch != NULL)
        period = *what->stretch;
    instant from = statement_carries(&terms) ? (instant){FIRST_INSTANT_US} : period.start;
    source = sums_source_of(tx, (struct usage_span){what->head, what->staged, from, period.end});
    struct usage usage = {.source = &source.base};
    if (what->stretch != NULL)
        TRY(statement_of_stretch(db_arena(tx), &terms, &period, &usage, &made));
    else
        TRY(statement_compute(db_arena(tx), &terms, &period, &usage, &made));
    TRY(add_ledger(db_arena(tx), terms.customer, what->head, made));
    *statement = json_incref(made);
    return OK;
}

const struct plan *plan_at_end(const struct subscription_terms *terms, const struct period *period)
{
    const struct plan *plan = terms->segments[0].plan;
    for (size_t i = 1; i < terms->segment_count; i++) {
        if (terms->segments[i].from.us < period->end.us)
            plan = terms->segments[i].plan;
    }
    return plan;
}
