// SPDX-License-Identifier: Apache-2.0
#include "phial/jobs/heads.h"

#include "keeper.h"
#include "phial/catalog/clock.h"
#include "phial/ledger/publish.h"

#include <stdlib.h>

void keeper_failed(struct heads_keeper *keeper, const char *where, const char *why, int64_t status)
{
    atomic_fetch_add(&keeper->failures, 1);
    log_write(keeper->options.log, LOG_ERROR, "heads_failed",
              LOG_FIELDS(log_text("where", str_from(where)), log_text("error", str_from(why)),
                         log_i64("status", status)));
}

// With what witnesses have said of it by now.
static result read_again(struct db_tx *tx, void *context)
{
    struct heads_keeper *keeper = context;
    return heads_checkpoint_last(tx, keeper->last.epoch, &keeper->last);
}

// What left before is still out there: only the last checkpoint is sent on.
static void look(struct heads_keeper *keeper)
{
    struct arena arena = {0};
    struct publication publication = {.signer = keeper->options.signer};
    result outcome =
        clock_read(keeper->job.db, &arena, keeper->options.test_clock, &publication.now);
    if (!failed(outcome))
        outcome = heads_publish(keeper->job.db, &arena, &publication);
    if (failed(outcome)) {
        job_report(&keeper->job, "heads", outcome);
        arena_reset(&arena);
        return;
    }
    keeper->last = publication.checkpoint;
    atomic_store(&keeper->published_size, (uint64_t)keeper->last.size);
    keeper_witness(keeper, &arena);
    job_report(&keeper->job, "heads", db_transact(keeper->job.db, &arena, read_again, keeper));
    keeper_write(keeper, &arena);
    keeper_stamp(keeper, &arena, clock_machine());
    keeper->last = (struct heads_checkpoint){0};
    arena_reset(&arena);
}

static void *run(void *context)
{
    struct heads_keeper *keeper = context;
    do
        look(keeper);
    while (pause_for(&keeper->job.pause, keeper->options.interval_ms));
    return NULL;
}

result heads_keeper_start(const struct heads_keeper_options *options, struct heads_keeper **keeper)
{
    struct heads_keeper *made = calloc(1, sizeof *made);
    if (made == NULL)
        return FAIL(INTERNAL, "out of memory");
    made->options = *options;
    made->job = (struct job){.database = options->database, .log = options->log};
    result started = job_start(&made->job, run, made);
    if (failed(started)) {
        free(made);
        return started;
    }
    *keeper = made;
    return OK;
}

void heads_keeper_stop(struct heads_keeper *keeper)
{
    if (keeper == NULL)
        return;
    job_stop(&keeper->job);
    free(keeper);
}

void heads_figures_read(const struct heads_keeper *keeper, struct heads_figures *figures)
{
    figures->published = atomic_load(&keeper->published_size);
    figures->written = atomic_load(&keeper->written_size);
    figures->witnessed = atomic_load(&keeper->witnessed_size);
    figures->stamps = atomic_load(&keeper->stamps);
    figures->failures = atomic_load(&keeper->failures);
}
