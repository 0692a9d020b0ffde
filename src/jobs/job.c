// SPDX-License-Identifier: Apache-2.0
#include "job.h"

static void release(struct job *job)
{
    db_close(job->db);
    pause_release(&job->pause);
}

result job_start(struct job *job, void *(*run)(void *context), void *context)
{
    job->db = db_open(&job->database);
    pause_make(&job->pause);
    if (pthread_create(&job->thread, NULL, run, context) != 0) {
        release(job);
        return FAIL(INTERNAL, "a thread cannot be started");
    }
    return OK;
}

void job_stop(struct job *job)
{
    pause_end(&job->pause);
    (void)pthread_join(job->thread, NULL);
    release(job);
}

void job_report(const struct job *job, const char *name, result outcome)
{
    if (failed(outcome))
        log_write(job->log, LOG_ERROR, "job_failed",
                  LOG_FIELDS(log_text("job", str_from(name)),
                             log_text("error", str_from(error_info(outcome.code)->slug)),
                             log_text("detail", str_from(outcome.detail)),
                             log_text("where", str_from(outcome.where))));
}
