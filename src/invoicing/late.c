// SPDX-License-Identifier: Apache-2.0
#include "late.h"

#include "invoicing.sql.h"
#include "sums_read.h"

enum { LATE_MAX = 1000 };

struct late_row {
    struct late late;
    str statement;
    json_t *held;
    struct late *kept; // NULL: the one row is `late`
    size_t count;
};

static struct db_columns late_columns(struct arena *arena, struct late_row *row)
{
    db_column *columns = arena_array(arena, db_column, 6);
    columns[0] = db_into_text("invoice_id", &row->late.invoice);
    columns[1] = db_into_i64("period_number", &row->late.period.number);
    columns[2] = db_into_instant("period_start", &row->late.period.start);
    columns[3] = db_into_instant("period_end", &row->late.period.end);
    columns[4] = db_into_bytes("statement", &row->statement);
    columns[5] =
        db_if_present(db_into_i64("released", &row->late.released), &row->late.has_release);
    return (struct db_columns){columns, 6};
}

// The statement, its id too, lives as long as `held`.
static result take_row(struct late_row *row, struct late *late)
{
    json_t *statement = NULL;
    TRY(json_parse(row->statement, &statement));
    if (json_array_append_new(row->held, statement) != 0)
        return FAIL(INTERNAL, "out of memory");
    *late = row->late;
    late->statement = statement;
    late->invoice = json_str(json_object_get(statement, "id"));
    return OK;
}

static result keep_row(void *context)
{
    struct late_row *row = context;
    if (row->count == LATE_MAX)
        return FAIL(CONFLICT,
                    "More of the subscription's periods changed than one statement takes.");
    return take_row(row, &row->kept[row->count++]);
}

// ---- the difference

struct booked_row {
    struct arena *arena;
    struct key_amount amount;
    struct key_amounts *keys;
};

static result subtract_booked(void *context)
{
    struct booked_row *row = context;
    struct key_amount less = row->amount;
    TRY(money_sub((money){0, less.amount.currency}, less.amount, &less.amount));
    less.key = str_copy(row->arena, less.key);
    less.name = less.key;
    return keys_add(row->arena, row->keys, less);
}

static result subtract_all_booked(struct db_tx *tx, const struct subscription_terms *terms,
                                  int64_t number, struct key_amounts *keys)
{
    struct booked_row row = {.arena = db_arena(tx), .keys = keys};
    row.amount.amount.currency = terms->currency;
    return db_each(tx, &invoicing_list_booked_sql, PARAMS(db_text(terms->id), db_i64(number)),
                   COLUMNS(db_into_text("key", &row.amount.key),
                           db_into_i64("minor", &row.amount.amount.minor)),
                   subtract_booked, &row);
}

// What a plan that holds has not released is as if it had not come.
static bool measured_to(const struct subscription_terms *terms, const struct late *late,
                        struct head *head)
{
    if (plan_at_end(terms, &late->period)->late_usage != LATE_HOLD)
        return true;
    head->size = late->has_release && late->released < head->size ? late->released : head->size;
    return late->has_release;
}

// What had been billed ahead for the period when it was issued: limits go by that.
static result read_before(struct db_tx *tx, str invoice, json_t **before)
{
    str bytes = {0};
    result found = db_one(tx, &invoicing_find_before_issue_sql, PARAMS(db_text(invoice)),
                          COLUMNS(db_into_bytes("statement", &bytes)));
    if (found.code == ERR_NOT_FOUND)
        return OK;
    TRY(found);
    return json_parse(bytes, before);
}

struct asking {
    struct arena *arena;
    const struct subscription_terms *terms;
    const struct late *late;
};

static result difference(const struct asking *asking, const struct usage *usage,
                         struct key_amounts *keys)
{
    return statement_difference(asking->arena, asking->terms, &asking->late->period, usage,
                                asking->late->statement, keys);
}

static result ask_all(void *context, const struct usage *usage)
{
    struct key_amounts keys = {0};
    return difference(context, usage, &keys);
}

// ENTRY_REMOVED where retention has reached the time.
static result measure(struct db_tx *tx, const struct head *head, struct asking *asking,
                      struct key_amounts *keys)
{
    const struct period *period = &asking->late->period;
    instant from = statement_carries(asking->terms) ? (instant){FIRST_INSTANT_US} : period->start;
    OWNED(sums_source_release)
    struct sums_source source =
        sums_source_of(tx, (struct usage_span){head, NULL, from, period->end});
    struct usage usage = {.source = &source.base};
    source.ask_all = ask_all;
    source.context = asking;
    TRY(usage_check_unsealed(tx, head, from));
    return difference(asking, &usage, keys);
}

result late_difference(struct db_tx *tx, const struct subscription_terms *terms,
                       const struct head *head, const struct late *late,
                       struct open_difference *open)
{
    OWNED(json_release) json_t *before = NULL;
    struct head then = *head;
    struct subscription_terms rated = *terms;
    const struct plan *plan = plan_at_end(terms, &late->period);
    *open = (struct open_difference){.sum = {0, terms->currency}};
    if (!measured_to(terms, late, &then))
        return OK;
    TRY(read_before(tx, late->invoice, &before));
    rated.before = before;
    struct asking asking = {db_arena(tx), &rated, late};
    TRY(measure(tx, &then, &asking, &open->keys));
    TRY(subtract_all_booked(tx, terms, late->period.number, &open->keys));
    TRY(keys_sum(&open->keys, terms->currency, &open->sum));
    if (plan->late_usage == LATE_CREDIT_ONLY && open->sum.minor > 0)
        *open = (struct open_difference){.sum = {0, terms->currency}};
    return OK;
}

// ---- what the next statement bills

static size_t count_changed(const struct key_amounts *keys)
{
    size_t count = 0;
    for (size_t i = 0; i < keys->count; i++)
        count += keys->items[i].amount.minor != 0;
    return count;
}

static void add_adjustments(struct arena *arena, const struct late *late,
                            const struct key_amounts *keys, struct subscription_terms *terms)
{
    size_t count = terms->adjustment_count;
    struct adjustment *grown = arena_array(arena, struct adjustment, count + count_changed(keys));
    for (size_t i = 0; i < count; i++)
        grown[i] = terms->adjustments[i];
    for (size_t i = 0; i < keys->count; i++) {
        const struct key_amount *key = &keys->items[i];
        if (key->amount.minor != 0)
            grown[count++] =
                (struct adjustment){key->key, key->name, key->amount, late->invoice, late->period};
    }
    terms->adjustments = grown;
    terms->adjustment_count = count;
}

static result first_corrected(struct db_tx *tx, const struct head *head, int64_t checked,
                              bool *found, instant *first)
{
    bool has = false;
    instant at = {0};
    TRY(db_one(tx, &invoicing_first_corrected_sql,
               PARAMS(db_i64(head->customer_id), db_i64(checked), db_i64(head->size)),
               COLUMNS(db_if_present(db_into_instant("at", &at), &has))));
    if (has && (!*found || at.us < first->us))
        *first = at;
    *found = *found || has;
    return OK;
}

result late_first(struct db_tx *tx, const struct head *head, bool *found, instant *first)
{
    int64_t checked = 0;
    bool corrects = false;
    result watched = db_one(tx, &invoicing_find_watch_sql, PARAMS(db_i64(head->customer_id)),
                            COLUMNS(db_into_i64("checked", &checked)));
    *found = false;
    if (watched.code == ERR_NOT_FOUND || (!failed(watched) && checked >= head->size))
        return OK; // nothing of the log is issued, or nothing has come
    TRY(watched);
    TRY(db_one(tx, &invoicing_first_late_sql,
               PARAMS(db_i64(head->customer_id), db_i64(checked), db_i64(head->size)),
               COLUMNS(db_if_present(db_into_instant("at", first), found),
                       db_into_bool("corrects", &corrects))));
    return corrects ? first_corrected(tx, head, checked, found, first) : OK;
}

result late_adjustments(struct db_tx *tx, int64_t number, const struct head *head, json_t *held,
                        struct subscription_terms *terms)
{
    struct late_row rows = {.held = held};
    instant first = {0};
    bool found = false;
    TRY(late_first(tx, head, &found, &first));
    rows.kept = arena_array(db_arena(tx), struct late, LATE_MAX);
    TRY(db_each(tx, &invoicing_list_late_sql,
                PARAMS(db_text(terms->id), db_i64(number), db_i64(head->size),
                       found ? db_instant(first) : db_null()),
                late_columns(db_arena(tx), &rows), keep_row, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct open_difference open = {0};
        TRY(late_difference(tx, terms, head, &rows.kept[i], &open));
        if (open.sum.minor > 0)
            add_adjustments(db_arena(tx), &rows.kept[i], &open.keys, terms);
    }
    return OK;
}

result late_touch(struct db_tx *tx, str subscription, int64_t size)
{
    return db_exec(tx, &invoicing_touch_late_sql, PARAMS(db_text(subscription), db_i64(size)));
}

result late_find(struct db_tx *tx, str invoice, json_t *held, struct late *late)
{
    struct late_row row = {.held = held};
    TRY(db_one(tx, &invoicing_find_late_sql, PARAMS(db_text(invoice)),
               late_columns(db_arena(tx), &row)));
    return take_row(&row, late);
}

struct late_bills {
    struct invoice row;
    result (*hand)(void *context, const struct invoice *invoice);
    void *context;
};

static result hand_bill(void *context)
{
    struct late_bills *bills = context;
    return bills->hand(bills->context, &bills->row);
}

result invoice_each_late(struct db_tx *tx, int64_t customer_id, instant at, int64_t index,
                         result (*row)(void *context, const struct invoice *invoice), void *context)
{
    struct late_bills bills = {.hand = row, .context = context};
    return db_each(tx, &invoicing_list_billed_late_sql,
                   PARAMS(db_i64(customer_id), db_instant(at), db_i64(index)),
                   COLUMNS(db_into_text("invoice_id", &bills.row.id),
                           db_into_text("number", &bills.row.number),
                           db_into_text("status", &bills.row.status),
                           db_into_i64("ledger_index", &bills.row.ledger_index)),
                   hand_bill, &bills);
}
