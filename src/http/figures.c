// SPDX-License-Identifier: Apache-2.0
#include "figures.h"

const uint64_t http_bucket_bounds_us[11] = {1000,   2500,   5000,    10000,   25000,   50000,
                                            100000, 250000, 1000000, 2500000, 10000000};

void figures_count_status(struct figures *figures, int status)
{
    if (status >= 100 && status < 600)
        figures->requests_by_class[status / 100]++;
}

void figures_count_duration(struct figures *figures, int64_t us)
{
    size_t bucket = 0;
    while (bucket < DURATION_BUCKETS - 1 && (uint64_t)us > http_bucket_bounds_us[bucket])
        bucket++;
    figures->seconds_buckets[bucket]++;
    figures->seconds_sum_us += (uint64_t)us;
}

void figures_read(const struct figures *figures, struct http_figures *into)
{
    for (size_t i = 0; i < STATUS_CLASSES; i++)
        into->requests_by_class[i] = figures->requests_by_class[i];
    for (size_t i = 0; i < DURATION_BUCKETS; i++)
        into->seconds_buckets[i] = figures->seconds_buckets[i];
    into->framing_refused = figures->framing_refused;
    into->overload_refused = figures->overload_refused;
    into->connections = figures->connections;
    into->queued = figures->queued;
    into->bytes_in = figures->bytes_in;
    into->bytes_out = figures->bytes_out;
    into->seconds_sum_us = figures->seconds_sum_us;
    into->connections_open = figures->connections_open;
    into->queue_length = figures->queue_length;
}
