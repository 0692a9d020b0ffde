// SPDX-License-Identifier: Apache-2.0
#include "job.h"

#include "phial/util/elapsed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 16, DETAIL_BYTES_MAX = 512, REPEATED_MS = 60000 };

// Of one name: what was logged, and when.
struct report {
    const char *name;
    enum error_code code;
    char detail[DETAIL_BYTES_MAX];
    int64_t at_ms;
};

struct reported {
    struct report items[NAMES_MAX];
    size_t count;
};

static void release(struct job *job)
{
    free(job->reported);
    db_close(job->db);
    pause_release(&job->pause);
}

result job_start(struct job *job, void *(*run)(void *context), void *context)
{
    job->db = db_open(&job->database);
    pause_make(&job->pause);
    job->reported = calloc(1, sizeof *job->reported);
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

// NULL for a name beyond those that are kept.
static struct report *find_report(struct reported *reported, const char *name)
{
    for (size_t i = 0; reported != NULL && i < reported->count; i++) {
        if (strcmp(reported->items[i].name, name) == 0)
            return &reported->items[i];
    }
    if (reported == NULL || reported->count == NAMES_MAX)
        return NULL;
    struct report *made = &reported->items[reported->count++];
    made->name = name;
    return made;
}

// Whether the failure is to be logged: what was logged within the minute is not again.
static bool is_news(struct reported *reported, const char *name, result outcome)
{
    struct report *last = find_report(reported, name);
    char detail[DETAIL_BYTES_MAX];
    int64_t now = elapsed_ms();
    if (last == NULL)
        return true;
    (void)snprintf(detail, sizeof detail, "%s", outcome.detail);
    if (last->code == outcome.code && strcmp(last->detail, detail) == 0 &&
        now < last->at_ms + REPEATED_MS)
        return false;
    memcpy(last->detail, detail, sizeof detail);
    last->code = outcome.code;
    last->at_ms = now;
    return true;
}

void job_report(const struct job *job, const char *name, result outcome)
{
    if (failed(outcome) && is_news(job->reported, name, outcome))
        log_write(job->log, LOG_ERROR, "job_failed",
                  LOG_FIELDS(log_text("job", str_from(name)),
                             log_text("error", str_from(error_info(outcome.code)->slug)),
                             log_text("detail", str_from(outcome.detail)),
                             log_text("where", str_from(outcome.where))));
}
