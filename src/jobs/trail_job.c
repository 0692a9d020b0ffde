// SPDX-License-Identifier: Apache-2.0
#include "trail_job.h"

#include "job.h"
#include "phial/catalog/clock.h"
#include "phial/trail/trail.h"

#include <stdlib.h>

enum { LOOK_EVERY_MS = 500 };

static const char trail_settings[] = "SET application_name = 'phial trail'";

struct trail_job {
    struct job job;
    bool test_clock;
    bool failing; // it said so
};

// What cannot be appended waits; the log hears of it once.
static void look(struct trail_job *trail)
{
    struct arena arena = {0};
    instant now = {0};
    result outcome = clock_read(trail->job.db, &arena, trail->test_clock, &now);
    if (!failed(outcome))
        outcome = trail_append_all(trail->job.db, now);
    if (!trail->failing)
        job_report(&trail->job, "trail", outcome);
    trail->failing = failed(outcome);
    arena_reset(&arena);
}

static void *run(void *context)
{
    struct trail_job *trail = context;
    do
        look(trail);
    while (pause_for(&trail->job.pause, LOOK_EVERY_MS));
    look(trail);
    return NULL;
}

result trail_job_start(const struct jobs_options *options, struct trail_job **trail)
{
    struct trail_job *made = calloc(1, sizeof *made);
    if (made == NULL)
        return FAIL(INTERNAL, "out of memory");
    made->test_clock = options->test_clock;
    made->job = (struct job){.database = options->database, .log = options->log};
    made->job.database.settings = trail_settings;
    result started = job_start(&made->job, run, made);
    if (failed(started)) {
        free(made);
        return started;
    }
    *trail = made;
    return OK;
}

void trail_job_stop(struct trail_job *trail)
{
    if (trail == NULL)
        return;
    job_stop(&trail->job);
    free(trail);
}
