// SPDX-License-Identifier: Apache-2.0
// pinned_plan.h - a plan version with one version of every metric that it names, and with what the
// subscription overrides: what a segment binds, and what the ledger's `plan` entry says in full.
#pragma once

#include "phial/catalog/catalog.h"

struct pinned_plan {
    struct catalog_item item; // sha256: of the plan with its overrides
    const struct plan *plan;  // with key, version and sha256
    const struct metric **metrics;
    size_t metric_count;
    json_t *entry;    // the member `plan` of a plan entry; `held` owns it
    json_t *versions; // key to version of every metric; `held` owns it
};

// What goes with the plan, each JSON as a segment holds it.
struct pin {
    str versions;                       // of the metrics; "" for their current ones
    str overrides;                      // "" without
    const struct catalog_item *metrics; // those versions, where they have been read
    size_t metric_count;
};
// `held` is a JSON array. NOT_FOUND when a metric is not there.
result pinned_plan_read(struct db_tx *tx, const struct catalog_item *item, struct pin pin,
                        json_t *held, struct pinned_plan *pinned);
