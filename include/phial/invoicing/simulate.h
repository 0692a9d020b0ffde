// SPDX-License-Identifier: Apache-2.0
// simulate.h - what plans would come to: on quantities that are given, or on what a customer's
// ledger holds over some days. Nothing is written.
#pragma once

#include "phial/catalog/catalog.h"
#include "phial/rating/simulate.h"

// A plan that is asked about, with metrics of its own where it is pinned to versions.
struct asked_plan {
    const struct plan *plan;
    struct json_at document;             // of one that the request gives
    const struct metric *const *metrics; // NULL: those of the request, else the catalog's
    size_t metric_count;
    bool among_others; // what the request says of charges that are another plan's is passed over
};

// Usage out of a ledger.
struct asked_usage {
    const struct customer *customer; // NULL: the request gives quantities
    instant from;                    // local midnights
    instant to;
    bool cut; // of a subscription's period: `share` of a full one, unless the request says so
    exact share;
};

// The members `plan`, or `key` and `version`, of an object as a plan; faults otherwise. `held` is
// an array that owns what the plan borrows from. NOT_FOUND for a key that no plan has.
result asked_plan_read(struct db_tx *tx, struct json_at at, json_t *held, struct asked_plan *plan);
// The plan that a subscription has at an instant, with its overrides, and its period then.
result subscribed_plan_read(struct db_tx *tx, str subscription, instant at, json_t *held,
                            struct asked_plan *plan, struct asked_usage *usage);

// The statement; `request` has the members quantities, events, usage_share, discounts, tax and
// metrics. A customer's own taxes count where the request has none. The caller owns *statement.
result plan_simulate(struct db_tx *tx, struct json_at request, const struct asked_plan *plan,
                     const struct asked_usage *usage, json_t **statement);
