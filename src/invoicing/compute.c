// SPDX-License-Identifier: Apache-2.0
#include "compute.h"

#include "invoicing.sql.h"
#include "late.h"
#include "phial/ledger/removed.h"
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

instant usage_since(const struct metric *metric, instant from)
{
    return metric_carries(metric) ? (instant){FIRST_INSTANT_US} : from;
}

result usage_check_unsealed(struct db_tx *tx, const struct head *head, instant since)
{
    return since.us > FIRST_INSTANT_US ? ledger_check_unsealed(tx, head->customer_id, since) : OK;
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
    TRY(usage_check_unsealed(tx, head, span->from));
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

struct statement_row {
    str bytes;
    json_t **statement;
};

static result parse_row(void *context)
{
    const struct statement_row *row = context;
    return json_parse(row->bytes, row->statement);
}

// What the statement of the period before billed ahead, if it is issued: there with the next
// statement that is waited for.
static result defer_before(struct db_tx *tx, str subscription, int64_t number, json_t **before)
{
    struct statement_row *row = arena_new(db_arena(tx), struct statement_row);
    row->statement = before;
    return db_defer(tx, &invoicing_find_before_sql,
                    PARAMS(db_text(subscription), db_i64(number - 1)),
                    COLUMNS(db_into_bytes("statement", &row->bytes)), parse_row, row);
}

result statement_add_ledger(struct arena *arena, str customer, const struct head *head,
                            json_t *statement)
{
    sha256 root = merkle_root(&head->range);
    return statement_set(statement, "ledger",
                         json_pack("{s:o, s:I, s:o}", "customer", json_from_str(customer), "size",
                                   (json_int_t)head->size, "root",
                                   json_from_str(encode_base64(arena, sha256_str(&root)))));
}

struct standing {
    struct arena *arena;
    json_t *held;
    str document;          // a row of discounts
    struct prepaid credit; // a row of credits
    struct discount *discounts;
    size_t discount_count;
    struct prepaid *prepaid;
    size_t prepaid_count;
};

static result keep_discount(void *context)
{
    struct standing *standing = context;
    json_t *document = NULL;
    TRY(json_parse(standing->document, &document));
    if (json_array_append_new(standing->held, document) != 0)
        return FAIL(INTERNAL, "out of memory");
    return discount_read(standing->arena, document,
                         &standing->discounts[standing->discount_count++]);
}

static result keep_credit(void *context)
{
    struct standing *standing = context;
    struct prepaid credit = standing->credit;
    credit.id = str_copy(standing->arena, credit.id);
    standing->prepaid[standing->prepaid_count++] = credit;
    return OK;
}

static result defer_discounts(struct db_tx *tx, const struct computation *what,
                              struct standing *standing)
{
    standing->discounts = arena_array(db_arena(tx), struct discount, DISCOUNTS_MAX);
    return db_defer(tx, &invoicing_list_discounts_in_force_sql,
                    PARAMS(db_i64(what->head->customer_id), db_i64(DISCOUNTS_MAX)),
                    COLUMNS(db_into_text("document", &standing->document)), keep_discount,
                    standing);
}

static result defer_credits(struct db_tx *tx, const struct computation *what,
                            enum currency currency, struct standing *standing)
{
    standing->prepaid = arena_array(db_arena(tx), struct prepaid, PREPAID_MAX);
    standing->credit.left.currency = currency;
    return db_defer(tx, &invoicing_list_credits_left_sql,
                    PARAMS(db_i64(what->head->customer_id), db_instant(what->at),
                           db_text(str_from(currency_code(currency))), db_i64(PREPAID_MAX)),
                    COLUMNS(db_into_text("credit_id", &standing->credit.id),
                            db_into_i64("left_minor", &standing->credit.left.minor)),
                    keep_credit, standing);
}

// What was billed ahead, the customer's discounts that are in force, what is left of its prepaid
// credit, and what issued periods are short of.
static result read_standing(struct db_tx *tx, const struct computation *what, json_t *held,
                            json_t **before, struct subscription_terms *terms)
{
    struct standing *standing = arena_new(db_arena(tx), struct standing);
    standing->arena = db_arena(tx);
    standing->held = held;
    TRY(defer_before(tx, what->subscription, what->number, before));
    TRY(defer_discounts(tx, what, standing));
    if (!what->alone) {
        TRY(defer_credits(tx, what, terms->currency, standing));
        TRY(late_adjustments(tx, what->number, what->head, held, terms));
    }
    TRY(db_flush(tx));
    terms->before = *before;
    terms->discounts = standing->discounts;
    terms->discount_count = standing->discount_count;
    terms->prepaid = standing->prepaid;
    terms->prepaid_count = standing->prepaid_count;
    return OK;
}

struct asking {
    struct db_tx *tx;
    const struct computation *what;
    const struct subscription_terms *terms;
    const struct period *period;
};

static result make(const struct asking *asking, const struct usage *usage, json_t **made)
{
    struct arena *arena = db_arena(asking->tx);
    return asking->what->stretch != NULL
               ? statement_of_stretch(arena, asking->terms, asking->period, usage, made)
               : statement_compute(arena, asking->terms, asking->period, usage, made);
}

static result ask_all(void *context, const struct usage *usage)
{
    OWNED(json_release) json_t *made = NULL;
    return make(context, usage, &made);
}

// Of a period, out of the terms and what was used.
static result compute(struct db_tx *tx, const struct computation *what,
                      const struct subscription_terms *terms, struct sums_answers *known,
                      json_t **made)
{
    struct period period = {0};
    TRY(period_of_statement(terms, what->number, &period));
    if (what->stretch != NULL)
        period = *what->stretch;
    instant from = statement_carries(terms) ? (instant){FIRST_INSTANT_US} : period.start;
    OWNED(sums_source_release)
    struct sums_source source =
        sums_source_of(tx, (struct usage_span){what->head, what->staged, from, period.end});
    struct asking asking = {tx, what, terms, &period};
    source.ask_all = ask_all;
    source.context = &asking;
    if (known != NULL)
        source.known = known;
    struct usage usage = {.source = &source.base};
    return make(&asking, &usage, made);
}

result statement_of(struct db_tx *tx, const struct computation *what, json_t **statement)
{
    OWNED(json_release) json_t *held = NULL;
    OWNED(json_release) json_t *before = NULL;
    OWNED(json_release) json_t *made = NULL;
    struct subscription_terms terms = {0};
    TRY(subscription_terms_read(tx, what->subscription, &terms, &held));
    terms.projects = what->projected_from != NULL;
    if (terms.projects)
        terms.projected_from = *what->projected_from;
    TRY(read_standing(tx, what, held, &before, &terms));
    TRY(compute(tx, what, &terms, NULL, &made));
    TRY(statement_add_ledger(db_arena(tx), terms.customer, what->head, made));
    *statement = json_incref(made);
    return OK;
}

struct computing computing_new(struct db_tx *tx)
{
    return (struct computing){terms_common_new(tx), sums_answers_new(tx)};
}

void computing_release(struct computing *computing)
{
    terms_common_release(&computing->terms);
}

result statement_of_plain(struct db_tx *tx, const struct computation *what,
                          const struct computing *computing, json_t **statement)
{
    OWNED(json_release) json_t *before = NULL;
    struct subscription_terms terms = {0};
    TRY(defer_before(tx, what->subscription, what->number, &before));
    TRY(subscription_terms_read_common(tx, what->subscription, computing->terms, &terms));
    terms.before = before;
    return compute(tx, what, &terms, computing->answers, statement);
}
