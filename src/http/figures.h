// SPDX-License-Identifier: Apache-2.0
// figures.h - the counters behind http_figures, added to from every thread.
#pragma once

#include "phial/http/http.h"

#include <stdatomic.h>

enum { STATUS_CLASSES = 6, DURATION_BUCKETS = 12 };

struct figures {
    _Atomic uint64_t requests_by_class[STATUS_CLASSES];
    _Atomic uint64_t framing_refused;
    _Atomic uint64_t overload_refused;
    _Atomic uint64_t connections;
    _Atomic uint64_t queued;
    _Atomic uint64_t bytes_in;
    _Atomic uint64_t bytes_out;
    _Atomic uint64_t seconds_buckets[DURATION_BUCKETS];
    _Atomic uint64_t seconds_sum_us;
    _Atomic uint64_t connections_open;
    _Atomic uint64_t queue_length;
};

void figures_count_status(struct figures *figures, int status);
void figures_count_duration(struct figures *figures, int64_t us);
void figures_read(const struct figures *figures, struct http_figures *into);
