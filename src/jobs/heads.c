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

static void report(const struct heads_keeper *keeper, result outcome)
{
    log_write(keeper->options.log, LOG_ERROR, "job_failed",
              LOG_FIELDS(log_text("job", STR("heads")),
                         log_text("error", str_from(error_info(outcome.code)->slug)),
                         log_text("detail", str_from(outcome.detail)),
                         log_text("where", str_from(outcome.where))));
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
    result outcome = clock_read(keeper->db, &arena, keeper->options.test_clock, &publication.now);
    if (!failed(outcome))
        outcome = heads_publish(keeper->db, &arena, &publication);
    if (failed(outcome)) {
        report(keeper, outcome);
        arena_reset(&arena);
        return;
    }
    keeper->last = publication.checkpoint;
    atomic_store(&keeper->published_size, (uint64_t)keeper->last.size);
    keeper_witness(keeper, &arena);
    outcome = db_transact(keeper->db, &arena, read_again, keeper);
    if (failed(outcome))
        report(keeper, outcome);
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
    while (pause_for(&keeper->pause, keeper->options.interval_ms));
    return NULL;
}

static void release(struct heads_keeper *keeper)
{
    db_close(keeper->db);
    pause_release(&keeper->pause);
    free(keeper);
}

result heads_keeper_start(const struct heads_keeper_options *options, struct heads_keeper **keeper)
{
    struct heads_keeper *made = calloc(1, sizeof *made);
    if (made == NULL)
        return FAIL(INTERNAL, "out of memory");
    made->options = *options;
    made->db = db_open(&made->options.database);
    pause_make(&made->pause);
    if (pthread_create(&made->thread, NULL, run, made) != 0) {
        release(made);
        return FAIL(INTERNAL, "a thread cannot be started");
    }
    *keeper = made;
    return OK;
}

void heads_keeper_stop(struct heads_keeper *keeper)
{
    if (keeper == NULL)
        return;
    pause_end(&keeper->pause);
    (void)pthread_join(keeper->thread, NULL);
    release(keeper);
}

void heads_figures_read(const struct heads_keeper *keeper, struct heads_figures *figures)
{
    figures->published = atomic_load(&keeper->published_size);
    figures->written = atomic_load(&keeper->written_size);
    figures->witnessed = atomic_load(&keeper->witnessed_size);
    figures->stamps = atomic_load(&keeper->stamps);
    figures->failures = atomic_load(&keeper->failures);
}
