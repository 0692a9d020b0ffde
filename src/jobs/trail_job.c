// SPDX-License-Identifier: Apache-2.0
#include "trail_job.h"

#include "phial/catalog/clock.h"
#include "phial/trail/trail.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { LOOK_EVERY_MS = 500 };

static const char trail_settings[] = "SET application_name = 'phial trail'";

struct trail_job {
    const struct jobs_options *options;
    struct db_options database;
    struct db *db; // the thread's alone
    pthread_t thread;
    pthread_mutex_t mutex; // guards what follows
    pthread_cond_t stopped;
    bool stopping;
    bool failing; // it said so
};

// What cannot be appended waits; the log hears of it once.
static void look(struct trail_job *job)
{
    struct arena arena = {0};
    instant now = {0};
    result outcome = clock_read(job->db, &arena, job->options->test_clock, &now);
    if (!failed(outcome))
        outcome = trail_append_all(job->db, now);
    if (failed(outcome) && !job->failing)
        log_write(job->options->log, LOG_ERROR, "job_failed",
                  LOG_FIELDS(log_text("job", STR("trail")),
                             log_text("error", str_from(error_info(outcome.code)->slug)),
                             log_text("detail", str_from(outcome.detail)),
                             log_text("where", str_from(outcome.where))));
    job->failing = failed(outcome);
    arena_reset(&arena);
}

// False at the stop.
static bool wait_for_next(struct trail_job *job)
{
    struct timespec until = {0};
    int read = clock_gettime(CLOCK_MONOTONIC, &until);
    assert(read == 0);
    until.tv_nsec += LOOK_EVERY_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&job->mutex);
    int waited = 0;
    while (!job->stopping && waited == 0)
        waited = pthread_cond_timedwait(&job->stopped, &job->mutex, &until);
    bool goes_on = !job->stopping;
    pthread_mutex_unlock(&job->mutex);
    return goes_on;
}

static void *run(void *context)
{
    struct trail_job *job = context;
    do
        look(job);
    while (wait_for_next(job));
    look(job);
    return NULL;
}

static void make_lock(struct trail_job *job)
{
    pthread_condattr_t attributes;
    int failure = pthread_mutex_init(&job->mutex, NULL);
    failure |= pthread_condattr_init(&attributes);
    failure |= pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    failure |= pthread_cond_init(&job->stopped, &attributes);
    failure |= pthread_condattr_destroy(&attributes);
    assert(failure == 0);
}

static void release(struct trail_job *job)
{
    db_close(job->db);
    (void)pthread_cond_destroy(&job->stopped);
    (void)pthread_mutex_destroy(&job->mutex);
    free(job);
}

result trail_job_start(const struct jobs_options *options, struct trail_job **job)
{
    struct trail_job *made = calloc(1, sizeof *made);
    if (made == NULL)
        return FAIL(INTERNAL, "out of memory");
    made->options = options;
    made->database = options->database;
    made->database.settings = trail_settings;
    made->db = db_open(&made->database);
    make_lock(made);
    if (pthread_create(&made->thread, NULL, run, made) != 0) {
        release(made);
        return FAIL(INTERNAL, "a thread cannot be started");
    }
    *job = made;
    return OK;
}

void trail_job_stop(struct trail_job *job)
{
    if (job == NULL)
        return;
    pthread_mutex_lock(&job->mutex);
    job->stopping = true;
    pthread_cond_signal(&job->stopped);
    pthread_mutex_unlock(&job->mutex);
    (void)pthread_join(job->thread, NULL);
    release(job);
}
