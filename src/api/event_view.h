// SPDX-License-Identifier: Apache-2.0
// event_view.h - one event as the log has it: the original, what corrected it, what counts now.
#pragma once

#include "caller.h"
#include "phial/ledger/ledger.h"
#include "phial/rating/usage.h"

struct correction_entry {
    struct correction_entry *next;
    struct entry entry;
};

struct event_view {
    struct entry original;
    const struct correction_entry *corrections; // in order
    struct usage_fold *fold;                    // owns `effective`
    const struct usage_event *effective;        // voided or not
    bool amended;
};

// `original` is a usage entry of the customer's log. The caller releases the view.
result event_view_read(struct db_tx *tx, int64_t customer_id, const struct entry *original,
                       struct event_view *view);
void event_view_release(struct event_view *view);

// {"id", "source", "type", "time", "quantity", "properties", "index", "status"} and, where it was
// amended, "effective".
result event_view_print(const struct request *request, const struct event_view *view,
                        json_t **json);
// Likewise, and always with what counts now: null of a voided one. The caller owns *json.
result event_state_print(const struct request *request, const struct event_view *view,
                         json_t **json);
json_t *event_effective_print(const struct request *request, const struct usage_event *event);
