// SPDX-License-Identifier: Apache-2.0
// measure.h - what an alert compares with its threshold.
#pragma once

#include "phial/alerts/alerts.h"

struct measuring {
    const struct alert *alert;
    const struct subscription_terms *terms;
    const struct period *period;
    instant now;
};
// The metric's quantity in the period; the statement's total; the percentage of the commitment that
// usage has come to; the prepaid credit that is left.
struct measured {
    exact value;
    bool has_value; // false where the plan commits to nothing, or no credit was ever given
    bool falls;     // it reaches its threshold from above
    bool has_change;
    instant changes_at; // without an entry of the log: credit expires
};
result alert_measure(struct db_tx *tx, const struct measuring *what, struct measured *measured);
