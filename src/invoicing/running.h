// SPDX-License-Identifier: Apache-2.0
// running.h - the subscriptions of a customer that run at an instant.
#pragma once

#include "phial/invoicing/invoicing.h"

enum { RUNNING_MAX = 1000 };

struct running {
    str id;
    struct subscription_terms terms;
    struct period period; // the one that holds the instant
};

// In the order of ids, the first RUNNING_MAX. What their terms were parsed from is added to `held`,
// an array that the caller owns.
result running_read(struct db_tx *tx, const struct customer *customer, instant now, json_t *held,
                    struct running **running, size_t *count);
