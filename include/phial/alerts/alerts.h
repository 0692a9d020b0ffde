// SPDX-License-Identifier: Apache-2.0
// alerts.h - thresholds on what a subscription's running period comes to. Each fires once a period:
// a row, and alert.fired into the outbox, in one transaction; a unique key decides every race.
#pragma once

#include "phial/catalog/catalog.h"

struct alert {
    str id;
    int64_t customer_id;
    str customer;
    str name;         // "" without
    str measures;     // "metric", "amount", "commitment", "balance"
    str metric;       // "" for the others
    str subscription; // "": each of the customer's
    str threshold;    // a decimal; of a commitment the percentage that is used
    instant created_at;
};

// only_customer: 0, or the customer that the key is bound to, for whom there is no other's alert.
//
// {"customer","name"?,"on","metric"?,"subscription"?,"threshold"}
result alert_create(struct db_tx *tx, struct json_at document, int64_t only_customer,
                    const struct change *change, struct alert *alert);
result alert_get(struct db_tx *tx, str id, int64_t only_customer, struct alert *alert);
result alert_delete(struct db_tx *tx, str id, int64_t only_customer);
struct alert_filter {
    int64_t customer_id; // 0: all
    str after;           // id
    int64_t limit;
};
result alert_each(struct db_tx *tx, const struct alert_filter *filter,
                  result (*row)(void *context, const struct alert *alert), void *context);

struct alert_firing {
    str subscription;
    instant period_start;
    instant period_end;
    str value; // that reached the threshold
    instant fired_at;
};
enum { FIRINGS_MAX = 100 };
// The newest first, at most FIRINGS_MAX.
result alert_each_firing(struct db_tx *tx, str id,
                         result (*row)(void *context, const struct alert_firing *firing),
                         void *context);

// Looks at each alert whose customer's log has grown since it was looked at last, or of which a
// period has ended or begun; an ended period once more. Each in a transaction of its own, which no
// other daemon looks at meanwhile. waits: also for those that another one is looking at.
struct alerts_run {
    instant now;
    bool waits;
    int64_t fired; // an answer
};
result alerts_run(struct db *db, struct alerts_run *run);
