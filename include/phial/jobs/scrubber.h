// SPDX-License-Identifier: Apache-2.0
// scrubber.h - the thread that hashes what is stored again: each whole log within some days, and
// what its last day brought every hour. What does not fit is an incident: a line in the log, a
// figure, and phial doctor until the whole log is found sound. It hinders nothing else.
#pragma once

#include "phial/db/db.h"
#include "phial/util/log.h"

struct scrubber;
struct scrubber_options {
    struct db_options database;
    int64_t days;              // within which every log is looked at
    int64_t leaves_per_second; // at most; 0: nothing is looked at
    bool test_clock;
    const struct log *log;
};
result scrubber_start(const struct scrubber_options *options, struct scrubber **scrubber);
void scrubber_stop(struct scrubber *scrubber);

// For /metrics.
struct scrubber_figures {
    uint64_t leaves;   // hashed, by this daemon
    uint64_t logs;     // looked at to their end, by this daemon
    uint64_t unsound;  // logs in which something does not fit
    uint64_t oldest_s; // since the whole of every log was looked at
};
void scrubber_figures_read(const struct scrubber *scrubber, struct scrubber_figures *figures);
