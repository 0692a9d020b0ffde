// SPDX-License-Identifier: Apache-2.0
// One pass over the log: the events that a correction names first, folded, then all others as they
// were sent. Memory is the claims and what was corrected.
#include "audit.sql.h"
#include "phial/rating/usage.h"
#include "reconcile.h"

enum { LOOKED_UP_AT_ONCE = 1000 };

struct pass {
    struct db_tx *tx;
    struct arena *arena;
    struct reconciliation *what;
    struct claims *claims; // NULL: none
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

// What it says, without its texts.
static struct claimed_event claim_at(const struct claims *claims, size_t place)
{
    struct claimed_event said = {.has_quantity = (claims->marks[place] & CLAIM_HAS_QUANTITY) != 0,
                                 .has_time = (claims->marks[place] & CLAIM_HAS_TIME) != 0};
    if (said.has_quantity)
        said.quantity = claims->quantities[place];
    if (said.has_time)
        said.time = claims->times[place];
    return said;
}

static void compare(struct pass *pass, size_t place, const struct usage_event *event)
{
    struct claimed_event yours = claim_at(pass->claims, place);
    pass->claims->marks[place] |= CLAIM_SEEN;
    bool same = (!yours.has_quantity || decimal_compare(yours.quantity, event->quantity) == 0) &&
                (!yours.has_time || same_time(pass, yours.time, event->time));
    struct compared_event *different =
        same ? NULL : list_add(pass, &pass->reconciled->different, event->source, event->id);
    if (different == NULL)
        return;
    different->differs = true;
    different->yours = yours;
    different->quantity = event->quantity;
    different->time = event->time;
}

static void judge(struct pass *pass, const struct usage_event *event)
{
    if (!is_asked_for(pass, event))
        return;
    size_t place = 0;
    bool claimed =
        pass->claims != NULL && claims_find(pass->claims, event->source, event->id, &place);
    if (event->voided) {
        if (claimed)
            pass->claims->marks[place] |= CLAIM_VOIDED;
        return;
    }
    struct compared_window *window =
        pass->what->metric == NULL ? window_at(pass, event->time) : NULL;
    pass->reconciled->events++;
    pass->reconciled->attested += pass->attested;
    if (window != NULL)
        window->events++;
    if (claimed)
        compare(pass, place, event);
    else if (pass->claims != NULL)
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
    struct claims *claims;
    const uint32_t *places; // beside the identities asked for
    int64_t found;          // of the row at hand, from 1
};

static result found_elsewhere(void *context)
{
    struct looking *looking = context;
    looking->claims->marks[looking->places[looking->found - 1]] |= CLAIM_ELSEWHERE;
    return OK;
}

// Of those that no event at hand was, whether the ledger has them at all.
static result look_elsewhere(struct pass *pass)
{
    enum { KNOWN = CLAIM_SEEN | CLAIM_VOIDED | CLAIM_REPEATS };
    struct claims *claims = pass->claims;
    uint32_t places[LOOKED_UP_AT_ONCE];
    str keys[LOOKED_UP_AT_ONCE];
    struct looking looking = {.claims = claims, .places = places};
    size_t i = 0;
    while (i < claims->count) {
        size_t count = 0;
        for (; i < claims->count && count < LOOKED_UP_AT_ONCE; i++) {
            const struct claim_key *key = &claims->keys[i];
            if ((claims->marks[key->place] & KNOWN) != 0)
                continue;
            places[count] = key->place;
            keys[count++] = (str){(const char *)key->key.bytes, IDENTITY_BYTES};
        }
        if (count == 0)
            return OK;
        TRY(db_each(pass->tx, &audit_find_identities_sql,
                    PARAMS(db_i64(pass->what->customer->id), db_bytes_array(keys, count)),
                    COLUMNS(db_into_i64("place", &looking.found)), found_elsewhere, &looking));
    }
    return OK;
}

// Beside missing_here; NULL: it is in no other list.
static struct compared_list *other_list(const struct pass *pass, int64_t place)
{
    unsigned marks = pass->claims->marks[place];
    if ((marks & CLAIM_VOIDED) != 0)
        return &pass->reconciled->voided;
    return (marks & CLAIM_ELSEWHERE) != 0 ? &pass->reconciled->elsewhere : NULL;
}

static result list_batch(struct pass *pass, const int64_t *places, size_t count)
{
    struct arena scratch = {0};
    struct claimed_event *named = arena_array(&scratch, struct claimed_event, count);
    result outcome =
        count == 0 ? OK
                   : claims_name(pass->tx, &scratch, pass->what->claimed, places, count, named);
    for (size_t i = 0; !failed(outcome) && i < count; i++) {
        struct compared_list *other = other_list(pass, places[i]);
        (void)list_add(pass, &pass->reconciled->missing_here, named[i].source, named[i].id);
        if (other != NULL)
            (void)list_add(pass, other, named[i].source, named[i].id);
    }
    arena_reset(&scratch);
    return outcome;
}

// Those that no list has room for are counted, and nobody asks for their texts.
static result list_missing(struct pass *pass)
{
    struct compared_list *missing = &pass->reconciled->missing_here;
    int64_t places[LOOKED_UP_AT_ONCE];
    size_t count = 0;
    TRY(look_elsewhere(pass));
    for (size_t i = 0; i < pass->claims->count; i++) {
        struct compared_list *other = other_list(pass, (int64_t)i);
        if ((pass->claims->marks[i] & (CLAIM_SEEN | CLAIM_REPEATS)) != 0)
            continue;
        if (missing->listed == RECONCILED_LISTED_MAX &&
            (other == NULL || other->listed == RECONCILED_LISTED_MAX)) {
            missing->count++;
            if (other != NULL)
                other->count++;
            continue;
        }
        places[count++] = (int64_t)i;
        if (count == LOOKED_UP_AT_ONCE) {
            TRY(list_batch(pass, places, count));
            count = 0;
        }
    }
    return list_batch(pass, places, count);
}

result reconcile_events(struct db_tx *tx, struct reconciliation *what, struct claims *claims,
                        struct reconciled *reconciled)
{
    OWNED(usage_fold_release) struct usage_fold *corrected = usage_fold_new(db_arena(tx));
    struct pass pass = {.tx = tx,
                        .arena = db_arena(tx),
                        .what = what,
                        .claims = claims,
                        .reconciled = reconciled,
                        .corrected = corrected};
    TRY(zone_load(pass.arena, what->customer->zone_name, &pass.zone));
    TRY(take_corrected(&pass));
    TRY(take_all(&pass));
    return claims == NULL ? OK : list_missing(&pass);
}
