// SPDX-License-Identifier: Apache-2.0
// The billing run: drafts of ended periods, issue of drafts past their grace. Any number of runs
// share the work: each begins a page of subscriptions at a place of its own, takes some at once and
// passes over what another one has done or has, and waits for the rest at the end. A failure of one
// subscription or invoice does not hold up the others: what failed together is tried one by one,
// and the first failure is returned at the end.
#include "drafts.h"
#include "invoicing.sql.h"
#include "issue.h"
#include "phial/crypto/crypto.h"
#include "phial/invoicing/settlement.h"
#include "unbilled.h"

#include <assert.h>

enum { PAGE = 500 };
#define BEHIND_ALL_IDS "g" // they are hexadecimal

struct runner {
    struct db *db;
    struct arena *arena;
    instant now;
    str actor;
    bool waits;       // for what another run has
    bool passed_over; // something that another run has
    struct billing_run done;
    result first_failure;
    struct unbilled unbilled;
};

// Whether the run may go on: without a database nothing more can be done. The failure's texts are
// constants and outlive the arena of its transaction.
static bool note_outcome(struct runner *runner, result outcome)
{
    if (failed(outcome) && !failed(runner->first_failure))
        runner->first_failure = outcome;
    return outcome.code != ERR_DB_AWAY;
}

// The same of one subscription or invoice, which a failure is noted of.
static bool note_outcome_of(struct runner *runner, str id, result outcome)
{
    unbilled_note(&runner->unbilled, id, outcome);
    return note_outcome(runner, outcome);
}

// ---- pages of ids

struct row {
    str id;
    int64_t customer_id; // of invoices
    instant period_end;  // as well
};

struct page {
    const struct runner *runner;
    struct row row;   // that is being read
    struct row after; // the last one of the page before
    struct row rows[PAGE];
    str ids[PAGE]; // theirs
    size_t count;
};

static result keep_row(void *context)
{
    struct page *page = context;
    assert(page->count < PAGE);
    page->row.id = str_copy(page->runner->arena, page->row.id);
    page->ids[page->count] = page->row.id;
    page->rows[page->count++] = page->row;
    return OK;
}

static result list_candidates(struct db_tx *tx, void *context)
{
    struct page *page = context;
    str from = str_printf(db_arena(tx), "%" STR_FMT "0", STR_ARG(page->after.id));
    page->count = 0;
    return db_each(tx, &invoicing_list_candidates_sql,
                   PARAMS(db_instant(page->runner->now), db_text(from),
                          db_text(STR(BEHIND_ALL_IDS)), db_i64(PAGE)),
                   COLUMNS(db_into_text("subscription_id", &page->row.id)), keep_row, page);
}

static result list_due(struct db_tx *tx, void *context)
{
    struct page *page = context;
    page->count = 0;
    return db_each(tx, &invoicing_list_due_sql,
                   PARAMS(db_instant(page->runner->now), db_instant(page->after.period_end),
                          db_i64(page->after.customer_id), db_text(page->after.id), db_i64(PAGE)),
                   COLUMNS(db_into_text("invoice_id", &page->row.id),
                           db_into_i64("customer_id", &page->row.customer_id),
                           db_into_instant("period_end", &page->row.period_end)),
                   keep_row, page);
}

// What is gone through, page after page: how many rows are taken at once from one on, and what is
// done with them. Each but `list` in transactions of its own.
struct course {
    result (*list)(struct db_tx *, void *);
    size_t (*take)(const struct page *page, size_t from);
    bool (*work)(struct runner *runner, const str *ids, size_t count); // false: the run has to end
    bool from_anywhere;                                                // else in order
};

// Where there is much to do and the order is free, each run begins at a place of its own, so that
// they seldom are at the same one.
static size_t choose_first(const struct course *course, const struct page *page)
{
    uint32_t chosen = 0;
    if (!course->from_anywhere || page->count < PAGE)
        return 0;
    crypto_random(&chosen, sizeof chosen);
    return chosen % PAGE;
}

static bool work_through(struct runner *runner, const struct course *course,
                         const struct page *page)
{
    size_t first = choose_first(course, page);
    for (size_t pass = 0; pass < 2; pass++) { // from there on, then what lies before
        size_t end = pass == 0 ? page->count : first;
        for (size_t i = pass == 0 ? first : 0; i < end;) {
            size_t taken = course->take(page, i);
            taken = taken < end - i ? taken : end - i;
            if (!course->work(runner, page->ids + i, taken))
                return false;
            i += taken;
        }
    }
    return true;
}

static bool each_page(struct runner *runner, const struct course *course)
{
    struct page *page = arena_new(runner->arena, struct page);
    page->runner = runner;
    page->after = (struct row){.id = STR(""), .period_end = {FIRST_INSTANT_US}};
    do {
        result listed = db_transact(runner->db, runner->arena, course->list, page);
        if (failed(listed))
            return note_outcome(runner, listed);
        if (!work_through(runner, course, page))
            return false;
        if (page->count > 0)
            page->after = page->rows[page->count - 1];
    } while (page->count == PAGE);
    return true;
}

static size_t take_one(const struct page *page, size_t from)
{
    (void)page;
    (void)from;
    return 1;
}

// ---- drafts

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

static bool draft_alone(struct runner *runner, str subscription)
{
    struct drafting drafting = {
        .change = {.actor = runner->actor, .now = runner->now},
        .subscription = subscription,
    };
    result outcome;
    do {
        drafting.claimed = runner->waits;
        outcome = draft_some(runner, draft_subscription, &drafting);
    } while (!failed(outcome) && drafting.more);
    runner->passed_over = runner->passed_over || drafting.passed_over;
    if (!failed(outcome) && drafting.ended)
        outcome = draft_some(runner, draft_closing, &drafting);
    return note_outcome_of(runner, subscription, outcome);
}

static size_t take_candidates(const struct page *page, size_t from)
{
    size_t left = page->count - from;
    return left < DRAFTED_TOGETHER_MAX ? left : DRAFTED_TOGETHER_MAX;
}

static bool draft_each(struct runner *runner, const str *ids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!draft_alone(runner, ids[i]))
            return false;
    }
    return true;
}

static bool draft_many(struct runner *runner, const str *ids, size_t count)
{
    struct arena arena = {0};
    struct drafting_together drafting = {
        .ids = ids, .count = count, .change = {.actor = runner->actor, .now = runner->now}};
    result outcome = db_transact(runner->db, &arena, draft_together, &drafting);
    arena_reset(&arena);
    if (failed(outcome))
        return outcome.code == ERR_DB_AWAY ? note_outcome(runner, outcome)
                                           : draft_each(runner, ids, count);
    runner->done.drafted += drafting.made;
    for (size_t i = 0; i < count; i++) {
        runner->passed_over = runner->passed_over || drafting.became[i] == DRAFTS_NOT_CLAIMED;
        if (drafting.became[i] == DRAFTS_LEFT && !draft_alone(runner, ids[i]))
            return false;
    }
    return true;
}

// ---- issue

struct due {
    const struct runner *runner;
    str id;
    enum issuing became;
    bool passed_over;
};

// Locked until the transaction's end; false where another run was first.
static result claim(struct db_tx *tx, str id, bool *claimed)
{
    str locked = {0};
    result found = db_one(tx, &invoicing_claim_sql, PARAMS(db_text(id)),
                          COLUMNS(db_into_text("claimed", &locked)));
    *claimed = !failed(found);
    return found.code == ERR_NOT_FOUND ? OK : found;
}

static result issue_due(struct db_tx *tx, void *context)
{
    struct due *due = context;
    struct change change = {
        .actor = due->runner->actor, .reason = STR(""), .now = due->runner->now};
    bool claimed = due->runner->waits;
    due->became = ISSUED_BEFORE;
    if (!claimed)
        TRY(claim(tx, due->id, &claimed));
    due->passed_over = !claimed;
    if (due->passed_over)
        return OK;
    TRY(invoice_issue_once(tx, due->id, &change, &due->became));
    return due->became == ISSUED_NOTHING
               ? db_exec(tx, &invoicing_drop_draft_sql, PARAMS(db_text(due->id)))
               : OK;
}

static bool issue_alone(struct runner *runner, str id)
{
    struct arena arena = {0};
    struct due due = {.runner = runner, .id = id};
    result outcome = db_transact(runner->db, &arena, issue_due, &due);
    arena_reset(&arena);
    if (!failed(outcome))
        runner->done.issued += due.became == ISSUED_NOW;
    runner->passed_over = runner->passed_over || due.passed_over;
    return note_outcome_of(runner, id, outcome);
}

static bool issue_each(struct runner *runner, const str *ids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!issue_alone(runner, ids[i]))
            return false;
    }
    return true;
}

// Of one customer, and of periods that end together, so that none is before another one's.
static size_t take_due(const struct page *page, size_t from)
{
    const struct row *first = &page->rows[from];
    size_t count = 1;
    while (from + count < page->count && count < ISSUED_TOGETHER_MAX &&
           page->rows[from + count].customer_id == first->customer_id &&
           page->rows[from + count].period_end.us == first->period_end.us)
        count++;
    return count;
}

static bool issue_many(struct runner *runner, const str *ids, size_t count)
{
    struct arena arena = {0};
    struct issuing_together issuing = {
        .ids = ids,
        .count = count,
        .change = {.actor = runner->actor, .reason = STR(""), .now = runner->now},
    };
    if (count == 1)
        return issue_alone(runner, ids[0]);
    result outcome = db_transact(runner->db, &arena, invoices_issue_together, &issuing);
    arena_reset(&arena);
    if (failed(outcome))
        return outcome.code == ERR_DB_AWAY ? note_outcome(runner, outcome)
                                           : issue_each(runner, ids, count);
    for (size_t i = 0; i < count; i++) {
        runner->done.issued += issuing.became[i] == TOGETHER_ISSUED;
        runner->passed_over = runner->passed_over || issuing.became[i] == TOGETHER_NOT_CLAIMED;
        if (issuing.became[i] == TOGETHER_LEFT && !issue_alone(runner, ids[i]))
            return false;
    }
    return true;
}

// ---- the run

// What nobody has; then, where something was passed over, what others are at.
static bool do_all(struct runner *runner, const struct course *many, const struct course *each)
{
    runner->waits = false;
    runner->passed_over = false;
    if (!each_page(runner, many))
        return false;
    runner->waits = true;
    return !runner->passed_over || each_page(runner, each);
}

static bool do_drafts(struct runner *runner)
{
    static const struct course many = {list_candidates, take_candidates, draft_many, true};
    static const struct course each = {list_candidates, take_one, draft_each, true};
    return do_all(runner, &many, &each);
}

static bool do_issues(struct runner *runner)
{
    static const struct course many = {list_due, take_due, issue_many, false};
    static const struct course each = {list_due, take_one, issue_each, false};
    return do_all(runner, &many, &each);
}

result billing_run(struct db *db, struct arena *arena, instant now, str actor,
                   struct billing_run *run)
{
    struct runner runner = {.db = db,
                            .arena = arena,
                            .now = now,
                            .actor = actor,
                            .unbilled = {.db = db, .arena = arena}};
    struct billing_run before = {0};
    bool goes_on = true;
    runner.first_failure = OK;
    result late = late_run(db, now, actor, &runner.unbilled, &runner.done.credited);
    if (!note_outcome(&runner, late))
        return late;
    do {
        before = runner.done;
        goes_on = do_drafts(&runner) && do_issues(&runner);
    } while (goes_on &&
             (runner.done.drafted > before.drafted || runner.done.issued > before.issued));
    *run = runner.done;
    return unbilled_tell(&runner.unbilled, runner.first_failure);
}
