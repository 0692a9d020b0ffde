// SPDX-License-Identifier: Apache-2.0
// bench_catalog.h - the event type and the customers of a run, and what the ledger holds of them.
#pragma once

#include "bench_events.h"
#include "client.h"

result bench_catalog_make(struct client *client, struct arena *arena,
                          const struct bench_events *events);
// The sum of the customers' checkpoint sizes.
result bench_catalog_count(struct client *client, struct arena *arena,
                           const struct bench_events *events, int64_t *entries);
