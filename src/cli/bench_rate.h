// SPDX-License-Identifier: Apache-2.0
// bench_rate.h - how fast charges are priced, and how fast a server closes invoices.
#pragma once

#include "client.h"

#include <stdio.h>

struct bench_rate_options {
    int64_t charges;   // priced, twenty a statement, ten tiers each
    int64_t invoices;  // closed by the server
    int64_t customers; // that they are of
    int64_t events;    // behind them all
};

int64_t bench_now_us(void); // of the monotonic clock

// Prints members of a JSON object. INTERNAL when a figure is not what it has to be.
result bench_rate_charges(struct arena *arena, const struct bench_rate_options *options, FILE *out);
// Makes a catalog of its own, customers, events of the last month and subscriptions to it; then
// measures how long the server takes to issue their invoices, and prints members.
result bench_rate_invoices(struct client *client, struct arena *arena,
                           const struct bench_rate_options *options, FILE *out);
