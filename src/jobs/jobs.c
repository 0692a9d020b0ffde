// SPDX-License-Identifier: Apache-2.0
#include "phial/jobs/jobs.h"

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
#include "phial/webhooks/webhooks.h"
#include "trail_job.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { SUMS_NICE = 10, LOOKS_AT_ALL = 10, FEW_ENTRIES = 1000, PAUSE_MS_MAX = 250 };

struct jobs {
    struct jobs_options options;
    struct db *db; // the thread's alone, as the next
    int64_t refusals_at_ms;
    pthread_t thread;
    struct trail_job *trail;
    struct db *sums_db; // the folding thread's alone
    struct db_options sums_options;
    pthread_t sums_thread;
    pthread_mutex_t mutex; // guards what follows
    pthread_cond_t changed;
    pthread_cond_t stopped; // for the folding thread
    bool nudged;
    bool stopping;
    // the thread's alone
    bool rewrapped; // nothing is left that an earlier master key wraps
};

static const str billing_actor = {"system:billing", sizeof "system:billing" - 1};

// So that an operator sees what folding costs beside everything else.
static const char sums_settings[] = "SET application_name = 'phial sums'";

static void report(const struct jobs *jobs, const char *job, result outcome)
{
    if (failed(outcome))
        log_write(jobs->options.log, LOG_ERROR, "job_failed",
                  LOG_FIELDS(log_text("job", str_from(job)),
                             log_text("error", str_from(error_info(outcome.code)->slug)),
                             log_text("detail", str_from(outcome.detail)),
                             log_text("where", str_from(outcome.where))));
}

static void bill(const struct jobs *jobs, struct arena *arena, instant now)
{
    struct billing_run run = {0};
    report(jobs, "billing", billing_run(jobs->db, arena, now, billing_actor, &run));
    if (run.drafted > 0 || run.issued > 0)
        log_write(jobs->options.log, LOG_INFO, "billed",
                  LOG_FIELDS(log_i64("drafted", run.drafted), log_i64("issued", run.issued)));
}

static void watch(const struct jobs *jobs, instant now)
{
    struct alerts_run run = {.now = now};
    report(jobs, "alerts", alerts_run(jobs->db, &run));
    if (run.fired > 0)
        log_write(jobs->options.log, LOG_INFO, "alerts_fired",
                  LOG_FIELDS(log_i64("count", run.fired)));
}

static result tell(struct db_tx *tx, void *context)
{
    const instant *now = context;
    return refusals_tell(tx, *now);
}

static int64_t elapsed_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void tell_refusals(struct jobs *jobs, struct arena *arena, instant now)
{
    if (elapsed_ms() < jobs->refusals_at_ms)
        return;
    jobs->refusals_at_ms = elapsed_ms() + jobs->options.refusals_ms;
    report(jobs, "refusals", db_transact(jobs->db, arena, tell, &now));
}

static bool is_stopping(struct jobs *jobs)
{
    pthread_mutex_lock(&jobs->mutex);
    bool stopping = jobs->stopping;
    pthread_mutex_unlock(&jobs->mutex);
    return stopping;
}

static void export_all(struct jobs *jobs, struct arena *arena, instant now)
{
    bool done = true;
    result outcome = OK;
    while (!failed(outcome) && done && !is_stopping(jobs)) {
        outcome = export_run_one(jobs->db, arena, &jobs->options.exports, now, &done);
        report(jobs, "export", outcome);
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
    while (!failed(outcome) && some != 0 && !is_stopping(jobs)) {
        outcome = master_key_rewrap(jobs->db, arena, keyring, &some);
        if (!failed(outcome) && some == 0)
            outcome = webhooks_rewrap(jobs->db, arena, keyring, &some);
        all += failed(outcome) ? 0 : some;
        arena_reset(arena); // secrets lay there bare
    }
    report(jobs, "rewrap", outcome);
    jobs->rewrapped = !failed(outcome) && some == 0;
    if (all > 0)
        log_write(jobs->options.log, LOG_INFO, "rewrapped", LOG_FIELDS(log_i64("secrets", all)));
}

static void erase(const struct jobs *jobs, struct arena *arena, instant now)
{
    int64_t erased = 0;
    if (jobs->options.period_key_days == 0)
        return;
    report(jobs, "erasure",
           erasure_run_due(jobs->db, arena, jobs->options.period_key_days, now, &erased));
    if (erased > 0)
        report(jobs, "erasure", erasure_file_note(jobs->db, arena, jobs->options.erasures_path));
    if (erased > 0)
        log_write(jobs->options.log, LOG_INFO, "erased", LOG_FIELDS(log_i64("months", erased)));
}

// What is approved asks for its exports before they are made, and goes once they are.
static void remove_due(const struct jobs *jobs, struct arena *arena, instant now)
{
    struct retention_work work = {.terms = &jobs->options.retention, .now = now};
    report(jobs, "retention", retention_run_due(jobs->db, arena, &work));
    if (work.removed > 0)
        log_write(jobs->options.log, LOG_INFO, "removed",
                  LOG_FIELDS(log_i64("entries", work.removed)));
}

static void look(struct jobs *jobs)
{
    struct arena arena = {0};
    instant now = {0};
    result outcome = clock_read(jobs->db, &arena, jobs->options.test_clock, &now);
    report(jobs, "clock", outcome);
    if (!failed(outcome)) {
        rewrap(jobs, &arena);
        report(jobs, "tally", tally_flush(jobs->options.tally, jobs->db, &arena));
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

static struct timespec after_ms(int64_t ms)
{
    struct timespec until = {0};
    int read = clock_gettime(CLOCK_MONOTONIC, &until);
    assert(read == 0);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    return until;
}

// Until the interval is over, a nudge or the stop. False at the stop.
static bool wait_for_next(struct jobs *jobs)
{
    struct timespec until = after_ms(jobs->options.interval_ms);
    pthread_mutex_lock(&jobs->mutex);
    int waited = 0;
    while (!jobs->nudged && !jobs->stopping && waited == 0)
        waited = pthread_cond_timedwait(&jobs->changed, &jobs->mutex, &until);
    jobs->nudged = false;
    bool goes_on = !jobs->stopping;
    pthread_mutex_unlock(&jobs->mutex);
    return goes_on;
}

static void *run(void *context)
{
    struct jobs *jobs = context;
    do
        look(jobs);
    while (wait_for_next(jobs));
    return NULL;
}

// ---- folding, which may take long and so has a thread of its own

struct folding_turn {
    struct jobs *jobs;
    struct timespec since;
};

// False at the stop.
static bool wait_to_fold(struct jobs *jobs, int64_t ms)
{
    struct timespec until = after_ms(ms);
    pthread_mutex_lock(&jobs->mutex);
    int waited = 0;
    while (!jobs->stopping && waited == 0)
        waited = pthread_cond_timedwait(&jobs->stopped, &jobs->mutex, &until);
    bool goes_on = !jobs->stopping;
    pthread_mutex_unlock(&jobs->mutex);
    return goes_on;
}

// After each fold a pause as long as the fold was: PostgreSQL works for others then.
static bool sums_go_on(void *context)
{
    struct folding_turn *turn = context;
    struct timespec now = after_ms(0);
    int64_t ms =
        (now.tv_sec - turn->since.tv_sec) * 1000 + (now.tv_nsec - turn->since.tv_nsec) / 1000000;
    bool goes_on = wait_to_fold(turn->jobs, ms < PAUSE_MS_MAX ? ms : PAUSE_MS_MAX);
    turn->since = after_ms(0);
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
        struct folding_turn turn = {jobs, after_ms(0)};
        struct sums_run sums = {.goes_on = sums_go_on, .context = &turn};
        sums.least = looks++ % LOOKS_AT_ALL == 0 ? 1 : FEW_ENTRIES;
        report(jobs, "sums", sums_fold(jobs->sums_db, &arena, &sums));
        arena_reset(&arena);
    } while (wait_to_fold(jobs, jobs->options.fold_interval_ms));
    return NULL;
}

static void make_lock(struct jobs *jobs)
{
    pthread_condattr_t attributes;
    int failure = pthread_mutex_init(&jobs->mutex, NULL);
    failure |= pthread_condattr_init(&attributes);
    failure |= pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    failure |= pthread_cond_init(&jobs->changed, &attributes);
    failure |= pthread_cond_init(&jobs->stopped, &attributes);
    failure |= pthread_condattr_destroy(&attributes);
    assert(failure == 0);
}

static void release(struct jobs *jobs)
{
    db_close(jobs->db);
    db_close(jobs->sums_db);
    (void)pthread_cond_destroy(&jobs->changed);
    (void)pthread_cond_destroy(&jobs->stopped);
    (void)pthread_mutex_destroy(&jobs->mutex);
    free(jobs);
}

static void stop_thread(struct jobs *jobs, pthread_t thread)
{
    pthread_mutex_lock(&jobs->mutex);
    jobs->stopping = true;
    pthread_cond_signal(&jobs->changed);
    pthread_cond_signal(&jobs->stopped);
    pthread_mutex_unlock(&jobs->mutex);
    (void)pthread_join(thread, NULL);
}

result jobs_start(const struct jobs_options *options, struct jobs **jobs)
{
    struct jobs *made = calloc(1, sizeof *made);
    if (made == NULL)
        return FAIL(INTERNAL, "out of memory");
    made->options = *options;
    made->db = db_open(&made->options.database);
    made->sums_options = options->database;
    made->sums_options.settings = sums_settings;
    made->sums_db = db_open(&made->sums_options);
    make_lock(made);
    if (pthread_create(&made->thread, NULL, run, made) != 0) {
        release(made);
        return FAIL(INTERNAL, "a thread cannot be started");
    }
    if (pthread_create(&made->sums_thread, NULL, run_sums, made) != 0) {
        stop_thread(made, made->thread);
        release(made);
        return FAIL(INTERNAL, "a thread cannot be started");
    }
    result recording = trail_job_start(&made->options, &made->trail);
    if (failed(recording)) {
        stop_thread(made, made->thread);
        stop_thread(made, made->sums_thread);
        release(made);
        return recording;
    }
    *jobs = made;
    return OK;
}

void jobs_nudge(struct jobs *jobs)
{
    pthread_mutex_lock(&jobs->mutex);
    jobs->nudged = true;
    pthread_cond_signal(&jobs->changed);
    pthread_mutex_unlock(&jobs->mutex);
}

void jobs_stop(struct jobs *jobs)
{
    if (jobs == NULL)
        return;
    stop_thread(jobs, jobs->thread);
    stop_thread(jobs, jobs->sums_thread);
    trail_job_stop(jobs->trail);
    struct arena arena = {0};
    report(jobs, "tally", tally_flush(jobs->options.tally, jobs->db, &arena));
    arena_reset(&arena);
    release(jobs);
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
