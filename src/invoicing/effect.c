// SPDX-License-Identifier: Apache-2.0
#include "phial/invoicing/effect.h"

#include "compute.h"
#include "invoicing.sql.h"

struct previewing {
    struct arena *arena; // outlives each period's
    struct head head;
    struct staged staged;
    str *subscriptions;
    size_t subscription_count;
    struct effect *effects;
    size_t count;
    bool complete;
    money difference;
    // the period at hand
    str subscription;
    enum currency currency;
    struct period period;
};

static result keep_subscription(void *context, const struct subscription *subscription)
{
    struct previewing *previewing = context;
    if (previewing->subscription_count == EFFECT_SUBSCRIPTIONS_MAX) {
        previewing->complete = false;
        return OK;
    }
    previewing->subscriptions[previewing->subscription_count++] =
        str_copy(previewing->arena, subscription->id);
    return OK;
}

static result compute_total(struct db_tx *tx, const struct previewing *previewing,
                            const struct staged *staged, money *total)
{
    OWNED(json_release) json_t *statement = NULL;
    struct computation what = {
        .subscription = previewing->subscription,
        .number = previewing->period.number,
        .head = &previewing->head,
        .staged = staged,
        .alone = true,
    };
    TRY(statement_of(tx, &what, &statement));
    return money_parse(json_str(json_object_get(statement, "total")), previewing->currency, total);
}

static result find_invoice(struct db_tx *tx, const struct previewing *previewing,
                           struct effect *effect)
{
    struct effect read = {0};
    result found =
        db_one(tx, &invoicing_find_period_sql,
               PARAMS(db_text(previewing->subscription), db_i64(previewing->period.number)),
               COLUMNS(db_into_text("invoice_id", &read.invoice),
                       db_into_text("number", &read.number), db_into_text("status", &read.status)));
    if (found.code == ERR_NOT_FOUND)
        return OK;
    TRY(found);
    effect->invoice = str_copy(previewing->arena, read.invoice);
    effect->number = str_copy(previewing->arena, read.number);
    effect->status = str_copy(previewing->arena, read.status);
    return OK;
}

static result preview_period(struct db_tx *tx, void *context)
{
    struct previewing *previewing = context;
    struct effect effect = {.subscription = previewing->subscription, .period = previewing->period};
    TRY(compute_total(tx, previewing, NULL, &effect.before));
    TRY(compute_total(tx, previewing, &previewing->staged, &effect.after));
    TRY(money_sub(effect.after, effect.before, &effect.difference));
    TRY(money_add(previewing->difference, effect.difference, &previewing->difference));
    TRY(find_invoice(tx, previewing, &effect));
    previewing->effects[previewing->count++] = effect;
    return OK;
}

// The time of the first staged event from `from` on. NOT_FOUND when there is none.
static result next_staged(struct db_tx *tx, const struct previewing *previewing, instant from,
                          instant *at)
{
    return db_one(tx, &invoicing_next_staged_sql,
                  PARAMS(db_i64(previewing->head.customer_id), db_text(previewing->staged.backfill),
                         db_i64(previewing->staged.count), db_i64(previewing->head.size),
                         db_instant(from)),
                  COLUMNS(db_into_instant("event_time", at)));
}

// The first period from `number` on that ends after `at`; what the subscription has before its
// start or after its end is nobody's. NOT_FOUND when there is none.
static result find_period(const struct subscription_terms *terms, int64_t number, instant at,
                          struct period *period)
{
    do
        TRY(period_find(terms, number++, period));
    while (period->end.us <= at.us);
    return OK;
}

// From staged event to staged event: a period that none of them touches is not computed. Where a
// metric carries, each period after the first that is touched is, as far as the log's time goes.
static result preview_periods(struct db_tx *tx, struct previewing *previewing,
                              const struct subscription_terms *terms)
{
    bool carries = statement_carries(terms);
    instant from = carries ? (instant){FIRST_INSTANT_US} : terms->start;
    previewing->period.number = 0;
    for (;;) {
        bool carried =
            carries && previewing->period.number > 0 && from.us <= previewing->head.last_at.us;
        instant at = from;
        result found = carried ? OK : next_staged(tx, previewing, from, &at);
        if (!failed(found))
            found = find_period(terms, previewing->period.number + 1, at, &previewing->period);
        if (found.code == ERR_NOT_FOUND)
            return OK;
        TRY(found);
        previewing->complete = previewing->complete && previewing->count < EFFECTS_MAX;
        if (previewing->count == EFFECTS_MAX)
            return OK;
        TRY(db_scratch(tx, preview_period, previewing));
        from = previewing->period.end;
    }
}

static result preview_subscription(struct db_tx *tx, struct previewing *previewing)
{
    OWNED(json_release) json_t *held = NULL;
    struct subscription_terms terms = {0};
    TRY(subscription_terms_read(tx, previewing->subscription, &terms, &held));
    previewing->currency = terms.currency;
    return preview_periods(tx, previewing, &terms);
}

static result preview_all(struct db_tx *tx, struct previewing *previewing)
{
    struct customer customer = {0};
    struct subscription_filter filter = {previewing->head.customer_id, STR(""),
                                         EFFECT_SUBSCRIPTIONS_MAX + 1, (instant){0}, false};
    TRY(customer_get_by_id(tx, previewing->head.customer_id, &customer));
    previewing->difference = (money){0, customer.currency};
    TRY(subscription_each(tx, &filter, keep_subscription, previewing));
    for (size_t i = 0; i < previewing->subscription_count; i++) {
        previewing->subscription = previewing->subscriptions[i];
        TRY(preview_subscription(tx, previewing));
    }
    return OK;
}

result backfill_effects(struct db_tx *tx, str backfill, struct effects *effects)
{
    struct arena *arena = db_arena(tx);
    int64_t customer_id = 0;
    struct previewing previewing = {
        .arena = arena,
        .staged = {.backfill = backfill},
        .subscriptions = arena_array(arena, str, EFFECT_SUBSCRIPTIONS_MAX),
        .effects = arena_array(arena, struct effect, EFFECTS_MAX),
        .complete = true,
    };
    TRY(db_one(tx, &invoicing_lock_backfill_sql, PARAMS(db_text(backfill)),
               COLUMNS(db_into_i64("customer_id", &customer_id),
                       db_into_i64("events", &previewing.staged.count))));
    TRY(ledger_head(tx, customer_id, &previewing.head));
    TRY(preview_all(tx, &previewing));
    *effects = (struct effects){
        .items = previewing.effects,
        .count = previewing.count,
        .events = previewing.staged.count,
        .complete = previewing.complete,
        .difference = previewing.difference,
    };
    return OK;
}
