// SPDX-License-Identifier: Apache-2.0
// reconcile.h - the two halves of a reconciliation.
#pragma once

#include "claims.h"

// Goes through the events that count below reconciled->size: counts them, in all and by window,
// where there is no metric, and compares each with the claims, unless those are NULL.
result reconcile_events(struct db_tx *tx, struct reconciliation *what, struct claims *claims,
                        struct reconciled *reconciled);
// The metric's quantity, in all and by window.
result reconcile_measure(struct db_tx *tx, struct reconciliation *what,
                         struct reconciled *reconciled);
