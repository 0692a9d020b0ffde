// SPDX-License-Identifier: Apache-2.0
// job.h - a thread that works in turns, with a connection of its own: nothing else that happens by
// itself holds it up.
#pragma once

#include "pause.h"
#include "phial/db/db.h"
#include "phial/util/log.h"

struct reported; // the failures that were logged last

// It stays where it is until it has stopped.
struct job {
    struct db_options database;
    const struct log *log;
    struct db *db; // the thread's alone
    pthread_t thread;
    struct pause pause;        // between its turns
    struct reported *reported; // the thread's alone
};

// `run` takes turns until pause_for is false.
result job_start(struct job *job, void *(*run)(void *context), void *context);
void job_stop(struct job *job); // waits for its turn to end

// Logs a failure; nothing of what went well. One that stays the same is logged once a minute.
void job_report(const struct job *job, const char *name, result outcome);
