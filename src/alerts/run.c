// SPDX-License-Identifier: Apache-2.0
// run.c - looks at what may have reached its threshold.
#include "alerts.sql.h"
#include "measure.h"
#include "phial/ledger/ledger.h"
#include "phial/outbox/outbox.h"
#include "rows.h"

enum { PAGE = 100, SUBSCRIPTIONS_MAX = 1000, PERIODS_MAX = 120 };

struct looking {
    struct alerts_run *run;
    str after; // the alert looked at before
    bool found;
    int64_t fired; // by this transaction
    struct alert alert;
    instant seen_at;
    bool has_due;
    instant due_at;
    struct arena *arena; // outlives the transaction
};

// ---- which subscriptions

struct candidates {
    struct arena *arena;
    const struct looking *looking;
    struct subscription *items;
    size_t count;
    int64_t seen; // of the page
    str after;
};

static result collect(void *context, const struct subscription *subscription)
{
    struct candidates *candidates = context;
    const struct looking *looking = candidates->looking;
    str only = looking->alert.subscription;
    bool wanted = only.len == 0 || str_eq(only, subscription->id);
    bool is_over = subscription->has_end && subscription->end.us <= looking->seen_at.us;
    candidates->seen++;
    candidates->after = str_copy(candidates->arena, subscription->id);
    if (!wanted || is_over || candidates->count == SUBSCRIPTIONS_MAX)
        return OK;
    candidates->items[candidates->count++] = (struct subscription){.id = candidates->after,
                                                                   .start = subscription->start,
                                                                   .has_end = subscription->has_end,
                                                                   .end = subscription->end};
    return OK;
}

static result find_candidates(struct db_tx *tx, struct candidates *candidates)
{
    const struct looking *looking = candidates->looking;
    candidates->after = STR("");
    candidates->items = arena_array(db_arena(tx), struct subscription, SUBSCRIPTIONS_MAX);
    do {
        struct subscription_filter filter = {looking->alert.customer_id, candidates->after, PAGE,
                                             looking->run->now, false};
        candidates->seen = 0;
        TRY(subscription_each(tx, &filter, collect, candidates));
    } while (candidates->seen == PAGE && candidates->count < SUBSCRIPTIONS_MAX);
    return OK;
}

// ---- one period

static void note_due(struct looking *looking, instant at)
{
    if (!looking->has_due || at.us < looking->due_at.us)
        looking->due_at = at;
    looking->has_due = true;
}

static result fire(struct db_tx *tx, struct looking *looking, const struct measuring *what,
                   exact value)
{
    const struct alert *alert = &looking->alert;
    const struct period *period = what->period;
    instant now = looking->run->now;
    str inserted = {0};
    result fired = db_one(tx, &alerts_fire_sql,
                          PARAMS(db_text(alert->id), db_text(what->terms->id),
                                 db_instant(period->start), db_instant(period->end),
                                 db_text(exact_print(db_arena(tx), value)), db_instant(now)),
                          COLUMNS(db_into_text("alert_id", &inserted)));
    if (fired.code == ERR_NOT_FOUND)
        return OK;
    TRY(fired);
    looking->fired++;
    json_t *data =
        json_pack("{s:o, s:o, s:o}", "alert", json_from_str(alert->id), "customer",
                  json_from_str(alert->customer), "subscription", json_from_str(what->terms->id));
    TRY(outbox_put(tx, OUTBOX_alert_fired, now, data));
    return db_flush(tx);
}

static bool is_reached(struct arena *arena, const struct measured *measured, decimal threshold)
{
    int order = exact_compare(measured->value, exact_from_decimal(arena, threshold));
    return measured->has_value && (measured->falls ? order <= 0 : order >= 0);
}

static result look_at_period(struct db_tx *tx, struct looking *looking,
                             const struct subscription_terms *terms, const struct period *period)
{
    struct measuring what = {&looking->alert, terms, period, looking->run->now};
    struct measured measured = {0};
    decimal threshold = {0};
    bool fired = false;
    TRY(db_one(tx, &alerts_has_fired_sql,
               PARAMS(db_text(looking->alert.id), db_text(terms->id), db_instant(period->start)),
               COLUMNS(db_into_bool("fired", &fired))));
    if (fired)
        return OK;
    TRY(alert_measure(tx, &what, &measured));
    TRY(decimal_parse(looking->alert.threshold, &threshold));
    if (is_reached(db_arena(tx), &measured, threshold))
        return fire(tx, looking, &what, measured.value);
    if (measured.has_change)
        note_due(looking, measured.changes_at);
    return OK;
}

// ---- one subscription

struct stretch {
    struct looking *looking;
    const struct subscription *subscription;
};

// From the period that ran when it was looked at last to the one that runs now.
static result look_at_periods(struct db_tx *tx, void *context)
{
    const struct stretch *stretch = context;
    struct looking *looking = stretch->looking;
    const struct subscription *subscription = stretch->subscription;
    OWNED(json_release) json_t *held = NULL;
    struct subscription_terms terms = {0};
    struct period period = {0};
    instant from =
        looking->seen_at.us > subscription->start.us ? looking->seen_at : subscription->start;
    TRY(subscription_terms_read(tx, subscription->id, &terms, &held));
    result found = period_holding(&terms, from, &period);
    for (int i = 0; i < PERIODS_MAX && !failed(found); i++) {
        if (period.start.us > looking->run->now.us)
            return OK;
        TRY(look_at_period(tx, looking, &terms, &period));
        if (period.end.us > looking->run->now.us) {
            note_due(looking, period.end);
            return OK;
        }
        found = period_find(&terms, period.number + 1, &period);
    }
    return found.code == ERR_NOT_FOUND ? OK : found; // it has ended
}

static result look_at_subscriptions(struct db_tx *tx, struct looking *looking)
{
    struct candidates candidates = {.arena = db_arena(tx), .looking = looking};
    TRY(find_candidates(tx, &candidates));
    for (size_t i = 0; i < candidates.count; i++) {
        struct stretch stretch = {looking, &candidates.items[i]};
        if (candidates.items[i].start.us > looking->run->now.us)
            note_due(looking, candidates.items[i].start);
        else
            TRY(db_scratch(tx, look_at_periods, &stretch));
    }
    return OK;
}

// ---- one alert

static result look_at_next(struct db_tx *tx, void *context)
{
    struct looking *looking = context;
    struct head head = {0};
    db_column columns[ALERT_COLUMNS + 1];
    const struct db_stmt *claim =
        looking->run->waits ? &alerts_claim_waiting_sql : &alerts_claim_sql;
    looking->found = false;
    looking->fired = 0;
    looking->has_due = false;
    alert_columns(&looking->alert, columns);
    columns[ALERT_COLUMNS] = db_into_instant("seen_at", &looking->seen_at);
    result claimed =
        db_one(tx, claim, PARAMS(db_instant(looking->run->now), db_text(looking->after)),
               (struct db_columns){columns, ALERT_COLUMNS + 1});
    if (claimed.code == ERR_NOT_FOUND)
        return OK;
    TRY(claimed);
    looking->found = true;
    looking->alert.id = str_copy(looking->arena, looking->alert.id);
    TRY(ledger_head(tx, looking->alert.customer_id, &head)); // what grows from here on is seen next
    TRY(look_at_subscriptions(tx, looking));
    return db_exec(tx, &alerts_mark_seen_sql,
                   PARAMS(db_text(looking->alert.id), db_i64(head.size),
                          db_instant(looking->run->now),
                          looking->has_due ? db_instant(looking->due_at) : db_null()));
}

// An alert that cannot be measured holds up no other; the first failure is returned at the end.
result alerts_run(struct db *db, struct alerts_run *run)
{
    struct arena ids = {0};
    struct looking looking = {.run = run, .after = STR(""), .arena = &ids};
    result first_failure = OK;
    run->fired = 0;
    do {
        struct arena arena = {0};
        result outcome = db_transact(db, &arena, look_at_next, &looking);
        arena_reset(&arena);
        if (failed(outcome) && !failed(first_failure))
            first_failure = outcome;
        if (!failed(outcome))
            run->fired += looking.fired;
        if (looking.found)
            looking.after = looking.alert.id;
    } while (looking.found && first_failure.code != ERR_DB_AWAY);
    arena_reset(&ids);
    return first_failure;
}
