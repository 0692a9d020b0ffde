// SPDX-License-Identifier: Apache-2.0
#include "reconcile.h"

#include "phial/ledger/ledger.h"
#include "phial/rating/aggregation.h"

static bool is_metric(const struct reconciliation *what, const char *aggregation)
{
    return what->metric != NULL &&
           str_eq(str_from(what->metric->aggregation->name), str_from(aggregation));
}

// Of events: as many as there are. Of a sum: what they say.
static bool total_of_claims(struct arena *arena, const struct reconciliation *what,
                            const struct claims *claims, exact *total)
{
    if (what->claimed == NULL)
        return false;
    if (what->metric == NULL || is_metric(what, "count")) {
        *total = exact_from_i64(arena, what->claimed->sent);
        return true;
    }
    *total = claims->total;
    return is_metric(what, "sum") && !claims->partial;
}

// Whether the windows are all of the time.
static bool covers(const struct reconciliation *what)
{
    instant at = what->from;
    for (size_t i = 0; i < what->window_count; i++) {
        if (what->windows[i].start.us != at.us)
            return false;
        at = what->windows[i].end;
    }
    return at.us == what->to.us;
}

static bool total_of_windows(struct arena *arena, const struct reconciliation *what, exact *total)
{
    bool adds_up = what->metric == NULL || is_metric(what, "count") || is_metric(what, "sum");
    if (!adds_up || !covers(what))
        return false;
    *total = exact_zero();
    for (size_t i = 0; i < what->window_count; i++)
        *total = exact_add(arena, *total, exact_from_decimal(arena, what->windows[i].yours));
    return true;
}

static void find_yours(struct arena *arena, const struct reconciliation *what,
                       const struct claims *claims, struct reconciled *reconciled)
{
    reconciled->has_yours = true;
    if (what->has_total)
        reconciled->yours = exact_from_decimal(arena, what->total);
    else if (!total_of_claims(arena, what, claims, &reconciled->yours) &&
             !total_of_windows(arena, what, &reconciled->yours))
        reconciled->has_yours = false;
}

static bool all_match(struct arena *arena, const struct reconciliation *what,
                      const struct reconciled *reconciled)
{
    if (reconciled->has_yours && exact_compare(reconciled->yours, reconciled->ledger) != 0)
        return false;
    for (size_t i = 0; i < what->window_count; i++) {
        const struct compared_window *window = &what->windows[i];
        if (exact_compare(exact_from_decimal(arena, window->yours), window->ledger) != 0)
            return false;
    }
    return reconciled->missing_here.count == 0 && reconciled->missing_there.count == 0 &&
           reconciled->different.count == 0 &&
           (what->claimed == NULL || what->claimed->refused == 0);
}

result reconcile(struct db_tx *tx, struct reconciliation *what, struct reconciled *reconciled)
{
    struct arena *arena = db_arena(tx);
    struct head head = {0};
    struct reconciled done = {0};
    struct claims claims = {0};
    TRY(ledger_head(tx, what->customer->id, &head));
    done.size = head.size;
    done.root = merkle_root(&head.range);
    done.looked_through = what->metric == NULL || what->claimed != NULL;
    if (what->claimed != NULL)
        TRY(claims_read(tx, what->claimed, &claims));
    if (done.looked_through)
        TRY(reconcile_events(tx, what, what->claimed == NULL ? NULL : &claims, &done));
    done.repeated = claims.repeated;
    if (what->metric != NULL) {
        TRY(reconcile_measure(tx, what, &done));
    } else {
        done.ledger = exact_from_i64(arena, done.events);
        for (size_t i = 0; i < what->window_count; i++)
            what->windows[i].ledger = exact_from_i64(arena, what->windows[i].events);
    }
    find_yours(arena, what, &claims, &done);
    done.matches = all_match(arena, what, &done);
    *reconciled = done;
    return OK;
}
