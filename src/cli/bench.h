// SPDX-License-Identifier: Apache-2.0
// bench.h - what a run is asked to do.
#pragma once

#include "server_options.h"

#include <stdint.h>

struct bench_options {
    struct server_options server;
    bool single;  // one event a request, until `seconds` are over
    bool ordered; // ids: UUID version 7, else version 4
    int64_t events;
    int64_t batch;
    int64_t connections;
    int64_t customers;
    int64_t seconds;
    int64_t rate;      // requests a second, however slow the answers (open loop); 0: closed loop
    double duplicates; // the share of events that are sent a second time
};
