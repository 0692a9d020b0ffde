// SPDX-License-Identifier: Apache-2.0
// pinned_plan.h - a plan version with one version of every metric that it names: what a segment of
// a subscription binds, and what the ledger's `plan` entry says in full.
#pragma once

#include "phial/catalog/catalog.h"

struct pinned_plan {
    struct catalog_item item;
    const struct plan *plan; // with key, version and sha256
    const struct metric **metrics;
    size_t metric_count;
    json_t *entry;    // the member `plan` of a plan entry; `held` owns it
    json_t *versions; // key to version of every metric; `held` owns it
};

// versions: JSON as a segment holds it, or "" for the metrics' current ones. `held` is a JSON
// array. NOT_FOUND when the plan is not there.
result pinned_plan_read(struct db_tx *tx, const struct catalog_item *item, str versions,
                        json_t *held, struct pinned_plan *pinned);
