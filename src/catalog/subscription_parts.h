// SPDX-License-Identifier: Apache-2.0
// subscription_parts.h - between subscriptions.c, subscription_entry.c and terms.c.
#pragma once

#include "phial/catalog/catalog.h"
#include "pinned_plan.h"

struct segment_row {
    instant starts_at;
    str plan_key;
    int64_t plan_version;
    str metrics;   // JSON
    str overrides; // JSON, "" without
};
// In order; at most SEGMENTS_MAX.
result segments_read(struct db_tx *tx, str subscription_id, struct segment_row **segments,
                     size_t *count);
result segment_pinned(struct db_tx *tx, const struct segment_row *segment, json_t *held,
                      struct pinned_plan *pinned);

// Appends the `plan` entry of the plan now in force and the `subscription` entry as it stands, to
// the customer's log.
result subscription_append(struct db_tx *tx, const struct subscription *subscription,
                           const struct change *change);
