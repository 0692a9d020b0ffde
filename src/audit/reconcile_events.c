// SPDX-License-Identifier: Apache-2.0
// One pass over the log: the events that a correction names first, folded, then all others as they
// were sent. Memory is what the customer sent and what was corrected.
#include "audit.sql.h"
#include "claims.h"
#include "phial/rating/usage.h"
#include "reconcile.h"

enum { LOOKED_UP_AT_ONCE = 1000 };

struct pass {
    struct db_tx *tx;
    struct arena *arena;
    struct reconciliation *what;
    struct reconciled *reconciled;
    const struct zone *zone;
    struct usage_fold *corrected;
    int64_t index; // of the row at hand
    str leaf;
    bool attested;
};

static bool in_time(const struct pass *pass, instant at)
{
    return at.us >= pass->what->from.us && at.us < pass->what->to.us;
}

static bool is_asked_for(const struct pass *pass, const struct usage_event *event)
{
    if (!in_time(pass, event->time))
        return false;
    return pass->what->metric == NULL ? str_eq(event->type, pass->what->type)
                                      : metric_takes(pass->what->metric, event);
}

static struct compared_window *window_at(const struct pass *pass, instant at)
{
    struct compared_window *windows = pass->what->windows;
    size_t low = 0;
    size_t high = pass->what->window_count;
    while (low < high) { // the first that begins after it
        size_t middle = low + (high - low) / 2;
        if (windows[middle].start.us <= at.us)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && at.us < windows[low - 1].end.us ? &windows[low - 1] : NULL;
}

static struct compared_event *list_add(struct pass *pass, struct compared_list *list, str source,
                                       str id)
{
    list->count++;
    if (list->listed == RECONCILED_LISTED_MAX)
        return NULL;
    struct compared_event *event = arena_new(pass->arena, struct compared_event);
    *event = (struct compared_event){.id = str_copy(pass->arena, id),
                                     .source = str_copy(pass->arena, source)};
    if (list->last == NULL)
        list->first = event;
    else
        list->last->next = event;
    list->last = event;
    list->listed++;
    return event;
}

// The customer's time, cut as the ledger cuts what it stores.
static bool same_time(const struct pass *pass, instant theirs, instant stored)
{
    static const int64_t second_us = 1000000;
    switch (pass->what->precision) {
    case PRECISION_DAY:
        return zone_day(pass->zone, theirs).number == zone_day(pass->zone, stored).number;
    case PRECISION_HOUR:
        return zone_hour(pass->zone, theirs).us == zone_hour(pass->zone, stored).us;
    case PRECISION_SECOND:
        break;
    }
    int64_t off = theirs.us - stored.us;
    return off > -second_us && off < second_us;
}

static void compare(struct pass *pass, struct claim *claim, const struct usage_event *event)
{
    const struct claimed_event *yours = &claim->event;
    claim->seen = true;
    bool same = (!yours->has_quantity || decimal_compare(yours->quantity, event->quantity) == 0) &&
                (!yours->has_time || same_time(pass, yours->time, event->time));
    struct compared_event *different =
        same ? NULL : list_add(pass, &pass->reconciled->different, event->source, event->id);
    if (different == NULL)
        return;
    different->differs = true;
    different->yours = *yours;
    different->quantity = event->quantity;
    different->time = event->time;
}

static void judge(struct pass *pass, const struct usage_event *event)
{
    if (!is_asked_for(pass, event))
        return;
    struct claim *claim = pass->what->claims == NULL
                              ? NULL
                              : claims_find(pass->what->claims, event->source, event->id);
    if (event->voided) {
        if (claim != NULL)
            claim->voided = true;
        return;
    }
    struct compared_window *window =
        pass->what->metric == NULL ? window_at(pass, event->time) : NULL;
    pass->reconciled->events++;
    pass->reconciled->attested += pass->attested;
    if (window != NULL)
        window->events++;
    if (claim != NULL)
        compare(pass, claim, event);
    else if (pass->what->claims != NULL)
        (void)list_add(pass, &pass->reconciled->missing_there, event->source, event->id);
}

static result fold_row(void *context)
{
    const struct pass *pass = context;
    return usage_fold_add(pass->corrected, pass->index, pass->leaf);
}

// Amended and voided events, as they are now.
static result take_corrected(struct pass *pass)
{
    struct usage live = {0};
    TRY(db_each(
        pass->tx, &audit_list_corrected_sql,
        PARAMS(db_i64(pass->what->customer->id), db_i64(pass->reconciled->size)),
        COLUMNS(db_into_i64("entry_index", &pass->index), db_into_bytes("leaf", &pass->leaf)),
        fold_row, pass));
    TRY(usage_fold_end(pass->corrected, &live));
    return OK;
}

static result judge_row(void *context)
{
    struct pass *pass = context;
    OWNED(json_release) json_t *held = NULL;
    struct usage_event event = {.index = pass->index};
    bool is_usage = false;
    const struct usage_event *corrected = usage_fold_find(pass->corrected, pass->index);
    if (corrected != NULL) {
        judge(pass, corrected);
        return OK;
    }
    TRY(usage_leaf_read(pass->leaf, &event, &held, &is_usage));
    if (is_usage)
        judge(pass, &event);
    return OK;
}

// An amended event counts by its present time, whatever it was sent with.
static result take_all(struct pass *pass)
{
    return db_each(pass->tx, &audit_list_counting_sql,
                   PARAMS(db_i64(pass->what->customer->id), db_i64(pass->reconciled->size),
                          db_instant(pass->what->from), db_instant(pass->what->to)),
                   COLUMNS(db_into_i64("entry_index", &pass->index),
                           db_into_bytes("leaf", &pass->leaf),
                           db_into_bool("attested", &pass->attested)),
                   judge_row, pass);
}

// ---- what the customer has alone

struct looking {
    struct pass *pass;
    const struct claim **claims; // beside the identities asked for
    int64_t place;               // of the row at hand, from 1
};

static result found_elsewhere(void *context)
{
    struct looking *looking = context;
    const struct claimed_event *event = &looking->claims[looking->place - 1]->event;
    (void)list_add(looking->pass, &looking->pass->reconciled->elsewhere, event->source, event->id);
    return OK;
}

static result look_up(struct pass *pass, const struct claim **claims, const str *keys, size_t count)
{
    struct looking looking = {.pass = pass, .claims = claims};
    if (count == 0)
        return OK;
    return db_each(pass->tx, &audit_find_identities_sql,
                   PARAMS(db_i64(pass->what->customer->id), db_bytes_array(keys, count)),
                   COLUMNS(db_into_i64("place", &looking.place)), found_elsewhere, &looking);
}

static result list_missing(struct pass *pass)
{
    const struct claims *claims = pass->what->claims;
    struct reconciled *reconciled = pass->reconciled;
    const struct claim **batch = arena_array(pass->arena, const struct claim *, LOOKED_UP_AT_ONCE);
    identity *identities = arena_array(pass->arena, identity, LOOKED_UP_AT_ONCE);
    str *keys = arena_array(pass->arena, str, LOOKED_UP_AT_ONCE);
    size_t count = 0;
    for (size_t i = 0; i < claims->count; i++) {
        const struct claim *claim = &claims->items[i];
        if (claim->seen || claim->repeats)
            continue;
        (void)list_add(pass, &reconciled->missing_here, claim->event.source, claim->event.id);
        if (claim->voided) {
            (void)list_add(pass, &reconciled->voided, claim->event.source, claim->event.id);
            continue;
        }
        batch[count] = claim;
        identities[count] = identity_of(claim->event.source, claim->event.id);
        keys[count] = (str){(const char *)identities[count].bytes, IDENTITY_BYTES};
        count++;
        if (count == LOOKED_UP_AT_ONCE) {
            TRY(look_up(pass, batch, keys, count));
            count = 0;
        }
    }
    return look_up(pass, batch, keys, count);
}

result reconcile_events(struct db_tx *tx, struct reconciliation *what,
                        struct reconciled *reconciled)
{
    OWNED(usage_fold_release) struct usage_fold *corrected = usage_fold_new(db_arena(tx));
    struct pass pass = {.tx = tx,
                        .arena = db_arena(tx),
                        .what = what,
                        .reconciled = reconciled,
                        .corrected = corrected};
    TRY(zone_load(pass.arena, what->customer->zone_name, &pass.zone));
    if (what->claims != NULL)
        claims_sort(what->claims, &reconciled->repeated);
    TRY(take_corrected(&pass));
    TRY(take_all(&pass));
    return what->claims == NULL ? OK : list_missing(&pass);
}
