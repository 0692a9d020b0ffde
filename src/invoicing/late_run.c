// SPDX-License-Identifier: Apache-2.0
// What is owed back for issued periods becomes credit notes: on the statement of the period itself,
// and, where nothing is left of that, on those that billed its difference.
#include "append.h"
#include "credit.h"
#include "invoicing.sql.h"
#include "late.h"
#include "unbilled.h"

enum { PAGE = 200, NOTES_MAX = 100 };

#define CORRECTION_CODE "usage_corrected"

// ---- looking through the logs

struct watching {
    int64_t customer_id; // the row that is being read
    int64_t customers[PAGE];
    size_t count;
    int64_t after;
};

static result keep_customer(void *context)
{
    struct watching *watching = context;
    watching->customers[watching->count++] = watching->customer_id;
    return OK;
}

static result list_unwatched(struct db_tx *tx, void *context)
{
    struct watching *watching = context;
    watching->count = 0;
    return db_each(tx, &invoicing_list_unwatched_sql, PARAMS(db_i64(watching->after), db_i64(PAGE)),
                   COLUMNS(db_into_i64("customer_id", &watching->customer_id)), keep_customer,
                   watching);
}

static result watch_log(struct db_tx *tx, void *context)
{
    const int64_t *customer_id = context;
    struct head head = {0};
    instant first = {0};
    bool found = false;
    TRY(ledger_head(tx, *customer_id, &head));
    TRY(late_first(tx, &head, &found, &first));
    if (found)
        TRY(db_exec(tx, &invoicing_mark_late_sql,
                    PARAMS(db_i64(head.customer_id), db_i64(head.size), db_instant(first))));
    return db_exec(tx, &invoicing_mark_watched_sql,
                   PARAMS(db_i64(head.customer_id), db_i64(head.size)));
}

static result watch_logs(struct db *db)
{
    struct watching watching = {0};
    result first_failure = OK;
    do {
        struct arena arena = {0};
        result listed = db_transact(db, &arena, list_unwatched, &watching);
        for (size_t i = 0; i < watching.count && !failed(listed); i++) {
            result watched = db_transact(db, &arena, watch_log, &watching.customers[i]);
            if (failed(watched) && !failed(first_failure))
                first_failure = watched;
            watching.after = watching.customers[i];
            arena_reset(&arena);
        }
        arena_reset(&arena);
        TRY(listed);
    } while (watching.count == PAGE && first_failure.code != ERR_DB_AWAY);
    return first_failure;
}

// ---- crediting

struct carriers {
    struct arena *arena;
    str id; // the row that is being read
    int64_t index;
    str ids[NOTES_MAX];
    size_t count;
};

struct correcting {
    str invoice; // of the period
    struct change change;
    int64_t credited; // notes, by this transaction
    str subscription;
    struct carriers carriers; // the period's own invoice first
    json_t *held;             // statements and notes that are read
};

static result keep_carrier(void *context)
{
    struct carriers *carriers = context;
    if (carriers->count < NOTES_MAX)
        carriers->ids[carriers->count++] = str_copy(carriers->arena, carriers->id);
    return OK;
}

// What can be credited on one invoice; no lines when nothing is left of that.
static result lines_on(struct db_tx *tx, const struct invoice_row *row, struct crediting *crediting,
                       const struct owed_back *owed, json_t *held)
{
    struct creditable *left = arena_new(db_arena(tx), struct creditable);
    TRY(credit_open(tx, row, held, left));
    TRY(creditable_owed(db_arena(tx), left, owed, &crediting->lines));
    crediting->row = row;
    crediting->left = left;
    return OK;
}

// One note, on the first invoice that something is left of. made: false when there is none.
static result credit_once(struct db_tx *tx, const struct correcting *correcting,
                          const struct period *period, const struct owed_back *owed, bool *made)
{
    struct credit_note note = {0};
    *made = false;
    for (size_t i = 0; i < correcting->carriers.count && !*made; i++) {
        struct invoice_row *row = arena_new(db_arena(tx), struct invoice_row);
        struct crediting crediting = {.reason_code = STR(CORRECTION_CODE),
                                      .subscription = correcting->subscription,
                                      .period = *period};
        TRY(invoice_row_find(tx, correcting->carriers.ids[i], row));
        TRY(lines_on(tx, row, &crediting, owed, correcting->held));
        *made = crediting.lines.count > 0;
        if (*made)
            TRY(credit_issue(tx, &crediting, &correcting->change, &note));
    }
    return OK;
}

static result credit_some(struct db_tx *tx, const struct correcting *correcting,
                          const struct period *period, const struct open_difference *open,
                          bool *made)
{
    struct owed_back owed = {0};
    TRY(owed_back_read(db_arena(tx), &open->keys, open->sum, &owed));
    TRY(credit_once(tx, correcting, period, &owed, made));
    owed.any_key = true;
    return *made ? OK : credit_once(tx, correcting, period, &owed, made);
}

static result list_carriers(struct db_tx *tx, const struct invoice *invoice,
                            struct carriers *carriers)
{
    *carriers = (struct carriers){.arena = db_arena(tx), .ids = {invoice->id}, .count = 1};
    return db_each(tx, &invoicing_list_carriers_sql,
                   PARAMS(db_text(invoice->subscription), db_i64(invoice->period_number)),
                   COLUMNS(db_into_text("invoice_id", &carriers->id),
                           db_into_i64("ledger_index", &carriers->index)),
                   keep_carrier, carriers);
}

// Under the head's lock: note after note, until nothing is owed back or nothing is left to credit.
static result credit_all(struct db_tx *tx, const struct invoice *invoice,
                         struct correcting *correcting)
{
    OWNED(json_release) json_t *held = NULL;
    struct subscription_terms terms = {0};
    struct late late = {0};
    bool made = true;
    TRY(subscription_terms_read(tx, invoice->subscription, &terms, &held));
    TRY(late_find(tx, invoice->id, correcting->held, &late));
    TRY(list_carriers(tx, invoice, &correcting->carriers));
    correcting->subscription = invoice->subscription;
    for (int64_t i = 0; i < NOTES_MAX && made; i++) {
        struct open_difference open = {0};
        struct head head = {0};
        TRY(ledger_head(tx, invoice->customer_id, &head));
        TRY(late_difference(tx, &terms, &head, &late, &open));
        made = false;
        if (open.sum.minor < 0)
            TRY(credit_some(tx, correcting, &late.period, &open, &made));
        correcting->credited += made;
    }
    return OK;
}

static result correct_period(struct db_tx *tx, void *context)
{
    struct correcting *correcting = context;
    OWNED(json_release) json_t *held = json_array();
    struct invoice_row row = {0};
    struct head head = {0};
    correcting->credited = 0;
    correcting->held = held;
    TRY(invoice_row_lock(tx, correcting->invoice, &row));
    TRY(ledger_head_lock(tx, row.invoice.customer_id, &head));
    if (str_eq(row.invoice.status, STR("issued")))
        TRY(credit_all(tx, &row.invoice, correcting));
    return db_exec(tx, &invoicing_mark_credited_sql,
                   PARAMS(db_text(row.invoice.subscription), db_i64(row.invoice.period_number),
                          db_i64(head.size)));
}

// What a period of an ended subscription is short of may take a closing statement. Noted before its
// usage is settled, so that it is not lost when a run is cut off.
static result look_again(struct db_tx *tx, void *context)
{
    const struct correcting *correcting = context;
    return db_exec(tx, &invoicing_look_again_sql,
                   PARAMS(db_text(correcting->invoice), db_instant(correcting->change.now)));
}

struct uncredited {
    struct arena *arena; // outlives the transaction that lists
    str id;              // the row that is being read
    str ids[PAGE];
    size_t count;
    str after;
};

static result keep_uncredited(void *context)
{
    struct uncredited *list = context;
    list->ids[list->count++] = str_copy(list->arena, list->id);
    return OK;
}

static result list_uncredited(struct db_tx *tx, void *context)
{
    struct uncredited *list = context;
    list->count = 0;
    return db_each(tx, &invoicing_list_uncredited_sql, PARAMS(db_text(list->after), db_i64(PAGE)),
                   COLUMNS(db_into_text("invoice_id", &list->id)), keep_uncredited, list);
}

result late_run(struct db *db, instant now, str actor, struct unbilled *unbilled, int64_t *credited)
{
    struct arena arena = {0};
    struct uncredited list = {.arena = &arena, .after = STR("")};
    result outcome = watch_logs(db);
    *credited = 0;
    do {
        result listed =
            outcome.code == ERR_DB_AWAY ? outcome : db_transact(db, &arena, list_uncredited, &list);
        for (size_t i = 0; i < list.count && !failed(listed); i++) {
            struct arena scratch = {0};
            struct correcting correcting = {
                .invoice = list.ids[i], .change = {.actor = actor, .reason = STR(""), .now = now}};
            result done = db_transact(db, &scratch, look_again, &correcting);
            if (!failed(done))
                done = db_transact(db, &scratch, correct_period, &correcting);
            *credited += failed(done) ? 0 : correcting.credited;
            unbilled_note(unbilled, list.ids[i], done);
            outcome = failed(done) && !failed(outcome) ? done : outcome;
            list.after = list.ids[i];
            arena_reset(&scratch);
        }
        if (failed(listed)) {
            outcome = listed;
            break;
        }
    } while (list.count == PAGE && outcome.code != ERR_DB_AWAY);
    arena_reset(&arena);
    return outcome;
}

result late_release(struct db_tx *tx, str invoice, const struct change *change)
{
    OWNED(json_release) json_t *held = NULL;
    struct subscription_terms terms = {0};
    struct invoice_row row = {0};
    struct head head = {0};
    int64_t index = 0;
    TRY(invoice_row_lock(tx, invoice, &row));
    if (!str_eq(row.invoice.status, STR("issued")))
        return FAIL(CONFLICT, "Only the late usage of an issued invoice can be released.");
    TRY(subscription_terms_read(tx, row.invoice.subscription, &terms, &held));
    struct period period = {row.invoice.period_number, row.invoice.period_start,
                            row.invoice.period_end};
    if (plan_at_end(&terms, &period)->late_usage != LATE_HOLD)
        return FAIL(CONFLICT, "The invoice's plan does not hold late usage.");
    TRY(ledger_head_lock(tx, row.invoice.customer_id, &head));
    struct owner owner = {row.invoice.customer_id, row.invoice.customer};
    TRY(adjustment_append(tx, owner,
                          json_pack("{s:s, s:o, s:o}", "action", "release", "invoice",
                                    json_from_str(row.invoice.id), "number",
                                    json_from_str(row.invoice.number)),
                          change, &index));
    TRY(db_exec(tx, &invoicing_release_late_sql,
                PARAMS(db_text(invoice), db_i64(index), db_instant(change->now),
                       db_text(change->actor), db_text(change->reason))));
    return db_exec(tx, &invoicing_mark_released_sql, PARAMS(db_text(invoice), db_i64(index + 1)));
}
