// SPDX-License-Identifier: Apache-2.0
// jobs.h - what happens by itself: billing runs, alerts, exports, counts of what was refused,
// master keys that give way to new ones, months whose token keys are due to be destroyed. One
// thread with a connection of its own; another, with its own, folds usage into running sums.
#pragma once

#include "phial/audit/audit.h"
#include "phial/catalog/tally.h"
#include "phial/crypto/keyring.h"
#include "phial/db/db.h"
#include "phial/phi/retention.h"
#include "phial/util/log.h"

struct jobs;

struct jobs_options {
    struct db_options database;
    struct export_tools exports;
    struct tally *tally; // written at every look, and at the end; NULL for none
    int64_t interval_ms; // between two looks
    int64_t refusals_ms; // between two tellings of what was refused
    const struct keyring *keyring;
    int64_t period_key_days;   // 0: the keys of tokens are kept
    const char *erasures_path; // audit/erasure_file.h
    struct retention_terms retention;
    int64_t fold_interval_ms; // between two looks for what is to be folded
    bool test_clock;
    const struct log *log;
};
result jobs_start(const struct jobs_options *options, struct jobs **jobs);
void jobs_nudge(struct jobs *jobs); // look now: an export was asked for, an alert made
void jobs_stop(struct jobs *jobs);
// Everything due at `now`, on the caller's connection, until nothing is left: what PUT
// /v1/test-clock waits for.
result jobs_run_due(struct db *db, struct arena *arena, instant now, int64_t period_key_days);
