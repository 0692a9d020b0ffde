// SPDX-License-Identifier: Apache-2.0
// holds.h - what a legal matter keeps from being removed. A hold and its release are entries of the
// customer's log; the database itself removes nothing that is held.
#pragma once

#include "phial/catalog/catalog.h"
#include "phial/db/db.h"

enum { HOLD_TYPES_MAX = 100 };

struct hold {
    str id;
    int64_t customer_id;
    str customer;
    str event_types; // a JSON array; "[]" for all
    bool has_from, has_to;
    instant from, to; // of events' times, half-open
    str matter;
    int64_t made_index; // of its entry
    instant created_at;
    str created_by;
    str reason;
    bool released;
    int64_t released_index;
    instant released_at;
    str released_by;
    str release_reason;
};
// From customer, customer_id, event_types, bounds and matter.
result hold_create(struct db_tx *tx, const struct hold *wanted, const struct change *change,
                   struct hold *made);
result hold_get(struct db_tx *tx, str id, struct hold *hold); // NOT_FOUND
// CONFLICT where it is released.
result hold_release(struct db_tx *tx, str id, const struct change *change, struct hold *hold);

struct hold_filter {
    int64_t customer_id; // 0: all
    bool active;         // those that are not released alone
    str after;
    int64_t limit;
};
result hold_each(struct db_tx *tx, const struct hold_filter *filter,
                 result (*row)(void *context, const struct hold *hold), void *context);
