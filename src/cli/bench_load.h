// SPDX-License-Identifier: Apache-2.0
// bench_load.h - N keep-alive connections to POST /v1/events, driven by one thread over epoll.
//
// Each connection sends the next request when it has the answer to the last one (closed loop), or
// when the next one is due (open loop: latency then counts from that moment). The next body is made
// while the answer is awaited. A request that was refused for the moment (429, 503) or whose
// connection was lost is sent again with the same body.
#pragma once

#include "bench_events.h"
#include "phial/util/result.h"

struct bench_figures {
    int64_t requests; // answered
    int64_t accepted;
    int64_t duplicates;
    int64_t errors;       // events that were refused
    int64_t retries;      // answers that asked to come again
    int64_t reconnects;   // connections lost, answers with them
    int64_t acknowledged; // distinct events
    int64_t unknown;      // distinct events of requests whose answer never came
    int64_t elapsed_us;
    uint32_t *latencies_us; // one a request, in no order
    size_t latency_count;
    size_t latency_size;
};

// INVALID for a URL that is not http://HOST[:PORT][/PATH], INTERNAL when nobody answers there.
result bench_load(struct arena *arena, struct bench_events *events, struct bench_figures *figures);
