// SPDX-License-Identifier: Apache-2.0
// late.h - by how much issued periods are off by what came to the log after their issue.
#pragma once

#include "compute.h"

// An issued statement, and what was released of it where its plan holds late usage.
struct late {
    str invoice;
    struct period period;
    const json_t *statement;
    bool has_release;
    int64_t released; // the log's size then
};

// What of a period's difference is still to be billed, or below zero to be credited, by its plan's
// policy and key by key; `sum` is its sum. Texts borrow from the statement and the terms.
struct open_difference {
    struct key_amounts keys;
    money sum;
};
result late_difference(struct db_tx *tx, const struct subscription_terms *terms,
                       const struct head *head, const struct late *late,
                       struct open_difference *open);
// The earliest time of what came to a log since it was looked through last, up to the head's size:
// of an event, of one that a correction names, and to which such a one was ever moved.
result late_first(struct db_tx *tx, const struct head *head, bool *found, instant *first);
// What the statement of a period bills of the subscription's other periods. `held` owns the texts.
result late_adjustments(struct db_tx *tx, int64_t number, const struct head *head, json_t *held,
                        struct subscription_terms *terms);
// NOT_FOUND for an invoice that does not stand.
result late_find(struct db_tx *tx, str invoice, json_t *held, struct late *late);
// After an invoice was voided, or its late usage released: its subscription's periods are looked at
// again by the next run.
result late_touch(struct db_tx *tx, str subscription, int64_t size);
