// SPDX-License-Identifier: Apache-2.0
#include "phial/jobs/scrubber.h"

#include "job.h"
#include "phial/catalog/clock.h"
#include "phial/ledger/scrub.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    NICE = 10,
    IDLE_MS = 10000, // between two looks for what is due
    RECENT_S = 3600, // between two looks at what a log's last day brought
    MS_A_SECOND = 1000,
    DAY_S = 86400,
    FIRST_MS = 2000, // lets the start of a daemon pass
};

#define DAY_US INT64_C(86400000000)

struct scrubber {
    struct scrubber_options options;
    struct job job;
    _Atomic uint64_t leaves; // this and the rest for whoever reads the figures
    _Atomic uint64_t logs;
    _Atomic uint64_t unsound;
    _Atomic uint64_t oldest_s;
};

struct looking {
    const struct scrubber *scrubber;
    struct scrub scrub;
    struct scrub_state state;
};

static result claim(struct db_tx *tx, void *context)
{
    struct looking *looking = context;
    const struct scrubber_options *options = &looking->scrubber->options;
    instant now = {0};
    TRY(clock_now(tx, options->test_clock, &now));
    struct scrub_terms terms = {
        .whole_s = options->days * DAY_S, .recent_s = RECENT_S, .since = {now.us - DAY_US}};
    return scrub_claim(tx, &terms, &looking->scrub);
}

// The answers are the transaction's own: it may be run again.
static result step(struct db_tx *tx, void *context)
{
    struct looking *looking = context;
    struct scrub next = looking->scrub;
    TRY(scrub_step(tx, SCRUB_LEAVES_MAX, &next));
    looking->scrub = next;
    return OK;
}

static result settle(struct db_tx *tx, void *context)
{
    const struct looking *looking = context;
    return scrub_settle(tx, &looking->scrub);
}

static result take_stock(struct db_tx *tx, void *context)
{
    struct looking *looking = context;
    TRY(scrub_notice(tx, RECENT_S));
    return scrub_state(tx, &looking->state);
}

static result run_once(const struct scrubber *scrubber, result (*work)(struct db_tx *, void *),
                       struct looking *looking)
{
    struct arena arena = {0};
    result outcome = db_transact(scrubber->job.db, &arena, work, looking);
    if (outcome.code != ERR_NOT_FOUND)
        job_report(&scrubber->job, "scrub", outcome);
    arena_reset(&arena);
    if (failed(outcome))
        outcome.detail = ""; // it may have lain in the arena
    return outcome;
}

static void tell(struct scrubber *scrubber, const struct scrub *scrub)
{
    atomic_fetch_add(&scrubber->logs, 1);
    if (scrub->fault != NULL)
        log_write(scrubber->options.log, LOG_ERROR, "ledger_unsound",
                  LOG_FIELDS(log_i64("customer_id", scrub->customer_id),
                             log_text("fault", str_from(scrub->fault)),
                             log_i64("index", scrub->fault_index)));
}

// One log, at the rate allowed. False where there is nothing to do, or it failed.
static bool look(struct scrubber *scrubber)
{
    struct looking looking = {.scrubber = scrubber};
    if (failed(run_once(scrubber, claim, &looking)))
        return false;
    bool goes_on = true;
    while (goes_on && !scrub_is_done(&looking.scrub)) {
        int64_t before = (int64_t)looking.scrub.range.size;
        if (failed(run_once(scrubber, step, &looking)))
            return false; // its claim ends by itself
        int64_t hashed = (int64_t)looking.scrub.range.size - before;
        atomic_fetch_add(&scrubber->leaves, (uint64_t)hashed);
        goes_on = pause_for(&scrubber->job.pause,
                            hashed * MS_A_SECOND / scrubber->options.leaves_per_second);
    }
    if (!scrub_is_done(&looking.scrub) || failed(run_once(scrubber, settle, &looking)))
        return false;
    tell(scrubber, &looking.scrub);
    return true;
}

static void *run(void *context)
{
    struct scrubber *scrubber = context;
    int64_t wait = FIRST_MS;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
    while (pause_for(&scrubber->job.pause, wait)) {
        struct looking looking = {.scrubber = scrubber};
        wait = look(scrubber) ? 0 : IDLE_MS;
        if (failed(run_once(scrubber, take_stock, &looking)))
            continue;
        atomic_store(&scrubber->unsound, (uint64_t)looking.state.unsound);
        atomic_store(&scrubber->oldest_s, (uint64_t)looking.state.oldest_s);
    }
    return NULL;
}

result scrubber_start(const struct scrubber_options *options, struct scrubber **scrubber)
{
    if (options->leaves_per_second == 0)
        return OK;
    struct scrubber *made = calloc(1, sizeof *made);
    if (made == NULL)
        return FAIL(INTERNAL, "out of memory");
    made->options = *options;
    made->job = (struct job){.database = options->database, .log = options->log};
    result started = job_start(&made->job, run, made);
    if (failed(started)) {
        free(made);
        return started;
    }
    *scrubber = made;
    return OK;
}

void scrubber_stop(struct scrubber *scrubber)
{
    if (scrubber == NULL)
        return;
    job_stop(&scrubber->job);
    free(scrubber);
}

void scrubber_figures_read(const struct scrubber *scrubber, struct scrubber_figures *figures)
{
    figures->leaves = atomic_load(&scrubber->leaves);
    figures->logs = atomic_load(&scrubber->logs);
    figures->unsound = atomic_load(&scrubber->unsound);
    figures->oldest_s = atomic_load(&scrubber->oldest_s);
}
