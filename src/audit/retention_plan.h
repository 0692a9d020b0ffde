// SPDX-License-Identifier: Apache-2.0
// retention_plan.h - what a run would remove, and what keeps the rest.
#pragma once

#include "phial/audit/retention.h"
#include "phial/json/json.h"

struct planned_share {
    int64_t customer_id;
    int64_t due; // events
};
struct retention_plan {
    json_t *document; // the caller's
    int64_t due;
    struct planned_share *shares; // of customers from whom something goes
    size_t share_count;
    size_t share_room;
};
void retention_plan_release(struct retention_plan *plan);
result retention_plan_make(struct db_tx *tx, const struct retention_request *request,
                           struct retention_plan *plan);
