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
// usage has come to. has_value: false where the plan commits to nothing.
result alert_measure(struct db_tx *tx, const struct measuring *what, bool *has_value, exact *value);
