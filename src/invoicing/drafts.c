// SPDX-License-Identifier: Apache-2.0
// Drafts of ended periods, of one subscription or of several at once.
#include "drafts.h"

#include "closing.h"
#include "compute.h"
#include "invoicing.sql.h"
#include "phial/crypto/crypto.h"
#include "phial/util/checked.h"
#include "tell.h"

#include <assert.h>

enum { DRAFTS_A_TRANSACTION = 500 };

// The periods that have an invoice, which are known before it is how many have ended.
struct periods {
    struct arena *arena;
    int64_t *numbers;
    size_t count;
    size_t room;
    int64_t number; // the row that is being read
};

static result note_period(void *context)
{
    struct periods *periods = context;
    periods->numbers = arena_grow(periods->arena, periods->numbers, periods->count, &periods->room,
                                  sizeof *periods->numbers);
    periods->numbers[periods->count++] = periods->number;
    return OK;
}

// They are there with the next statement that is waited for.
static result defer_periods(struct db_tx *tx, str subscription, struct periods **periods)
{
    *periods = arena_new(db_arena(tx), struct periods);
    (*periods)->arena = db_arena(tx);
    return db_defer(tx, &invoicing_list_periods_sql, PARAMS(db_text(subscription)),
                    COLUMNS(db_into_i64("period_number", &(*periods)->number)), note_period,
                    *periods);
}

static void take_present(struct drafting *drafting, const struct periods *periods, int64_t ended)
{
    drafting->present_count = ended;
    drafting->present = arena_array(periods->arena, bool, (size_t)ended);
    for (size_t i = 0; i < periods->count; i++) {
        if (periods->numbers[i] >= 0 && periods->numbers[i] < ended)
            drafting->present[periods->numbers[i]] = true;
    }
    drafting->has_invoice = periods->count > 0;
}

// How many periods, from 0, have ended by now; the end of the first that has not, if there is one.
static int64_t count_ended(const struct subscription_terms *terms, instant now, bool *has_next,
                           instant *next_end)
{
    struct period period = {0};
    int64_t ended = 0;
    *has_next = false;
    while (!failed(period_find(terms, ended, &period))) {
        if (period.end.us > now.us) {
            *has_next = true;
            *next_end = period.end;
            break;
        }
        ended++;
    }
    return ended;
}

// made: false where the period has its invoice, or somebody else's run was first. A closing
// statement waits from now on: by then its period's end may be long ago.
static result insert_draft(struct db_tx *tx, const struct subscription_terms *terms, int64_t number,
                           const struct change *change, bool *made)
{
    struct period period = {0};
    instant grace_ends = {0};
    str id = {0};
    TRY(period_of_statement(terms, number, &period));
    instant from = period_closing(terms, number) ? change->now : period.end;
    if (!checked_add(from.us, plan_at_end(terms, &period)->grace_us, &grace_ends.us))
        return FAIL(INTERNAL, "a grace does not end");
    str nothing = money_print(db_arena(tx), (money){0, terms->currency});
    result inserted =
        db_one(tx, &invoicing_insert_draft_sql,
               PARAMS(db_text(crypto_id(db_arena(tx))), db_text(terms->id), db_i64(number),
                      db_instant(period.start), db_instant(period.end), db_instant(grace_ends),
                      db_text(nothing), db_text(str_from(currency_code(terms->currency))),
                      db_instant(change->now), db_text(change->actor)),
               COLUMNS(db_into_text("invoice_id", &id)));
    *made = !failed(inserted);
    if (!*made)
        return inserted.code == ERR_NOT_FOUND ? OK : inserted;
    struct invoice told = {.id = id, .customer = terms->customer, .subscription = terms->id};
    return invoice_tell(tx, OUTBOX_invoice_draft, change->now, &told);
}

static bool ended_at_its_start(const struct subscription_terms *terms)
{
    return terms->has_end && terms->end.us <= terms->start.us;
}

// The first period from a number on that has ended and has no invoice; else how many have ended.
static int64_t next_missing(const struct drafting *drafting, int64_t number)
{
    while (number < drafting->present_count && drafting->present[number])
        number++;
    return number < drafting->present_count ? number : drafting->present_count;
}

// Of a subscription that ended at its start nothing can come back without an opening statement.
static int64_t first_missing(const struct subscription_terms *terms,
                             const struct drafting *drafting)
{
    int64_t ended = drafting->present_count;
    if (ended > 0 && ended_at_its_start(terms) && !drafting->present[0])
        return ended;
    return next_missing(drafting, period_opening(terms) ? 0 : 1);
}

static result draft_missing(struct db_tx *tx, const struct subscription_terms *terms,
                            struct drafting *drafting, int64_t number)
{
    for (; number < drafting->present_count; number = next_missing(drafting, number + 1)) {
        bool made = false;
        drafting->more = drafting->made == DRAFTS_A_TRANSACTION;
        if (drafting->more)
            return OK;
        TRY(insert_draft(tx, terms, number, &drafting->change, &made));
        drafting->made += made;
    }
    return OK;
}

static result mark_looked_at(struct db_tx *tx, str subscription, bool has_next, instant next_end)
{
    return db_defer(tx, &invoicing_mark_looked_at_sql,
                    PARAMS(db_text(subscription), has_next ? db_instant(next_end) : db_null()),
                    NO_COLUMNS, NULL, NULL);
}

// By now another run may have done all there was, which costs less to ask than to find out.
static result is_candidate(struct db_tx *tx, const struct drafting *drafting, bool *is)
{
    str id = {0};
    result found = db_one(tx, &invoicing_list_candidates_sql,
                          PARAMS(db_instant(drafting->change.now), db_text(drafting->subscription),
                                 db_text(drafting->subscription), db_i64(1)),
                          COLUMNS(db_into_text("subscription_id", &id)));
    *is = !failed(found);
    return found.code == ERR_NOT_FOUND ? OK : found;
}

// Locked until the transaction's end; false where another run was first.
static result claim(struct db_tx *tx, struct drafting *drafting)
{
    str locked = {0};
    result found =
        db_one(tx, &invoicing_claim_subscription_sql, PARAMS(db_text(drafting->subscription)),
               COLUMNS(db_into_text("claimed", &locked)));
    drafting->claimed = !failed(found);
    return found.code == ERR_NOT_FOUND ? OK : found;
}

static result draft_periods(struct db_tx *tx, struct drafting *drafting,
                            struct terms_common *common)
{
    struct subscription_terms terms = {0};
    struct periods *periods = NULL;
    bool has_next = false;
    instant next_end = {0};
    TRY(defer_periods(tx, drafting->subscription, &periods));
    TRY(subscription_terms_read_common(tx, drafting->subscription, common, &terms));
    int64_t ended = count_ended(&terms, drafting->change.now, &has_next, &next_end);
    take_present(drafting, periods, ended);
    int64_t missing = first_missing(&terms, drafting);
    if (missing < ended) { // else nothing is written, nor locked
        if (!drafting->claimed)
            TRY(claim(tx, drafting));
        drafting->passed_over = !drafting->claimed;
        if (drafting->passed_over)
            return OK;
        TRY(draft_missing(tx, &terms, drafting, missing));
    }
    drafting->ended = !drafting->more && !has_next && !ended_at_its_start(&terms);
    if (drafting->more || drafting->ended)
        return OK;
    if (has_next && !drafting->has_invoice && drafting->made == 0)
        return db_defer(tx, &invoicing_note_look_sql,
                        PARAMS(db_text(drafting->subscription), db_instant(next_end)), NO_COLUMNS,
                        NULL, NULL);
    return mark_looked_at(tx, drafting->subscription, has_next, next_end);
}

result draft_subscription(struct db_tx *tx, void *context)
{
    struct drafting *drafting = context;
    OWNED(terms_common_release) struct terms_common *common = terms_common_new(tx);
    bool is = false;
    drafting->made = 0;
    drafting->more = false;
    drafting->ended = false;
    drafting->passed_over = false;
    TRY(is_candidate(tx, drafting, &is));
    return is ? draft_periods(tx, drafting, common) : OK;
}

// ---- several

struct claiming {
    struct drafting_together *asked;
    str id; // the row that is being read
};

static result keep_claimed(void *context)
{
    struct claiming *claiming = context;
    struct drafting_together *asked = claiming->asked;
    for (size_t i = 0; i < asked->count; i++) {
        if (str_eq(asked->ids[i], claiming->id))
            asked->became[i] = DRAFTS_LEFT;
    }
    return OK;
}

static result claim_together(struct db_tx *tx, struct drafting_together *asked)
{
    struct claiming claiming = {.asked = asked};
    asked->made = 0;
    for (size_t i = 0; i < asked->count; i++)
        asked->became[i] = DRAFTS_NOT_CLAIMED;
    return db_each(tx, &invoicing_claim_candidates_sql,
                   PARAMS(db_instant(asked->change.now), db_text_array(asked->ids, asked->count)),
                   COLUMNS(db_into_text("subscription_id", &claiming.id)), keep_claimed, &claiming);
}

result draft_together(struct db_tx *tx, void *context)
{
    struct drafting_together *asked = context;
    OWNED(terms_common_release) struct terms_common *common = terms_common_new(tx);
    assert(asked->count <= DRAFTED_TOGETHER_MAX);
    TRY(claim_together(tx, asked));
    for (size_t i = 0; i < asked->count && asked->made < DRAFTS_A_TRANSACTION; i++) {
        struct drafting drafting = {
            .change = asked->change, .subscription = asked->ids[i], .claimed = true};
        if (asked->became[i] == DRAFTS_NOT_CLAIMED)
            continue;
        TRY(draft_periods(tx, &drafting, common));
        asked->made += drafting.made;
        if (!drafting.more && !drafting.ended)
            asked->became[i] = DRAFTS_MADE;
    }
    return OK;
}

// ---- closing and opening statements

// Under the head's lock: neither the terms nor what is owed change meanwhile. Marked before, as
// invoices are locked before heads; an end does not move on, so that there is no next one to wait
// for.
result draft_closing(struct db_tx *tx, void *context)
{
    struct drafting *drafting = context;
    OWNED(json_release) json_t *held = NULL;
    const struct change *change = &drafting->change;
    struct subscription found = {0};
    struct subscription_terms terms = {0};
    struct head head = {0};
    bool made = false;
    int64_t number = 0;
    TRY(mark_looked_at(tx, drafting->subscription, false, (instant){0}));
    TRY(db_flush(tx));
    TRY(subscription_get(tx, drafting->subscription, change->now, &found));
    TRY(ledger_head_lock(tx, found.customer_id, &head));
    TRY(subscription_terms_read(tx, drafting->subscription, &terms, &held));
    TRY(closing_find(tx, &terms, &head, held, &number));
    if (number > 0)
        TRY(insert_draft(tx, &terms, number, change, &made));
    drafting->made = made;
    return OK;
}

result opening_draft(struct db_tx *tx, str subscription, const struct change *change)
{
    OWNED(json_release) json_t *held = NULL;
    struct subscription_terms terms = {0};
    bool made = false;
    TRY(subscription_terms_read(tx, subscription, &terms, &held));
    if (terms.start.us > change->now.us || !period_opening(&terms))
        return OK;
    return insert_draft(tx, &terms, 0, change, &made);
}
