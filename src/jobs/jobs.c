// SPDX-License-Identifier: Apache-2.0
#include "phial/jobs/jobs.h"

#include "job.h"
#include "phial/alerts/alerts.h"
#include "phial/audit/audit.h"
#include "phial/audit/erasure.h"
#include "phial/audit/erasure_file.h"
#include "phial/audit/retention.h"
#include "phial/catalog/clock.h"
#include "phial/catalog/tokens.h"
#include "phial/ingest/tell.h"
#include "phial/invoicing/invoicing.h"
#include "phial/invoicing/sums.h"
#include "phial/util/elapsed.h"
#include "phial/webhooks/webhooks.h"
#include "trail_job.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SUMS_NICE = 10, LOOKS_AT_ALL = 10, FEW_ENTRIES = 1000, PAUSE_MS_MAX = 250 };

struct jobs {
    struct jobs_options options;
    struct job job;
    struct job sums;
    struct trail_job *trail;
    // the first one's thread's alone
    int64_t refusals_at_ms;
    bool rewrapped; // nothing is left that an earlier master key wraps
};

static const str billing_actor = {"system:billing", sizeof "system:billing" - 1};

// So that an operator sees what folding costs beside everything else.
// A log is read in the order of its key: a new table's statistics speak for sorting, on disk,
// instead.
static const char sums_settings[] = "SET application_name = 'phial sums';"
                                    "SET enable_sort = off";

static void bill(const struct jobs *jobs, struct arena *arena, instant now)
{
    struct billing_run run = {0};
    job_report(&jobs->job, "billing", billing_run(jobs->job.db, arena, now, billing_actor, &run));
    if (run.drafted > 0 || run.issued > 0)
        log_write(jobs->options.log, LOG_INFO, "billed",
                  LOG_FIELDS(log_i64("drafted", run.drafted), log_i64("issued", run.issued)));
}

static void watch(const struct jobs *jobs, instant now)
{
    struct alerts_run run = {.now = now};
    job_report(&jobs->job, "alerts", alerts_run(jobs->job.db, &run));
    if (run.fired > 0)
        log_write(jobs->options.log, LOG_INFO, "alerts_fired",
                  LOG_FIELDS(log_i64("count", run.fired)));
}

static result tell(struct db_tx *tx, void *context)
{
    const instant *now = context;
    return refusals_tell(tx, *now);
}

static void tell_refusals(struct jobs *jobs, struct arena *arena, instant now)
{
    if (elapsed_ms() < jobs->refusals_at_ms)
        return;
    jobs->refusals_at_ms = elapsed_ms() + jobs->options.refusals_ms;
    job_report(&jobs->job, "refusals", db_transact(jobs->job.db, arena, tell, &now));
}

static void export_all(struct jobs *jobs, struct arena *arena, instant now)
{
    bool done = true;
    result outcome = OK;
    while (!failed(outcome) && done && !pause_is_over(&jobs->job.pause)) {
        outcome = export_run_one(jobs->job.db, arena, &jobs->options.exports, now, &done);
        job_report(&jobs->job, "export", outcome);
        arena_reset(arena);
    }
}

// Where no master key gives way to another one only what was sealed before they had ids is looked
// for, once.
static void rewrap(struct jobs *jobs, struct arena *arena)
{
    const struct keyring *keyring = jobs->options.keyring;
    int64_t some = 1;
    int64_t all = 0;
    result outcome = OK;
    if (keyring->replaced == 0 && jobs->rewrapped)
        return;
    while (!failed(outcome) && some != 0 && !pause_is_over(&jobs->job.pause)) {
        outcome = master_key_rewrap(jobs->job.db, arena, keyring, &some);
        if (!failed(outcome) && some == 0)
            outcome = webhooks_rewrap(jobs->job.db, arena, keyring, &some);
        all += failed(outcome) ? 0 : some;
        arena_reset(arena); // secrets lay there bare
    }
    job_report(&jobs->job, "rewrap", outcome);
    jobs->rewrapped = !failed(outcome) && some == 0;
    if (all > 0)
        log_write(jobs->options.log, LOG_INFO, "rewrapped", LOG_FIELDS(log_i64("secrets", all)));
}

static void erase(const struct jobs *jobs, struct arena *arena, instant now)
{
    int64_t erased = 0;
    if (jobs->options.period_key_days == 0)
        return;
    job_report(&jobs->job, "erasure",
               erasure_run_due(jobs->job.db, arena, jobs->options.period_key_days, now, &erased));
    if (erased > 0)
        job_report(&jobs->job, "erasure",
                   erasure_file_note(jobs->job.db, arena, jobs->options.erasures_path));
    if (erased > 0)
        log_write(jobs->options.log, LOG_INFO, "erased", LOG_FIELDS(log_i64("months", erased)));
}

// What is approved asks for its exports before they are made, and goes once they are.
static void remove_due(const struct jobs *jobs, struct arena *arena, instant now)
{
    struct retention_work work = {.terms = &jobs->options.retention, .now = now};
    job_report(&jobs->job, "retention", retention_run_due(jobs->job.db, arena, &work));
    if (work.removed > 0)
        log_write(jobs->options.log, LOG_INFO, "removed",
                  LOG_FIELDS(log_i64("entries", work.removed)));
}

static void look(struct jobs *jobs)
{
    struct arena arena = {0};
    instant now = {0};
    result outcome = clock_read(jobs->job.db, &arena, jobs->options.test_clock, &now);
    job_report(&jobs->job, "clock", outcome);
    if (!failed(outcome)) {
        rewrap(jobs, &arena);
        job_report(&jobs->job, "tally", tally_flush(jobs->options.tally, jobs->job.db, &arena));
        remove_due(jobs, &arena, now);
        export_all(jobs, &arena, now);
        remove_due(jobs, &arena, now);
        bill(jobs, &arena, now);
        watch(jobs, now);
        erase(jobs, &arena, now);
        tell_refusals(jobs, &arena, now);
    }
    arena_reset(&arena);
}

static void flush_tally(struct jobs *jobs)
{
    struct arena arena = {0};
    job_report(&jobs->job, "tally", tally_flush(jobs->options.tally, jobs->job.db, &arena));
    arena_reset(&arena);
}

static void *run(void *context)
{
    struct jobs *jobs = context;
    do
        look(jobs);
    while (pause_for(&jobs->job.pause, jobs->options.interval_ms));
    flush_tally(jobs);
    return NULL;
}

// ---- folding, which may take long and so has a thread of its own

struct folding_turn {
    struct job *job;
    int64_t since_ms;
};

// After each fold a pause as long as the fold was: PostgreSQL works for others then.
static bool sums_go_on(void *context)
{
    struct folding_turn *turn = context;
    int64_t ms = elapsed_ms() - turn->since_ms;
    bool goes_on = pause_for(&turn->job->pause, ms < PAUSE_MS_MAX ? ms : PAUSE_MS_MAX);
    turn->since_ms = elapsed_ms();
    return goes_on;
}

// Few entries are as quickly read by whoever asks as folded: they wait until there are more, or for
// one look in ten. Ingest comes before folding, and the thread gives way to it.
static void *run_sums(void *context)
{
    struct jobs *jobs = context;
    int looks = 0;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), SUMS_NICE);
    do {
        struct arena arena = {0};
        struct folding_turn turn = {&jobs->sums, elapsed_ms()};
        struct sums_run sums = {.goes_on = sums_go_on, .context = &turn};
        sums.least = looks++ % LOOKS_AT_ALL == 0 ? 1 : FEW_ENTRIES;
        job_report(&jobs->sums, "sums", sums_fold(jobs->sums.db, &arena, &sums));
        arena_reset(&arena);
    } while (pause_for(&jobs->sums.pause, jobs->options.fold_interval_ms));
    return NULL;
}

static result start_all(struct jobs *jobs)
{
    TRY(job_start(&jobs->job, run, jobs));
    result started = job_start(&jobs->sums, run_sums, jobs);
    if (!failed(started)) {
        started = trail_job_start(&jobs->options, &jobs->trail);
        if (failed(started))
            job_stop(&jobs->sums);
    }
    if (failed(started))
        job_stop(&jobs->job);
    return started;
}

result jobs_start(const struct jobs_options *options, struct jobs **jobs)
{
    struct jobs *made = calloc(1, sizeof *made);
    if (made == NULL)
        return FAIL(INTERNAL, "out of memory");
    made->options = *options;
    made->job = (struct job){.database = options->database, .log = options->log};
    made->sums = made->job;
    made->sums.database.settings = sums_settings;
    result started = start_all(made);
    if (failed(started)) {
        free(made);
        return started;
    }
    *jobs = made;
    return OK;
}

void jobs_nudge(struct jobs *jobs)
{
    pause_nudge(&jobs->job.pause);
}

void jobs_stop(struct jobs *jobs)
{
    if (jobs == NULL)
        return;
    pause_end(&jobs->sums.pause);
    job_stop(&jobs->job);
    job_stop(&jobs->sums);
    trail_job_stop(jobs->trail);
    free(jobs);
}

result jobs_run_due(struct db *db, struct arena *arena, instant now, int64_t period_key_days)
{
    struct billing_run run = {0};
    int64_t erased = 0;
    struct alerts_run alerts = {.now = now, .waits = true};
    TRY(billing_run(db, arena, now, billing_actor, &run));
    TRY(alerts_run(db, &alerts));
    TRY(db_transact(db, arena, tell, &now));
    return period_key_days == 0 ? OK : erasure_run_due(db, arena, period_key_days, now, &erased);
}
