// SPDX-License-Identifier: Apache-2.0
// The billing run: drafts of ended periods, issue of drafts past their grace. Any number of runs
// share the work: each passes over what another one has, and waits for the rest at the end. A
// failure of one subscription or invoice does not hold up the others; the first one is returned at
// the end.
#include "closing.h"
#include "compute.h"
#include "invoicing.sql.h"
#include "issue.h"
#include "phial/crypto/crypto.h"
#include "phial/invoicing/settlement.h"
#include "phial/util/checked.h"
#include "tell.h"

#include <assert.h>

enum { PAGE = 200, DRAFTS_A_TRANSACTION = 500 };

struct runner {
    struct db *db;
    struct arena *arena;
    instant now;
    str actor;
    bool waits;       // for what another run has
    bool passed_over; // something that another run has
    struct billing_run done;
    result first_failure;
};

// Whether the run may go on: without a database nothing more can be done. The failure's texts are
// constants and outlive the arena of its transaction.
static bool note_outcome(struct runner *runner, result outcome)
{
    if (failed(outcome) && !failed(runner->first_failure))
        runner->first_failure = outcome;
    return outcome.code != ERR_DB_AWAY;
}

// Locked until the transaction's end; false where another run was first.
static result claim(struct db_tx *tx, const struct db_stmt *statement, str id, bool *claimed)
{
    str locked = {0};
    result found =
        db_one(tx, statement, PARAMS(db_text(id)), COLUMNS(db_into_text("claimed", &locked)));
    *claimed = !failed(found);
    return found.code == ERR_NOT_FOUND ? OK : found;
}

// ---- drafts

struct drafting {
    const struct runner *runner;
    str subscription;
    int64_t made; // in this transaction
    bool more;    // there are still periods to draft
    bool ended;   // all of them: what comes late from then on takes a closing statement
    bool passed_over;
    bool *present;
    int64_t present_count;
    int64_t number; // the row that is being read
};

static result note_period(void *context)
{
    struct drafting *drafting = context;
    if (drafting->number >= 0 && drafting->number < drafting->present_count)
        drafting->present[drafting->number] = true;
    return OK;
}

static result find_present(struct db_tx *tx, struct drafting *drafting, int64_t ended)
{
    drafting->present_count = ended;
    drafting->present = arena_array(db_arena(tx), bool, (size_t)ended);
    return db_each(tx, &invoicing_list_periods_sql, PARAMS(db_text(drafting->subscription)),
                   COLUMNS(db_into_i64("period_number", &drafting->number)), note_period, drafting);
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
    struct change change = {.actor = drafting->runner->actor, .now = drafting->runner->now};
    for (; number < drafting->present_count; number = next_missing(drafting, number + 1)) {
        bool made = false;
        drafting->more = drafting->made == DRAFTS_A_TRANSACTION;
        if (drafting->more)
            return OK;
        TRY(insert_draft(tx, terms, number, &change, &made));
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

static result draft_subscription(struct db_tx *tx, void *context)
{
    struct drafting *drafting = context;
    OWNED(json_release) json_t *held = NULL;
    struct subscription_terms terms = {0};
    bool has_next = false;
    instant next_end = {0};
    drafting->made = 0;
    drafting->more = false;
    drafting->ended = false;
    drafting->passed_over = false;
    TRY(subscription_terms_read(tx, drafting->subscription, &terms, &held));
    int64_t ended = count_ended(&terms, drafting->runner->now, &has_next, &next_end);
    TRY(find_present(tx, drafting, ended));
    int64_t missing = first_missing(&terms, drafting);
    if (missing < ended) { // else nothing is written, nor locked
        bool claimed = drafting->runner->waits;
        if (!claimed)
            TRY(claim(tx, &invoicing_claim_subscription_sql, drafting->subscription, &claimed));
        drafting->passed_over = !claimed;
        if (drafting->passed_over)
            return OK;
        TRY(draft_missing(tx, &terms, drafting, missing));
    }
    drafting->ended = !drafting->more && !has_next && !ended_at_its_start(&terms);
    if (drafting->more || drafting->ended)
        return OK;
    return mark_looked_at(tx, drafting->subscription, has_next, next_end);
}

// Under the head's lock: neither the terms nor what is owed change meanwhile. Marked before, as
// invoices are locked before heads; an end does not move on, so that there is no next one to wait
// for.
static result draft_closing(struct db_tx *tx, void *context)
{
    struct drafting *drafting = context;
    OWNED(json_release) json_t *held = NULL;
    struct change change = {.actor = drafting->runner->actor, .now = drafting->runner->now};
    struct subscription found = {0};
    struct subscription_terms terms = {0};
    struct head head = {0};
    bool made = false;
    int64_t number = 0;
    TRY(mark_looked_at(tx, drafting->subscription, false, (instant){0}));
    TRY(db_flush(tx));
    TRY(subscription_get(tx, drafting->subscription, change.now, &found));
    TRY(ledger_head_lock(tx, found.customer_id, &head));
    TRY(subscription_terms_read(tx, drafting->subscription, &terms, &held));
    TRY(closing_find(tx, &terms, &head, held, &number));
    if (number > 0)
        TRY(insert_draft(tx, &terms, number, &change, &made));
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

static result draft_some(struct runner *runner, result (*work)(struct db_tx *, void *),
                         struct drafting *drafting)
{
    struct arena arena = {0};
    result outcome = db_transact(runner->db, &arena, work, drafting);
    arena_reset(&arena);
    if (!failed(outcome))
        runner->done.drafted += drafting->made;
    return outcome;
}

static bool draft_all(struct runner *runner, str subscription)
{
    struct drafting drafting = {.runner = runner, .subscription = subscription};
    result outcome;
    do
        outcome = draft_some(runner, draft_subscription, &drafting);
    while (!failed(outcome) && drafting.more);
    runner->passed_over = runner->passed_over || drafting.passed_over;
    if (!failed(outcome) && drafting.ended)
        outcome = draft_some(runner, draft_closing, &drafting);
    return note_outcome(runner, outcome);
}

// ---- pages of ids

struct page {
    const struct runner *runner;
    struct arena *arena; // outlives the transaction that lists
    str id;              // the row that is being read
    instant at;
    str ids[PAGE];
    size_t count;
    str after; // the last row of the page before
    instant after_at;
};

static result keep_id(void *context)
{
    struct page *page = context;
    assert(page->count < PAGE);
    page->ids[page->count++] = str_copy(page->arena, page->id);
    return OK;
}

static result list_candidates(struct db_tx *tx, void *context)
{
    struct page *page = context;
    page->count = 0;
    return db_each(tx, &invoicing_list_candidates_sql,
                   PARAMS(db_instant(page->runner->now), db_text(page->after), db_i64(PAGE)),
                   COLUMNS(db_into_text("subscription_id", &page->id)), keep_id, page);
}

static result list_due(struct db_tx *tx, void *context)
{
    struct page *page = context;
    page->count = 0;
    return db_each(
        tx, &invoicing_list_due_sql,
        PARAMS(db_instant(page->runner->now), db_instant(page->after_at), db_text(page->after),
               db_i64(PAGE)),
        COLUMNS(db_into_text("invoice_id", &page->id), db_into_instant("period_end", &page->at)),
        keep_id, page);
}

// Page after page, each id in transactions of its own. False when the run has to end.
static bool each_id(struct runner *runner, result (*list)(struct db_tx *, void *),
                    bool (*work)(struct runner *, str))
{
    struct page page = {
        .runner = runner, .arena = runner->arena, .after = STR(""), .after_at = {FIRST_INSTANT_US}};
    do {
        result listed = db_transact(runner->db, runner->arena, list, &page);
        if (failed(listed))
            return note_outcome(runner, listed);
        for (size_t i = 0; i < page.count; i++) {
            if (!work(runner, page.ids[i]))
                return false;
        }
        if (page.count > 0)
            page.after = page.ids[page.count - 1];
        page.after_at = page.at;
    } while (page.count == PAGE);
    return true;
}

// ---- issue

struct due {
    const struct runner *runner;
    str id;
    enum issuing became;
    bool passed_over;
};

static result issue_due(struct db_tx *tx, void *context)
{
    struct due *due = context;
    struct change change = {
        .actor = due->runner->actor, .reason = STR(""), .now = due->runner->now};
    bool claimed = due->runner->waits;
    due->became = ISSUED_BEFORE;
    if (!claimed)
        TRY(claim(tx, &invoicing_claim_sql, due->id, &claimed));
    due->passed_over = !claimed;
    if (due->passed_over)
        return OK;
    TRY(invoice_issue_once(tx, due->id, &change, &due->became));
    return due->became == ISSUED_NOTHING
               ? db_exec(tx, &invoicing_drop_draft_sql, PARAMS(db_text(due->id)))
               : OK;
}

static bool issue_one(struct runner *runner, str id)
{
    struct arena arena = {0};
    struct due due = {.runner = runner, .id = id};
    result outcome = db_transact(runner->db, &arena, issue_due, &due);
    arena_reset(&arena);
    if (!failed(outcome))
        runner->done.issued += due.became == ISSUED_NOW;
    runner->passed_over = runner->passed_over || due.passed_over;
    return note_outcome(runner, outcome);
}

// What nobody has; then, where something was passed over, what others are at.
static bool do_all(struct runner *runner, result (*list)(struct db_tx *, void *),
                   bool (*work)(struct runner *, str))
{
    runner->waits = false;
    runner->passed_over = false;
    if (!each_id(runner, list, work))
        return false;
    runner->waits = true;
    return !runner->passed_over || each_id(runner, list, work);
}

result billing_run(struct db *db, struct arena *arena, instant now, str actor,
                   struct billing_run *run)
{
    struct runner runner = {.db = db, .arena = arena, .now = now, .actor = actor};
    struct billing_run before = {0};
    bool goes_on = true;
    runner.first_failure = OK;
    result late = late_run(db, now, actor, &runner.done.credited);
    if (!note_outcome(&runner, late))
        return late;
    do {
        before = runner.done;
        goes_on =
            do_all(&runner, list_candidates, draft_all) && do_all(&runner, list_due, issue_one);
    } while (goes_on &&
             (runner.done.drafted > before.drafted || runner.done.issued > before.issued));
    *run = runner.done;
    return runner.first_failure;
}
