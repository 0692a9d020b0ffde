// SPDX-License-Identifier: Apache-2.0
// heads.h - the thread that publishes the log of all heads at a cadence, and takes each checkpoint
// out of the database: to a folder, to witnesses, to a time stamp authority. What cannot be reached
// is asked again at the next turn; nothing waits for it.
#pragma once

#include "phial/db/db.h"
#include "phial/egress/egress.h"
#include "phial/ledger/signer.h"
#include "phial/util/log.h"

enum { WITNESSES_MAX = 8 };

struct heads_keeper;
struct heads_keeper_options {
    struct db_options database;
    struct signer *signer;
    const struct egress *egress;
    int64_t interval_ms;
    int64_t timeout_ms;
    str folder; // "" for none, as the next ones
    str witness_urls;
    str witness_keys;
    str timestamp_url;
    const char *timestamp_ca; // NULL: signatures of time stamps are left to others
    int64_t timestamp_hours;
    bool test_clock;
    const struct log *log;
};
result heads_keeper_start(const struct heads_keeper_options *options, struct heads_keeper **keeper);
void heads_keeper_stop(struct heads_keeper *keeper);

// For /metrics.
struct heads_figures {
    uint64_t published; // the size of the last checkpoint
    uint64_t written;   // that of the last one in the folder
    uint64_t witnessed; // the largest that a witness has cosigned
    uint64_t stamps;    // time stamps got, by this daemon
    uint64_t failures;  // attempts of this daemon that came to nothing
};
void heads_figures_read(const struct heads_keeper *keeper, struct heads_figures *figures);
